import { isObject, type JsonObject, objectsOf } from '../api/json.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { stateOf } from './item-codec.ts'
import { Reader } from './reader.ts'

/**
 * What an item is found by besides what a list shows of it: addresses, and the notes, unless they are shown for the master
 * password only. One to a line; empty where there is nothing, or nothing that can be read.
 */
export async function searchTextOf(wire: JsonObject, userKey: SymmetricKey): Promise<string> {
  const login = isObject(wire.login) ? wire.login : {}
  const uris = objectsOf(login.uris).map(({ uri }) => uri)
  const notes = stateOf(wire).asksPassword ? [] : [wire.notes]
  const encrypted = [...uris, ...notes].filter((value) => value != null)
  if (encrypted.length === 0) return ''
  const reader = await Reader.of(userKey, wire.key)
  const texts = await Promise.all(encrypted.map((value) => reader.text(value, '')))
  return texts.filter((text) => text !== null).join('\n')
}
