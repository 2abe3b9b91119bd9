import type { JsonObject } from '../api/json.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { Reader } from './reader.ts'

export interface Folder {
  readonly id: string
  /** With slashes between a folder and those in it; empty when it is damaged. */
  readonly name: string
  readonly revisionDate: string
  /** It cannot be decrypted. It may be given another name, or be deleted: nothing else is in it. */
  readonly isDamaged: boolean
}

/** Never rejects for what is in it. */
export async function decodeFolder(wire: JsonObject, userKey: SymmetricKey): Promise<Folder> {
  const reader = await Reader.of(userKey)
  const name = (await reader.text(wire.name, 'name')) ?? ''
  return {
    id: String(wire.id),
    name,
    revisionDate: String(wire.revisionDate),
    isDamaged: reader.damaged.length > 0,
  }
}

/** What creates a folder, or gives it another name. Spec: vault §2.10 */
export async function encodeFolder(name: string, userKey: SymmetricKey): Promise<{ readonly name: string }> {
  return { name: await userKey.encrypt(name) }
}
