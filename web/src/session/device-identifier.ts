import type { Shelf } from './shelf.ts'

const NAME = 'device'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** By what the server knows this browser again, a UUID: made at the first visit, the same for all who log in here. */
export function deviceIdentifier(shelf: Shelf): string {
  const kept = shelf.read(NAME)
  if (typeof kept === 'string' && UUID.test(kept)) return kept
  const made = randomUuid()
  shelf.write(NAME, made)
  return made
}

/** RFC 9562 §5.4. `crypto.randomUUID` is there only on secure pages, and this one may be on a plain one while it is tried. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
