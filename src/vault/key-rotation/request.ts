import Type, { type Static } from 'typebox'
import { CipherRequest } from '../ciphers/index.ts'
import { EncString, KeyId, Maybe, PublicKey, WrappedKey } from '../schema.ts'

const Text = Type.String({ minLength: 1, maxLength: 300 })

/** A copy of the user key that somebody else holds, encrypted for a public key of theirs. */
const KeyCopy = Type.String({ minLength: 1, maxLength: 2000, pattern: '^[\\x21-\\x7e]+$' })

/** How the master password opens the new user key. Its KDF and its salt stay as they are; the password may change. */
export const MasterPasswordUnlock = Type.Object({
  kdfType: Type.Integer(),
  kdfIterations: Type.Integer(),
  kdfMemory: Maybe.integer(),
  kdfParallelism: Maybe.integer(),
  email: Type.String(),
  masterPasswordSalt: Maybe.text(),
  masterKeyAuthenticationHash: Text,
  masterKeyEncryptedUserKey: WrappedKey,
  masterPasswordHint: Maybe.text({ maxLength: 255 }),
  containedKeyId: KeyId,
})
export type MasterPasswordUnlock = Static<typeof MasterPasswordUnlock>

/** An item, encrypted anew, with the files that hang on it by their ids. */
export const RotatedCipher = Type.Object({
  ...CipherRequest.properties,
  id: Type.String(),
  attachments2: Type.Optional(
    Type.Unsafe<Record<string, { fileName: string; key: string }> | null>({
      type: ['object', 'null'],
      additionalProperties: Type.Object({ fileName: EncString, key: EncString }),
    }),
  ),
})
export type RotatedCipher = Static<typeof RotatedCipher>

/** Clients of 2024.3 add a folder without an id, which stands for "no folder". */
export const RotatedFolder = Type.Object({ id: Maybe.text(), name: EncString })

/**
 * A Send is encrypted with a key of its own, so that nothing of it changes but how that is protected: the official
 * clients of 2026 send nothing else of it.
 */
export const RotatedSend = Type.Object({ id: Type.String(), key: EncString })

/** spec/vault.md §2.8, 'Key rotation'. Passkeys that log in and trusted devices, whose keys may come too, are not here. */
export const RotationRequest = Type.Object({
  oldMasterKeyAuthenticationHash: Text,
  accountUnlockData: Type.Object({
    masterPasswordUnlockData: MasterPasswordUnlock,
    emergencyAccessUnlockData: Type.Array(Type.Object({ id: Type.String(), keyEncrypted: KeyCopy })),
    organizationAccountRecoveryUnlockData: Type.Array(
      Type.Object({ organizationId: Type.String(), resetPasswordKey: KeyCopy }),
    ),
  }),
  accountKeys: Type.Object({
    userKeyEncryptedAccountPrivateKey: WrappedKey,
    accountPublicKey: PublicKey,
    signatureKeyPair: Maybe.object(),
    securityState: Maybe.object(),
  }),
  accountData: Type.Object({
    ciphers: Type.Array(RotatedCipher),
    folders: Type.Array(RotatedFolder),
    sends: Type.Array(RotatedSend),
  }),
  newUserKeyId: KeyId,
})
export type RotationRequest = Static<typeof RotationRequest>
