import Type from 'typebox'
import { BYTES, type Contracts } from './contract.ts'
import { Closed, DateTime, List, Nothing, Nullable, Text } from './shapes.ts'

/** About the server itself. */
export const serverContracts: Contracts = {
  'GET /': { 200: BYTES },
  // JSON, by a type of its own: test/vault/two-factor/two-factor-webauthn.test.ts
  'GET /app-id.json': { 200: BYTES },
  'GET /version': { 200: Text },
  'GET /now': { 200: DateTime },
  'GET /alive': { 200: DateTime },
  'GET /notifications/version': { 200: Text },
  'GET /notifications/now': { 200: DateTime },
  'GET /notifications/alive': { 200: DateTime },
  'GET /api/version': { 200: Text },
  'GET /api/now': { 200: DateTime },
  'GET /api/alive': { 200: DateTime },
  'GET /api/tasks': {
    200: Closed({ data: Nothing, object: Type.Literal('list') }),
  },
  /** Passkeys to log in with. */
  'GET /api/webauthn': { 200: List(Type.Never()) },
  'GET /api/config': {
    200: Closed({
      version: Text,
      gitHash: Nullable(Text),
      server: Closed({ name: Text, url: Text }),
      settings: Closed({ disableUserRegistration: Type.Boolean(), suppressOnboardingInterstitials: Type.Boolean() }),
      environment: Closed({
        vault: Text,
        api: Text,
        identity: Text,
        notifications: Text,
        sso: Text,
        cloudRegion: Type.Null(),
      }),
      push: Type.Union([
        Closed({ pushTechnology: Type.Literal(0), vapidPublicKey: Type.Null() }),
        Closed({ pushTechnology: Type.Literal(1), vapidPublicKey: Type.String({ pattern: '^B[\\w-]{86}$' }) }),
      ]),
      featureStates: Type.Record(Text, Type.Boolean()),
      communication: Type.Null(),
      object: Type.Literal('config'),
    }),
  },
}
