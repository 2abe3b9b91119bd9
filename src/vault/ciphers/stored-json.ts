import { parseJson } from '../json-text.ts'
import { isObject, type JsonObject } from '../schema.ts'
import { formatDate, parseDate } from '../wire.ts'
import { LOGIN, SECURE_NOTE, SSH_KEY } from './type-parts.ts'

/*
 * What the columns `data`, `fields` and `password_history` hold is what some client once sent, of any age. Here it
 * becomes what every client can read (spec/vault.md §2.8, 'Repair on output').
 */

const HIDDEN_FIELD = 1
const EPOCH = formatDate(new Date(0))
/** Deeper than any client nests. Below it keys stay as they are, so that no text can exhaust the stack. */
export const MAX_DEPTH = 16

export function readFields(text: string | null): JsonObject[] {
  return readList(text).map((field) => ({ ...field, type: fieldType(field.type) }))
}

/** Entries without a password break clients, so they are left out. */
export function passwordHistoryResponse(text: string | null): JsonObject[] {
  return readList(text)
    .filter((entry) => typeof entry.password === 'string')
    .map((entry) => ({ ...entry, lastUsedDate: repairDate(entry.lastUsedDate) }))
}

/** The part of the item that is its type's own; null when it is an SSH key that is not whole. */
export function readPart(type: number, text: string): JsonObject | null {
  const parsed = parse(text)
  const part = isObject(parsed) ? parsed : {}
  switch (type) {
    case LOGIN:
      return repairLogin(part)
    case SECURE_NOTE:
      return typeof part.type === 'number' ? part : { type: 0 }
    case SSH_KEY:
      return isText(part.privateKey) && isText(part.publicKey) && isText(part.keyFingerprint) ? part : null
    default:
      return part
  }
}

function repairLogin(login: JsonObject): JsonObject {
  const uris = Array.isArray(login.uris) ? login.uris.map(repairUri) : login.uris
  const first = Array.isArray(uris) ? uris[0] : undefined
  const repaired: JsonObject = { ...login, uri: isObject(first) ? (first.uri ?? null) : null, uris: uris ?? null }
  if (typeof login.passwordRevisionDate === 'string') {
    repaired.passwordRevisionDate = repairDate(login.passwordRevisionDate)
  }
  return repaired
}

/** How a URI is compared is a number or null; some imports left it as text. */
function repairUri(uri: unknown): unknown {
  return isObject(uri) && typeof uri.match === 'string' ? { ...uri, match: parseSmallNumber(uri.match) } : uri
}

/** In doubt a field is hidden, so that nothing shows that should not. */
function fieldType(type: unknown): number {
  if (typeof type === 'number') return type
  return (typeof type === 'string' ? parseSmallNumber(type) : null) ?? HIDDEN_FIELD
}

const parseSmallNumber = (text: string) => (/^\d{1,2}$/.test(text) ? Number(text) : null)

function repairDate(value: unknown): string {
  const date = typeof value === 'string' ? parseDate(value) : undefined
  return date ? formatDate(date) : EPOCH
}

function readList(text: string | null): JsonObject[] {
  const parsed = text === null ? [] : parse(text)
  return Array.isArray(parsed) ? parsed.filter(isObject) : []
}

/** A key that `lowerFirstLetters` changes. Where it finds one in a value, that costs time and nothing else. */
const ODD_KEY = /"(?:[A-Z][^"]*|s(?:S[Nn]|sN))"\s*:/

function parse(text: string): unknown {
  const parsed = parseJson(text)
  return ODD_KEY.test(text) ? lowerFirstLetters(parsed) : parsed
}

/** Old rows have their keys in PascalCase. */
function lowerFirstLetters(value: unknown, depth = 0): unknown {
  if (depth === MAX_DEPTH) return value
  if (Array.isArray(value)) return value.map((item) => lowerFirstLetters(item, depth + 1))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [lowerFirstLetter(key), lowerFirstLetters(item, depth + 1)]),
  )
}

const lowerFirstLetter = (key: string) =>
  key.toLowerCase() === 'ssn' ? 'ssn' : key.charAt(0).toLowerCase() + key.slice(1)

const isText = (value: unknown) => typeof value === 'string' && value !== ''
