import Type from 'typebox'
import { type Contracts, EMPTY } from './contract.ts'
import { Closed, List, Nullable, Text } from './shapes.ts'

const Provider = Closed({
  enabled: Type.Boolean(),
  type: Type.Integer({ minimum: 0, maximum: 999 }),
  object: Type.Literal('twoFactorProvider'),
})

/** With it clients since 2026.8 change what they were told is set up. */
const Token = { userVerificationToken: Text }

const authenticator = { enabled: Type.Boolean(), key: Type.String({ pattern: '^[A-Z2-7]{32}$' }) }
const authenticatorAnswer = {
  ...authenticator,
  authenticator: Closed(authenticator),
  object: Type.Literal('twoFactorAuthenticator'),
}

const emailAnswer = {
  enabled: Type.Boolean(),
  email: Type.Union([Nullable(Text), Closed({ enabled: Type.Boolean(), email: Nullable(Text) })]),
  object: Type.Literal('twoFactorEmail'),
}

const duo = { enabled: Type.Boolean(), host: Type.Null(), clientId: Type.Null(), clientSecret: Type.Null() }

const yubikey = {
  enabled: Type.Boolean(),
  key1: Nullable(Text),
  key2: Nullable(Text),
  key3: Nullable(Text),
  key4: Nullable(Text),
  key5: Nullable(Text),
  nfc: Type.Boolean(),
}
const yubikeyAnswer = { ...yubikey, yubiKey: Closed(yubikey), object: Type.Literal('twoFactorYubiKey') }

const webAuthn = {
  enabled: Type.Boolean(),
  keys: Type.Array(Closed({ id: Type.Integer(), name: Text, migrated: Type.Boolean() })),
}
const webAuthnAnswer = { ...webAuthn, webAuthn: Closed(webAuthn), object: Type.Literal('twoFactorWebAuthn') }

const Base64Url = Type.String({ pattern: '^[A-Za-z0-9_-]+$' })
const PublicKey = Type.Literal('public-key')
const Descriptors = Type.Array(Closed({ type: PublicKey, id: Base64Url }))

const creationOptions = {
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
}

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
  'GET /api/two-factor': { 200: List(Provider, { offeredTypes: Type.Array(Type.Integer()) }) },
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
  'POST /api/two-factor/get-authenticator': { 200: Closed({ ...authenticatorAnswer, ...Token }) },
  'PUT /api/two-factor/authenticator': { 200: Closed(authenticatorAnswer) },
  'POST /api/two-factor/authenticator': { 200: Closed(authenticatorAnswer) },
  'DELETE /api/two-factor/authenticator': { 200: Provider },
  'POST /api/two-factor/get-email': { 200: Closed({ ...emailAnswer, ...Token }) },
  'POST /api/two-factor/send-email': { 200: EMPTY },
  'PUT /api/two-factor/email': { 200: Closed(emailAnswer) },
  'POST /api/two-factor/email': { 200: Closed(emailAnswer) },
  'DELETE /api/two-factor/email': { 200: Provider },
  'POST /api/two-factor/send-email-login': { 200: EMPTY },
  'POST /api/two-factor/get-duo': {
    200: Closed({ ...duo, duo: Closed(duo), object: Type.Literal('twoFactorDuo'), ...Token }),
  },
  'DELETE /api/two-factor/duo': { 200: Provider },
  'POST /api/two-factor/get-yubikey': { 200: Closed({ ...yubikeyAnswer, ...Token }) },
  'PUT /api/two-factor/yubikey': { 200: Closed(yubikeyAnswer) },
  'POST /api/two-factor/yubikey': { 200: Closed(yubikeyAnswer) },
  'DELETE /api/two-factor/yubikey': { 200: Provider },
  'POST /api/two-factor/get-webauthn': { 200: Closed({ ...webAuthnAnswer, ...Token }) },
  'POST /api/two-factor/get-webauthn-challenge': {
    200: Closed({ ...creationOptions, options: Closed(creationOptions) }),
  },
  'PUT /api/two-factor/webauthn': { 200: Closed(webAuthnAnswer) },
  'POST /api/two-factor/webauthn': { 200: Closed(webAuthnAnswer) },
  'DELETE /api/two-factor/webauthn/all': { 200: Provider },
  'DELETE /api/two-factor/webauthn': { 200: Closed(webAuthnAnswer) },
}
