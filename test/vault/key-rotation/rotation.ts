import { randomBytes } from 'node:crypto'
import { decrypt, deriveMasterKey, deriveMasterPasswordHash, encrypt, stretchMasterKey, symmetricKey } from '#vault'
import { FAST_KDF, type Json, PASSWORD, type TestDevice } from '../../helpers/account.ts'

/**
 * What a client sends to get a new user key: everything of the account, encrypted with it, as of `sync` (default: now).
 * The password stays, unless there is a new one.
 */
export async function rotationOf(
  device: TestDevice,
  { password = PASSWORD, sync }: { password?: string; sync?: Json } = {},
): Promise<Json> {
  const { profile, ciphers, folders, sends }: Json = sync ?? (await device.get('/api/sync')).json
  const bytes = randomBytes(64)
  const userKey = symmetricKey(bytes)
  const anew = (value: unknown): unknown => {
    if (typeof value === 'string' && value.startsWith('2.')) return encrypt(decrypt(value, device.userKey), userKey)
    if (Array.isArray(value)) return value.map(anew)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, anew(inner)]))
  }
  const masterKey = await deriveMasterKey(password, device.email, FAST_KDF)
  return {
    oldMasterKeyAuthenticationHash: device.passwordHash,
    accountUnlockData: {
      masterPasswordUnlockData: {
        kdfType: FAST_KDF.type,
        kdfIterations: FAST_KDF.iterations,
        kdfMemory: null,
        kdfParallelism: null,
        email: device.email,
        masterPasswordSalt: device.email,
        masterKeyAuthenticationHash: await deriveMasterPasswordHash(masterKey, password),
        masterKeyEncryptedUserKey: encrypt(bytes, stretchMasterKey(masterKey)),
      },
      emergencyAccessUnlockData: [],
      organizationAccountRecoveryUnlockData: [],
      passkeyUnlockData: [],
      deviceKeyUnlockData: [],
    },
    accountKeys: {
      userKeyEncryptedAccountPrivateKey: anew(profile.privateKey),
      accountPublicKey: profile.accountKeys.publicKeyEncryptionKeyPair.publicKey,
      publicKeyEncryptionKeyPair: null,
      signatureKeyPair: null,
      securityState: null,
    },
    accountData: {
      ciphers: ciphers.map((cipher: Json) => ({
        ...(anew(cipher) as Json),
        // Official clients name nobody here.
        encryptedFor: '00000000-0000-0000-0000-000000000000',
        attachments2: cipher.attachments && anew(Object.fromEntries(cipher.attachments.map(attachmentById))),
        lastKnownRevisionDate: cipher.revisionDate,
      })),
      folders: folders.map(({ id, name }: Json) => ({ id, name: anew(name) })),
      sends: sends.map(({ id, key }: Json) => ({ id, key: anew(key) })),
    },
  }
}

const attachmentById = ({ id, fileName, key }: Json) => [id, { fileName, key }]
