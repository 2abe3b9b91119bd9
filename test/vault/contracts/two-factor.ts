import Type from 'typebox'
import { type Contracts, EMPTY } from './contract.ts'
import { Closed, List, Nullable, Text } from './shapes.ts'

const Provider = Closed({
  enabled: Type.Boolean(),
  type: Type.Integer({ minimum: 0, maximum: 999 }),
  object: Type.Literal('twoFactorProvider'),
})

const Authenticator = Closed({
  enabled: Type.Boolean(),
  key: Type.String({ pattern: '^[A-Z2-7]{32}$' }),
  object: Type.Literal('twoFactorAuthenticator'),
})

const Email = Closed({ enabled: Type.Boolean(), email: Nullable(Text), object: Type.Literal('twoFactorEmail') })

const Yubikey = Closed({
  enabled: Type.Boolean(),
  key1: Nullable(Text),
  key2: Nullable(Text),
  key3: Nullable(Text),
  key4: Nullable(Text),
  key5: Nullable(Text),
  nfc: Type.Boolean(),
  object: Type.Literal('twoFactorYubiKey'),
})

const WebAuthn = Closed({
  enabled: Type.Boolean(),
  keys: Type.Array(Closed({ id: Type.Integer(), name: Text, migrated: Type.Boolean() })),
  object: Type.Literal('twoFactorWebAuthn'),
})

const Base64Url = Type.String({ pattern: '^[A-Za-z0-9_-]+$' })
const PublicKey = Type.Literal('public-key')
const Descriptors = Type.Array(Closed({ type: PublicKey, id: Base64Url }))

const CreationOptions = Closed({
  rp: Closed({ name: Text, id: Text }),
  user: Closed({ id: Base64Url, name: Text, displayName: Text }),
  challenge: Base64Url,
  pubKeyCredParams: Type.Array(Closed({ type: PublicKey, alg: Type.Integer() }), { minItems: 1 }),
  /** Milliseconds. */
  timeout: Type.Integer({ minimum: 1 }),
  attestation: Type.Literal('none'),
  excludeCredentials: Descriptors,
  authenticatorSelection: Closed({
    residentKey: Type.Literal('discouraged'),
    requireResidentKey: Type.Literal(false),
    userVerification: Type.Literal('discouraged'),
  }),
  status: Type.Literal('ok'),
  errorMessage: Type.Literal(''),
})

const RequestOptions = Closed({
  challenge: Base64Url,
  timeout: Type.Integer({ minimum: 1 }),
  rpId: Text,
  allowCredentials: Descriptors,
  userVerification: Type.Literal('discouraged'),
  extensions: Type.Optional(Closed({ appid: Text })),
})

/** The answer to a login that still needs a second factor. */
export const SecondFactorRequired = Closed({
  error: Type.Literal('invalid_grant'),
  error_description: Type.Literal('Two factor required.'),
  TwoFactorProviders: Type.Array(Type.String({ pattern: '^\\d$' }), { minItems: 1 }),
  TwoFactorProviders2: Type.Object(
    {
      0: Type.Optional(Type.Null()),
      1: Type.Optional(Closed({ Email: Text })),
      3: Type.Optional(Closed({ Nfc: Type.Boolean() })),
      7: Type.Optional(RequestOptions),
    },
    { additionalProperties: false },
  ),
  MasterPasswordPolicy: Closed({ Object: Type.Literal('masterPasswordPolicy') }),
})

export const twoFactorContracts: Contracts = {
  'GET /api/two-factor': { 200: List(Provider) },
  'POST /api/two-factor/get-recover': {
    200: Closed({ code: Nullable(Text), object: Type.Literal('twoFactorRecover') }),
  },
  'PUT /api/two-factor/disable': { 200: Provider },
  'POST /api/two-factor/disable': { 200: Provider },
  'GET /api/two-factor/get-device-verification-settings': {
    200: Closed({
      isDeviceVerificationSectionEnabled: Type.Literal(false),
      unknownDeviceVerificationEnabled: Type.Literal(false),
      object: Type.Literal('deviceVerificationSettings'),
    }),
  },
  'POST /api/two-factor/get-authenticator': { 200: Authenticator },
  'PUT /api/two-factor/authenticator': { 200: Authenticator },
  'POST /api/two-factor/authenticator': { 200: Authenticator },
  'DELETE /api/two-factor/authenticator': { 200: Provider },
  'POST /api/two-factor/get-email': { 200: Email },
  'POST /api/two-factor/send-email': { 200: EMPTY },
  'PUT /api/two-factor/email': { 200: Email },
  'POST /api/two-factor/email': { 200: Email },
  'DELETE /api/two-factor/email': { 200: Provider },
  'POST /api/two-factor/send-email-login': { 200: EMPTY },
  'DELETE /api/two-factor/duo': { 200: Provider },
  'POST /api/two-factor/get-yubikey': { 200: Yubikey },
  'PUT /api/two-factor/yubikey': { 200: Yubikey },
  'POST /api/two-factor/yubikey': { 200: Yubikey },
  'DELETE /api/two-factor/yubikey': { 200: Provider },
  'POST /api/two-factor/get-webauthn': { 200: WebAuthn },
  'POST /api/two-factor/get-webauthn-challenge': { 200: CreationOptions },
  'PUT /api/two-factor/webauthn': { 200: WebAuthn },
  'POST /api/two-factor/webauthn': { 200: WebAuthn },
  'DELETE /api/two-factor/webauthn': { 200: WebAuthn },
}
