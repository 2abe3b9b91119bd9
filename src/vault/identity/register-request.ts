import Type, { type Static } from 'typebox'
import type { Kdf } from '#store'
import { parseEmail } from '../email-address.ts'
import { ApiError, badRequest } from '../errors.ts'
import { isSameKdf, KdfRequest, parseKdf } from '../kdf.ts'
import { KeyId, Maybe, orNull, PublicKey, WrappedKey } from '../schema.ts'

const KeyPair = Type.Object({
  publicKey: PublicKey,
  encryptedPrivateKey: WrappedKey,
})

/** Both generations of the body: the old one is flat, the one since 2026.5 keeps proof and unlock data apart. */
export const RegisterRequest = Type.Object({
  email: Type.String({ maxLength: 256 }),
  name: Maybe.text({ maxLength: 50 }),
  masterPasswordHint: Maybe.text({ maxLength: 255 }),
  keys: Maybe.of(KeyPair),
  userAsymmetricKeys: Maybe.of(KeyPair),
  masterPasswordHash: Maybe.of(Type.String({ minLength: 1 })),
  key: Maybe.of(WrappedKey),
  userSymmetricKey: Maybe.of(WrappedKey),
  kdf: Maybe.integer(),
  kdfIterations: Maybe.of(Type.Integer({ maximum: 2 ** 31 - 1 })),
  kdfMemory: Maybe.integer(),
  kdfParallelism: Maybe.integer(),
  masterPasswordAuthentication: Maybe.of(
    Type.Object({
      kdf: KdfRequest,
      salt: Type.String(),
      masterPasswordAuthenticationHash: Type.String({ minLength: 1 }),
    }),
  ),
  masterPasswordUnlock: Maybe.of(
    Type.Object({
      kdf: KdfRequest,
      salt: Type.String(),
      masterKeyWrappedUserKey: WrappedKey,
      containedKeyId: KeyId,
    }),
  ),
  emailVerificationToken: Maybe.text(),
  organizationUserId: Maybe.text(),
  orgInviteToken: Maybe.text(),
  /** What old clients call `orgInviteToken`. */
  token: Maybe.text(),
  acceptEmergencyAccessId: Maybe.text(),
  acceptEmergencyAccessInviteToken: Maybe.text(),
})
export type RegisterRequest = Static<typeof RegisterRequest>

/** What a registration asks for, whichever generation of client sent it. The hint is as it came. */
export interface Registration {
  /** Trimmed, lower case. */
  readonly email: string
  readonly name: string | null
  readonly clientHash: string
  readonly key: string
  readonly kdf: Kdf
  readonly keyPair: { readonly publicKey: string; readonly encryptedPrivateKey: string } | undefined
  readonly passwordHint: string | null
  readonly keyId: string | null
}

/** Throws an ApiError that names what is missing or does not fit together. */
export function parseRegistration(body: RegisterRequest): Registration {
  const email = parseEmail(body.email)
  return {
    email,
    name: orNull(body.name),
    keyPair: body.keys ?? body.userAsymmetricKeys ?? undefined,
    passwordHint: orNull(body.masterPasswordHint),
    ...(body.masterPasswordAuthentication || body.masterPasswordUnlock ? current(body, email) : old(body)),
  }
}

function current(
  { masterPasswordAuthentication: proof, masterPasswordUnlock: unlock }: RegisterRequest,
  email: string,
) {
  if (!proof) throw missing('masterPasswordAuthentication')
  if (!unlock) throw missing('masterPasswordUnlock')
  if (proof.salt !== email || unlock.salt !== email || !isSameKdf(proof.kdf, unlock.kdf)) {
    throw new ApiError('UNPROCESSABLE', 'salt and kdf of authentication and unlock data must agree with each other')
  }
  return {
    clientHash: proof.masterPasswordAuthenticationHash,
    key: unlock.masterKeyWrappedUserKey,
    kdf: parseKdf(unlock.kdf),
    keyId: unlock.containedKeyId?.toLowerCase() ?? null,
  }
}

function old({ kdf, kdfIterations, kdfMemory, kdfParallelism, ...body }: RegisterRequest) {
  const key = body.key ?? body.userSymmetricKey
  if (body.masterPasswordHash == null) throw missing('masterPasswordHash')
  if (key == null) throw missing('key')
  if (kdf == null) throw missing('kdf')
  if (kdfIterations == null) throw missing('kdfIterations')
  const chosen = {
    kdfType: kdf,
    iterations: kdfIterations,
    memory: kdfMemory ?? null,
    parallelism: kdfParallelism ?? null,
  }
  return { clientHash: body.masterPasswordHash, key, kdf: parseKdf(chosen), keyId: null }
}

const missing = (field: string) => badRequest(`${field} is required`, field)
