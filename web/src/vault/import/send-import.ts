import type { Api } from '../../api/client.ts'
import { Refused } from '../../api/errors.ts'
import { type JsonObject, objectsOf, textOrNull } from '../../api/json.ts'
import { getSync, importVault } from '../../api/vault.ts'
import type { Import } from './import.ts'
import { type EncryptedImport, type EncryptOptions, encryptImport, type FolderOnWire, requestOf } from './requests.ts'

/** What the server does not take, of which item or folder. */
export interface Fault {
  /** Empty where it is about the whole. */
  readonly name: string
  /** In the server's words. */
  readonly message: string
}

/** Something has stopped an import: what came before it is in the vault. */
export class ImportStopped extends Error {
  override name = 'ImportStopped'
  /** Items that are in the vault now. */
  readonly imported: number
  /** Empty unless the server has declined it; `cause` says what else it was. */
  readonly faults: readonly Fault[]

  constructor(imported: number, faults: readonly Fault[], cause: unknown) {
    super('The import has stopped', { cause })
    this.imported = imported
    this.faults = faults
  }
}

export interface SendOptions extends EncryptOptions {
  /** Half of the way is encryption: 0 to 1. */
  readonly onShare?: (share: number) => void
}

/**
 * Puts an import into the vault: all of it or nothing, unless it is larger than the server takes at once. Rejects with an
 * `ImportStopped`.
 */
export async function sendImport(api: Api, found: Import, options: SendOptions): Promise<void> {
  const share = options.onShare ?? (() => {})
  const encrypted = await encryptImport(found, { ...options, onProgress: (done, all) => share(done / all / 2) })
  const { lots } = encrypted
  let { folders } = encrypted
  let imported = 0
  try {
    for (const [index, lot] of lots.entries()) {
      // The first request has made them; the next must not make them again.
      if (index === 1) folders = await madeFolders(api, encrypted)
      await importVault(api, requestOf(folders, lot))
      imported += lot.ciphers.length
      share(0.5 + imported / found.items.length / 2)
    }
    if (lots.length === 0) await importVault(api, { ciphers: [], folders, folderRelationships: [] })
  } catch (cause) {
    throw new ImportStopped(imported, cause instanceof Refused ? faultsOf(cause, found, imported) : [], cause)
  }
}

async function madeFolders(api: Api, { folders }: EncryptedImport): Promise<FolderOnWire[]> {
  const sync: JsonObject = await getSync(api)
  // No two encrypted names are the same.
  const ids = new Map(objectsOf(sync.folders).map(({ name, id }) => [textOrNull(name), textOrNull(id)]))
  return folders.map((folder) => {
    const id = ids.get(folder.name) ?? null
    return id === null ? folder : { ...folder, id }
  })
}

/** `start`: where the request's items begin in the import. Fields are named `Ciphers[3].Notes`, `Folders[0].Name`. */
function faultsOf({ fields, message }: Refused, { items, folders }: Import, start: number): Fault[] {
  const faults = Object.entries(fields).flatMap(([field, messages]) => {
    const [, list, index] = /^(Ciphers|Folders)\[(\d+)\]/.exec(field) ?? []
    const place = Number(index)
    const name = list === 'Ciphers' ? items[start + place]?.item.name : list === 'Folders' ? folders[place]?.name : ''
    return messages.map((text) => ({ name: name ?? '', message: text }))
  })
  return faults.length > 0 ? faults : [{ name: '', message }]
}
