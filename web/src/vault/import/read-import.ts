import { isObject, type JsonObject } from '../../api/json.ts'
import { DecryptionError, type SymmetricKey } from '../../crypto/symmetric-key.ts'
import { KdfError } from '../../model/kdf-wire.ts'
import { isProtected, unprotect, WrongFilePasswordError } from '../export/protected.ts'
import { readBitwardenJson } from './bitwarden-json.ts'
import { readCsvImport } from './csv-items.ts'
import { type Import, ImportError } from './import.ts'

/** Characters. Twice what a vault of the most items that a server takes would have. */
export const MOST_CHARACTERS = 64 * 1024 * 1024

export interface ReadOptions {
  readonly userKey: SymmetricKey
  /** That of the file. */
  readonly password?: string | undefined
  readonly now: Date
}

/**
 * What a file of another vault has in it: which program wrote it is seen by its first lines.
 * Rejects with an `ImportError`; `password-needed` asks for the same again with the file's password.
 */
export async function readImport(text: string, options: ReadOptions): Promise<Import> {
  if (text.length > MOST_CHARACTERS) throw new ImportError('too-large')
  const start = text.replace(/^\uFEFF/, '').trimStart()
  if (start === '') throw new ImportError('empty')
  if (!/^[{[]/.test(start)) return readCsvImport(text, options.now)
  const document = parse(start)
  return readBitwardenJson(isProtected(document) ? await openProtected(document, options) : document, options.userKey)
}

function parse(text: string): JsonObject {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // Its message would quote the file.
    throw new ImportError('not-json')
  }
  const isBitwarden = isObject(document) && (Array.isArray(document.items) || isProtected(document))
  if (!isBitwarden) throw new ImportError('unknown-format')
  return document as JsonObject
}

async function openProtected(document: JsonObject, { password }: ReadOptions): Promise<JsonObject> {
  if (!password) throw new ImportError('password-needed')
  try {
    return parse(await unprotect(document, password))
  } catch (cause) {
    if (cause instanceof WrongFilePasswordError) throw new ImportError('wrong-password', { cause })
    if (cause instanceof KdfError) throw new ImportError('key-derivation', { cause })
    if (cause instanceof DecryptionError || cause instanceof ImportError) throw new ImportError('damaged', { cause })
    throw cause
  }
}
