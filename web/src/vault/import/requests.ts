/** What an import becomes: requests to `POST /api/ciphers/import`, of which each is done whole or not at all. Spec: vault §2.8 */
import type { JsonObject } from '../../api/json.ts'
import type { SymmetricKey } from '../../crypto/symmetric-key.ts'
import { encodeFolder, type Folder } from '../../model/folder.ts'
import { encodeItem } from '../../model/item-codec.ts'
import type { Import, ImportedFolder } from './import.ts'

/** Characters of JSON in one request: half of what a server reads at once. */
const MOST_CHARACTERS = 10_000_000
const MOST_ITEMS = 20_000

export interface FolderOnWire {
  readonly name: string
  /** Of one that the account has already. */
  readonly id?: string
}

/** An import, encrypted: more than one request only where one would be too large. */
export interface EncryptedImport {
  readonly folders: readonly FolderOnWire[]
  /** Each with the place of its first item in the import. */
  readonly lots: readonly Lot[]
}

export interface Lot {
  readonly start: number
  readonly ciphers: readonly JsonObject[]
  /** Their folders' places in the list of folders. */
  readonly folders: readonly (number | null)[]
}

export interface EncryptOptions {
  readonly userKey: SymmetricKey
  readonly userId: string
  /** Those of the account: none is made a second time, by id or by name. */
  readonly folders: readonly Pick<Folder, 'id' | 'name' | 'isDamaged'>[]
  /** Items encrypted, of how many. */
  readonly onProgress?: (done: number, all: number) => void
}

export async function encryptImport({ folders, items }: Import, options: EncryptOptions): Promise<EncryptedImport> {
  const { userKey, userId, onProgress } = options
  const lots: Lot[] = []
  let ciphers: JsonObject[] = []
  let places: (number | null)[] = []
  let characters = 0
  const close = () => {
    if (ciphers.length > 0)
      lots.push({ start: lots.reduce((sum, lot) => sum + lot.ciphers.length, 0), ciphers, folders: places })
    ciphers = []
    places = []
    characters = 0
  }
  for (const [index, { item, folder }] of items.entries()) {
    const cipher = await encodeItem(item, userKey, { userId })
    const length = JSON.stringify(cipher).length
    if (characters + length > MOST_CHARACTERS || ciphers.length === MOST_ITEMS) close()
    ciphers.push(cipher)
    places.push(folder)
    characters += length
    onProgress?.(index + 1, items.length)
  }
  close()
  return { folders: await Promise.all(folders.map((folder) => folderOnWire(folder, options))), lots }
}

async function folderOnWire(folder: ImportedFolder, { folders, userKey }: EncryptOptions): Promise<FolderOnWire> {
  const known =
    folders.find(({ id }) => id === folder.id) ??
    folders.find(({ name, isDamaged }) => !isDamaged && name === folder.name)
  return { ...(await encodeFolder(folder.name, userKey)), ...(known && { id: known.id }) }
}

/** The body of the request that brings a lot. */
export function requestOf(folders: readonly FolderOnWire[], { ciphers, folders: places }: Lot): JsonObject {
  const folderRelationships = places.flatMap((value, key) => (value === null ? [] : [{ key, value }]))
  return { ciphers, folders, folderRelationships }
}
