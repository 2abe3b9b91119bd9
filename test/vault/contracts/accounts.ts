import Type from 'typebox'
import { type Contracts, EMPTY } from './contract.ts'
import { Closed, DateTime, Id, List, Nullable, Profile, Text } from './shapes.ts'

const ApiKey = Closed({
  apiKey: Type.String({ minLength: 30 }),
  revisionDate: DateTime,
  object: Type.Literal('apiKey'),
})

export const accountContracts: Contracts = {
  'GET /api/accounts/profile': { 200: Profile },
  'PUT /api/accounts/profile': { 200: Profile },
  'POST /api/accounts/profile': { 200: Profile },
  'PUT /api/accounts/avatar': { 200: Profile },
  /** Milliseconds since 1970. */
  'GET /api/accounts/revision-date': { 200: Type.Integer({ minimum: 0 }) },
  'POST /api/accounts/keys': {
    200: Closed({ privateKey: Text, publicKey: Text, object: Type.Literal('keys') }),
  },
  'POST /api/accounts/key-management/user-key-id': { 200: EMPTY },
  'GET /api/users/:id/public-key': {
    200: Closed({ userId: Id, publicKey: Text, object: Type.Literal('userKey') }),
  },
  'POST /api/accounts/verify-password': { 200: Closed({ Object: Type.Literal('masterPasswordPolicy') }) },
  'POST /api/accounts/password': { 200: EMPTY },
  'POST /api/accounts/kdf': { 200: EMPTY },
  'POST /api/accounts/security-stamp': { 200: EMPTY },
  'POST /api/accounts/api-key': { 200: ApiKey },
  'POST /api/accounts/rotate-api-key': { 200: ApiKey },
  'DELETE /api/accounts': { 200: EMPTY },
  'POST /api/accounts/delete': { 200: EMPTY },
}

const Device = {
  id: Text,
  name: Text,
  type: Type.Integer({ minimum: 0 }),
  identifier: Text,
  creationDate: DateTime,
  lastActivityDate: DateTime,
  isTrusted: Type.Literal(false),
  object: Type.Literal('device'),
}

export const deviceContracts: Contracts = {
  'GET /api/devices': {
    200: List(
      Closed({
        ...Device,
        devicePendingAuthRequest: Nullable(Closed({ id: Id, creationDate: DateTime })),
        encryptedPublicKey: Type.Null(),
        encryptedUserKey: Type.Null(),
      }),
    ),
  },
  'GET /api/devices/identifier/:identifier': { 200: Closed(Device) },
  'PUT /api/devices/identifier/:identifier/token': { 200: EMPTY },
  'POST /api/devices/identifier/:identifier/token': { 200: EMPTY },
  'PUT /api/devices/identifier/:identifier/web-push-auth': { 200: EMPTY },
  'POST /api/devices/identifier/:identifier/web-push-auth': { 200: EMPTY },
  'PUT /api/devices/identifier/:identifier/clear-token': { 200: EMPTY },
  'POST /api/devices/identifier/:identifier/clear-token': { 200: EMPTY },
  'DELETE /api/devices/:identifier': { 200: EMPTY },
  'POST /api/devices/:identifier/deactivate': { 200: EMPTY },
  'GET /api/devices/knowndevice': { 200: Type.Boolean() },
}
