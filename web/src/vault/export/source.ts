import { type JsonObject, objectsOf, textOrNull } from '../../api/json.ts'
import type { SymmetricKey } from '../../crypto/symmetric-key.ts'
import { decodeFolder, type Folder } from '../../model/folder.ts'
import type { Item } from '../../model/item.ts'
import { decodeItem, keyOf } from '../../model/item-codec.ts'
import { decryptPasskey } from './passkeys.ts'

/** Of which items an export does not have all, and why. */
export type Omission =
  /** Not in it: they are in the trash. */
  | 'trash'
  /** Not in it: they are an organization's. */
  | 'organization'
  /** Not in it: their type is not known here. */
  | 'type'
  /** In it as far as they can be decrypted. */
  | 'damaged'
  /** In it without their files. */
  | 'attachments'
  /** In it without what newer apps have put there. */
  | 'newer'
  /** Not in it: a table has no columns for their type. */
  | 'no-columns'
  /** In it without what a table cannot hold: passkeys, old passwords, kinds of fields, how URIs are matched. */
  | 'not-in-table'

/** By their names. */
export type Omissions = ReadonlyMap<Omission, readonly string[]>

export class OmissionList {
  readonly #names = new Map<Omission, string[]>()

  add(what: Omission, name: string): void {
    const names = this.#names.get(what)
    if (names) names.push(name)
    else this.#names.set(what, [name])
  }

  get all(): Omissions {
    return this.#names
  }
}

/** An item, decrypted with all that it has. */
export interface ClearItem {
  readonly item: Exclude<Item, { type: 'unknown' }>
  readonly passkeys: readonly JsonObject[]
}

export interface ClearVault {
  readonly folders: readonly Folder[]
  readonly items: readonly ClearItem[]
  readonly omissions: OmissionList
}

/** Those items of a sync that an export has: not an organization's, and none out of the trash. */
export function exportable(sync: JsonObject): { readonly kept: JsonObject[]; readonly left: [Omission, JsonObject][] } {
  const kept: JsonObject[] = []
  const left: [Omission, JsonObject][] = []
  for (const wire of objectsOf(sync.ciphers)) {
    if (textOrNull(wire.organizationId) !== null) left.push(['organization', wire])
    else if (textOrNull(wire.deletedDate) !== null) left.push(['trash', wire])
    else kept.push(wire)
  }
  return { kept, left }
}

/** The vault in a sync, decrypted. `onProgress`: items done, of how many. */
export async function readVault(
  sync: JsonObject,
  userKey: SymmetricKey,
  onProgress: (done: number, all: number) => void = () => {},
): Promise<ClearVault> {
  const omissions = new OmissionList()
  const folders = await Promise.all(objectsOf(sync.folders).map((wire) => decodeFolder(wire, userKey)))
  const { kept, left } = exportable(sync)
  // Nothing opens the name of an organization's.
  for (const [why, wire] of left) omissions.add(why, why === 'trash' ? (await decodeItem(wire, userKey)).name : '')
  const items: ClearItem[] = []
  for (const [index, wire] of kept.entries()) {
    const item = await decodeItem(wire, userKey)
    if (item.type === 'unknown') omissions.add('type', item.name)
    else items.push(await clearItem(item, userKey, omissions))
    onProgress(index + 1, kept.length)
  }
  return { folders, items, omissions }
}

async function clearItem(item: ClearItem['item'], userKey: SymmetricKey, omissions: OmissionList): Promise<ClearItem> {
  const wires = item.type === 'login' ? item.login.passkeys : []
  const passkeys: JsonObject[] = []
  let isDamaged = item.damaged.length > 0
  if (wires.length > 0 && !item.damaged.includes('key')) {
    const key = await keyOf(item, userKey)
    for (const wire of wires) {
      const passkey = await decryptPasskey(wire, key)
      if (passkey) passkeys.push(passkey)
      else isDamaged = true
    }
  }
  if (isDamaged) omissions.add('damaged', item.name)
  if (item.attachments.length > 0) omissions.add('attachments', item.name)
  if (hasNewerParts(item)) omissions.add('newer', item.name)
  return { item, passkeys }
}

/** Whether something encrypted is in it that is not known here. */
function hasNewerParts(item: ClearItem['item']): boolean {
  const rests = [item.rest, restOfPart(item), ...[...item.fields, ...item.passwordHistory].map(({ rest }) => rest)]
  if (item.type === 'login') rests.push(...item.login.uris.map(({ rest }) => rest))
  return JSON.stringify(rests).includes('"2.')
}

function restOfPart(item: ClearItem['item']): JsonObject {
  switch (item.type) {
    case 'login':
      return item.login.rest
    case 'card':
      return item.card.rest
    case 'identity':
      return item.identity.rest
    case 'sshKey':
      return item.sshKey.rest
    case 'secureNote':
      return item.secureNote.rest
  }
}
