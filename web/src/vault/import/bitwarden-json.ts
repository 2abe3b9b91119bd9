import { isObject, type JsonObject, textOrNull } from '../../api/json.ts'
import type { SymmetricKey } from '../../crypto/symmetric-key.ts'
import { decodeFolder } from '../../model/folder.ts'
import type { Item } from '../../model/item.ts'
import { decodeItem } from '../../model/item-codec.ts'
import { nameOrDashes, readItem, typeOfMembers } from './bitwarden-item.ts'
import {
  type Import,
  ImportError,
  type ImportedFolder,
  type ImportedItem,
  type Remark,
  type RemarkKind,
} from './import.ts'
import { Members } from './members.ts'

/** A list with entries that are no objects is told of, and read all the same. */
interface Entry {
  readonly wire: JsonObject
  readonly place: number
}

/**
 * What a JSON export of Bitwarden holds: of a user's vault, or of an organization, whose collections become folders.
 * One that is encrypted for this account opens with its key; rejects with an `ImportError` for one of another account.
 */
export async function readBitwardenJson(document: JsonObject, userKey: SymmetricKey): Promise<Import> {
  const isEncrypted = document.encrypted === true
  if (isEncrypted && !(await opens(document.encKeyValidation_DO_NOT_EDIT, userKey)))
    throw new ImportError('other-account')
  const reader = new Reader(userKey)
  const folders = await reader.folders(document, isEncrypted)
  const items: ImportedItem[] = []
  for (const { wire, place } of reader.entries(document.items)) {
    const item = await (isEncrypted ? reader.encryptedItem(wire, place) : reader.clearItem(wire, place))
    if (item) items.push({ item, folder: reader.folderOf(wire, place, item.name) })
  }
  return { format: 'bitwarden-json', folders, items, remarks: reader.remarks }
}

/** Whether that key has encrypted it. */
async function opens(encString: unknown, key: SymmetricKey): Promise<boolean> {
  try {
    await key.decryptBytes(String(encString))
    return true
  } catch {
    return false
  }
}

class Reader {
  readonly remarks: Remark[] = []
  readonly #userKey: SymmetricKey
  readonly #placeOfFolder = new Map<string, number>()

  constructor(userKey: SymmetricKey) {
    this.#userKey = userKey
  }

  entries(list: unknown): Entry[] {
    if (!Array.isArray(list)) return []
    return list.flatMap((wire, index) => {
      if (isObject(wire)) return [{ wire, place: index + 1 }]
      this.#say('no-object', index + 1, '')
      return []
    })
  }

  async folders({ folders, collections }: JsonObject, isEncrypted: boolean): Promise<ImportedFolder[]> {
    const read: ImportedFolder[] = []
    for (const { wire, place } of this.entries(folders ?? collections)) {
      const id = textOrNull(wire.id)
      const { name, isDamaged } = isEncrypted
        ? await decodeFolder(wire, this.#userKey)
        : { name: textOrNull(wire.name) ?? '', isDamaged: false }
      if (isDamaged) this.#say('folder-name', place, '')
      if (id !== null) this.#placeOfFolder.set(id, read.length)
      read.push({ id, name: nameOrDashes(name) })
    }
    return read
  }

  /** Null where there is none, and where the file does not have it. */
  folderOf({ folderId, collectionIds }: JsonObject, place: number, name: string): number | null {
    const ids = [folderId, ...(Array.isArray(collectionIds) ? collectionIds : [])].filter(
      (id) => typeof id === 'string',
    )
    const places = ids.flatMap((id) => this.#placeOfFolder.get(id) ?? [])
    if (places.length < ids.length) this.#say('folder', place, name)
    if (places.length > 1) this.#say('collections', place, name)
    return places[0] ?? null
  }

  async clearItem(wire: JsonObject, place: number): Promise<Item | undefined> {
    const leftOut: string[] = []
    const members = new Members(wire, leftOut)
    const type = typeOfMembers(members)
    if (type === undefined) return this.#say('type', place, textOrNull(wire.name) ?? '')
    const item = await readItem(members, type, this.#userKey)
    if (leftOut.length > 0) this.#say('members', place, item.name, leftOut)
    return this.#outOfTrash(item, wire, place)
  }

  async encryptedItem(wire: JsonObject, place: number): Promise<Item | undefined> {
    const item = await decodeItem(wire, this.#userKey)
    if (item.type === 'unknown') return this.#say('type', place, item.name)
    if (item.damaged.length > 0) return this.#say('damaged', place, item.name, item.damaged)
    if (item.attachments.length > 0) this.#say('members', place, item.name, ['attachments'])
    return this.#outOfTrash({ ...item, name: nameOrDashes(item.name) }, wire, place)
  }

  /** What an import makes is new. */
  #outOfTrash(item: Item, wire: JsonObject, place: number): Item {
    if (textOrNull(wire.deletedDate) !== null) this.#say('trash', place, item.name)
    return {
      ...item,
      ...{ id: null, folderId: null, creationDate: null, revisionDate: null, deletedDate: null, attachments: [] },
    }
  }

  #say(what: RemarkKind, place: number, name: string, names: readonly string[] = []): undefined {
    this.remarks.push({ where: { place, name }, what, names })
  }
}
