import Type from 'typebox'
import { type Contracts, EMPTY } from './contract.ts'
import { Closed, Id, Nothing, Nullable, Text } from './shapes.ts'

export const keyRotationContracts: Contracts = {
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
