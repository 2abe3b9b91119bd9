/** Passkeys of logins between the vault and files. This client makes no use of them: it loses none. */
import { type JsonObject, textOrNull } from '../../api/json.ts'
import { DecryptionError, type SymmetricKey } from '../../crypto/symmetric-key.ts'

/** What of a passkey is encrypted. */
export const PASSKEY_TEXTS = [
  ...(['credentialId', 'keyType', 'keyAlgorithm', 'keyCurve', 'keyValue', 'rpId', 'userHandle', 'userName'] as const),
  ...(['counter', 'rpName', 'userDisplayName', 'discoverable'] as const),
] as const

/** As it stands in an export that is not encrypted; null when something of it cannot be decrypted. */
export async function decryptPasskey(wire: JsonObject, key: SymmetricKey): Promise<JsonObject | null> {
  const clear: Record<string, unknown> = {}
  try {
    for (const name of PASSKEY_TEXTS) {
      const encrypted = textOrNull(wire[name])
      if (encrypted !== null) clear[name] = await key.decryptText(encrypted)
    }
  } catch (error) {
    if (error instanceof DecryptionError) return null
    throw error
  }
  return { ...clear, creationDate: wire.creationDate }
}

/** The other way round. What it does not have is null. */
export async function encryptPasskey(
  texts: { readonly [Name in (typeof PASSKEY_TEXTS)[number]]: string | null },
  creationDate: string | null,
  key: SymmetricKey,
): Promise<JsonObject> {
  const wire: Record<string, string | null> = {}
  for (const name of PASSKEY_TEXTS) {
    const text = texts[name]
    wire[name] = text === null ? null : await key.encrypt(text)
  }
  return { ...wire, creationDate }
}
