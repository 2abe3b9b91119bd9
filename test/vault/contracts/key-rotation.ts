import Type from 'typebox'
import { type Contracts, EMPTY } from './contract.ts'
import { Closed, Id, List, Nothing, Nullable, Text } from './shapes.ts'

export const keyRotationContracts: Contracts = {
  'GET /api/emergency-access/trusted': {
    200: List(
      Closed({
        id: Id,
        status: Type.Integer({ minimum: 0, maximum: 4 }),
        type: Type.Integer({ minimum: 0, maximum: 1 }),
        waitTimeDays: Type.Integer(),
        granteeId: Id,
        email: Text,
        name: Text,
        avatarColor: Nullable(Text),
        object: Type.Literal('emergencyAccessGranteeDetails'),
      }),
    ),
  },
  'POST /api/accounts/key-management/rotate-user-account-keys': { 200: EMPTY },
  'GET /api/accounts/key-management/key-rotation-data': {
    200: Closed({
      organizationPasswordResetKeyData: Type.Array(
        Closed({
          organizationId: Id,
          organizationName: Text,
          organizationPublicKey: Nullable(Text),
          object: Type.Literal('organizationPasswordResetKeyData'),
        }),
      ),
      emergencyAccessKeyData: Type.Array(
        Closed({
          id: Id,
          granteeId: Id,
          granteeName: Text,
          granteeEmail: Text,
          publicKey: Nullable(Text),
          object: Type.Literal('emergencyAccessKeyData'),
        }),
      ),
      trustedDeviceKeyData: Nothing,
      passkeyKeyData: Nothing,
      object: Type.Literal('keyRotationData'),
    }),
  },
}
