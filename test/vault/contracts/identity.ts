import Type from 'typebox'
import { type Contracts, EMPTY } from './contract.ts'
import { Closed, Kdf, KdfIterations, KdfMemory, KdfParallelism, KdfType, Nullable, Text } from './shapes.ts'
import { SecondFactorRequired } from './two-factor.ts'

const Prelogin = Closed({
  kdf: KdfType,
  kdfIterations: KdfIterations,
  kdfMemory: KdfMemory,
  kdfParallelism: KdfParallelism,
  kdfSettings: Kdf,
  salt: Nullable(Text),
})

const Registered = Closed({ object: Type.Literal('register'), captchaBypassToken: Text })

/** What every token comes with. */
const token = {
  access_token: Text,
  /** Seconds. */
  expires_in: Type.Integer({ minimum: 1 }),
  token_type: Type.Literal('Bearer'),
  scope: Text,
}

/** What opens the vault. The spelling of each member is what clients look for (spec/vault.md §2.4.3). */
const unlock = {
  Key: Type.Optional(Text),
  PrivateKey: Nullable(Text),
  Kdf: KdfType,
  KdfIterations,
  KdfMemory,
  KdfParallelism,
  ResetMasterPassword: Type.Literal(false),
  ForcePasswordReset: Type.Literal(false),
  AccountKeys: Nullable(
    Closed({
      publicKeyEncryptionKeyPair: Closed({
        wrappedPrivateKey: Text,
        publicKey: Text,
        Object: Type.Literal('publicKeyEncryptionKeyPair'),
      }),
      Object: Type.Literal('privateKeys'),
    }),
  ),
  UserDecryptionOptions: Closed({
    HasMasterPassword: Type.Boolean(),
    MasterPasswordUnlock: Nullable(
      Closed({
        Kdf: Closed({
          KdfType,
          Iterations: KdfIterations,
          Memory: KdfMemory,
          Parallelism: KdfParallelism,
        }),
        MasterKeyEncryptedUserKey: Text,
        MasterKeyWrappedUserKey: Text,
        Salt: Text,
      }),
    ),
    Object: Type.Literal('userDecryptionOptions'),
  }),
}

/** One member for each kind of login that this route answers. */
export const TOKEN_ANSWERS = [
  // By password.
  Closed({
    ...token,
    ...unlock,
    refresh_token: Text,
    MasterPasswordPolicy: Closed({ Object: Type.Literal('masterPasswordPolicy') }),
    TwoFactorToken: Type.Optional(Text),
  }),
  // By API key.
  Closed({ ...token, ...unlock }),
  // By refresh token.
  Closed({ ...token, refresh_token: Text }),
  // For a Send.
  Closed(token),
]

/** What is declined in another form than the error envelope. */
export const TOKEN_REFUSALS = [
  SecondFactorRequired,
  Closed({ error: Type.Literal('invalid_grant') }),
  // For a Send.
  Closed({
    kind: Type.Literal('expected_server'),
    error: Type.Enum(['invalid_request', 'invalid_grant']),
    send_access_error_type: Type.Enum([
      'send_id_required',
      'send_id_invalid',
      'password_hash_b64_required',
      'password_hash_b64_invalid',
    ]),
  }),
]

export const identityContracts: Contracts = {
  'POST /identity/accounts/prelogin': { 200: Prelogin },
  'POST /identity/accounts/prelogin/password': { 200: Prelogin },
  'POST /api/accounts/prelogin': { 200: Prelogin },
  'POST /identity/accounts/register': { 200: Registered },
  'POST /identity/accounts/register/finish': { 200: Registered },
  'POST /identity/accounts/register/send-verification-email': { 200: Text, 204: EMPTY },
  'POST /identity/connect/token': { 200: Type.Union(TOKEN_ANSWERS), 400: Type.Union(TOKEN_REFUSALS) },
}
