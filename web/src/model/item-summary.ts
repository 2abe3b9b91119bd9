import { isObject, type JsonObject, objectsOf } from '../api/json.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import type { ItemState, ItemType } from './item.ts'
import { stateOf } from './item-codec.ts'
import { typeOf } from './item-parts.ts'
import { Reader } from './reader.ts'

/** What a list shows of an item. */
export interface ItemSummary extends ItemState {
  readonly type: ItemType
  readonly name: string
  /** What tells it from others of that name: empty where there is nothing. */
  readonly subtitle: string
  readonly hasAttachments: boolean
  /** Whether one of name and subtitle cannot be read. The rest of the item may be damaged all the same. */
  readonly isDamaged: boolean
}

/** Decrypts no more of an item than a list needs. Hot: once per item after each unlock. */
export async function summaryOf(wire: JsonObject, userKey: SymmetricKey): Promise<ItemSummary> {
  const reader = await Reader.of(userKey, wire.key)
  const type = typeOf(wire)
  const [name, subtitle] = await Promise.all([reader.text(wire.name, 'name'), subtitleOf(type, wire, reader)])
  const hasAttachments = objectsOf(wire.attachments).length > 0
  return { ...stateOf(wire), type, name: name ?? '', subtitle, hasAttachments, isDamaged: reader.damaged.length > 0 }
}

async function subtitleOf(type: ItemType, wire: JsonObject, reader: Reader): Promise<string> {
  const part = wire[type]
  if (!isObject(part)) return ''
  const read = async (name: string) => (await reader.text(part[name], `${type}.${name}`)) ?? ''
  switch (type) {
    case 'login':
      return read('username')
    case 'card': {
      const [brand, number] = await Promise.all([read('brand'), read('number')])
      return [brand, lastDigits(number)].filter((text) => text !== '').join(', ')
    }
    case 'identity': {
      const names = await Promise.all([read('firstName'), read('lastName')])
      return names.filter((text) => text !== '').join(' ')
    }
    case 'sshKey':
      return read('keyFingerprint')
    case 'secureNote':
    case 'unknown':
      return ''
  }
}

/** Those that are printed on receipts, too: five of an American Express card. */
function lastDigits(number: string): string {
  const digits = number.replaceAll(/\D/g, '')
  return digits.length < 4 ? '' : `*${digits.slice(/^3[47]/.test(digits) ? -5 : -4)}`
}
