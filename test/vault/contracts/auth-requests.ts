import Type from 'typebox'
import type { Contracts } from './contract.ts'
import { Closed, DateTime, Id, List, Nullable, Text } from './shapes.ts'

const AuthRequest = Closed({
  id: Id,
  publicKey: Text,
  requestDeviceIdentifier: Text,
  requestDeviceId: Text,
  requestDeviceTypeValue: Type.Integer({ minimum: 0 }),
  requestDeviceType: Text,
  requestIpAddress: Text,
  requestCountryName: Type.Null(),
  key: Nullable(Text),
  masterPasswordHash: Nullable(Text),
  creationDate: DateTime,
  responseDate: Nullable(DateTime),
  requestApproved: Nullable(Type.Boolean()),
  origin: Text,
  object: Type.Literal('auth-request'),
})

export const authRequestContracts: Contracts = {
  'POST /api/auth-requests': { 200: AuthRequest },
  'GET /api/auth-requests': { 200: List(AuthRequest) },
  'GET /api/auth-requests/pending': { 200: List(AuthRequest) },
  'GET /api/auth-requests/:id': { 200: AuthRequest },
  'PUT /api/auth-requests/:id': { 200: AuthRequest },
  'GET /api/auth-requests/:id/response': { 200: AuthRequest },
}
