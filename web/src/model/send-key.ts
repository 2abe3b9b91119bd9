/** What a Send's link carries, and what becomes of it. Spec: vault §4.2, step 11 */
import { type Bytes, fromBase64, fromText, randomBytes, toBase64, toBase64Url } from '../crypto/bytes.ts'
import { hkdf, pbkdf2 } from '../crypto/kdf.ts'
import { SymmetricKey } from '../crypto/symmetric-key.ts'

const SECRET_BYTES = 16
const KEY_BYTES = 64
const PASSWORD_ITERATIONS = 100_000

export function newSendSecret(): Bytes {
  return randomBytes(SECRET_BYTES)
}

/** What the Send is encrypted with. */
export async function sendKeyOf(secret: Bytes): Promise<SymmetricKey> {
  return new SymmetricKey(await hkdf(secret, 'bitwarden-send', 'send', KEY_BYTES))
}

/** What the server gets in place of the Send's password, base64. */
export async function sendPasswordHash(password: string, secret: Bytes): Promise<string> {
  return toBase64(await pbkdf2(fromText(password), secret, PASSWORD_ITERATIONS))
}

/** The link to it. `webVault`: the web vault's address, without a slash at its end. */
export function sendUrl(webVault: string, accessId: string, secret: Bytes): string {
  return `${webVault}/#/send/${accessId}/${toBase64Url(secret)}`
}

/** What a link says after its `#`; undefined where that is not of a Send. */
export function readSendFragment(fragment: string): { readonly accessId: string; readonly secret: Bytes } | undefined {
  const [, accessId, secret] = /^#?\/?send\/([\w-]{22})\/([\w-]+)\/?$/.exec(fragment) ?? []
  if (accessId === undefined || secret === undefined || secret.length % 4 === 1) return undefined
  return { accessId, secret: fromBase64(secret) }
}
