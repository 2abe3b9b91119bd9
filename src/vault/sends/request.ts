import Type, { type Static } from 'typebox'
import type { Send } from '#store'
import { badRequest } from '../errors.ts'
import { EncString, Maybe, orNull } from '../schema.ts'
import { parseDate } from '../wire.ts'

/** `Send.type`. */
export const TEXT = 0
export const FILE = 1

const DAY_MS = 86_400_000
const MOST_DAYS = 31

/** PostgreSQL's `integer`. */
const MOST_ACCESSES = 2 ** 31 - 1

/** A number that people type: some clients write it as text. */
const Count = () =>
  Type.Optional(Type.Unsafe<number | string | null>({ type: ['integer', 'string', 'null'], pattern: '^\\d{1,15}$' }))

const TextPart = Type.Optional(
  Type.Unsafe<{ text?: string | null; hidden?: boolean | null } | null>({
    ...Type.Object({ text: Maybe.encString(), hidden: Maybe.boolean() }),
    type: ['object', 'null'],
  }),
)

const FilePart = Type.Optional(
  Type.Unsafe<{ fileName?: string | null } | null>({
    ...Type.Object({ fileName: Maybe.encString() }),
    type: ['object', 'null'],
  }),
)

/** A Send as clients send it, whole. What is not named here is ignored. */
export const SendRequest = Type.Object({
  type: Type.Integer(),
  name: EncString,
  notes: Maybe.encString(),
  key: EncString,
  /** What clients derive from it, as base64 (spec/vault.md §4.2). */
  password: Maybe.text({ maxLength: 1000 }),
  /** Of those who shall read it when they have proven their address, which is not offered here. */
  emails: Maybe.text(),
  maxAccessCount: Count(),
  expirationDate: Maybe.text(),
  deletionDate: Type.String(),
  disabled: Type.Boolean(),
  hideEmail: Maybe.boolean(),
  text: TextPart,
  file: FilePart,
  /** Bytes. */
  fileLength: Count(),
})
export type SendRequest = Static<typeof SendRequest>

export type SendContent = Pick<
  Send,
  'name' | 'notes' | 'key' | 'maxAccessCount' | 'expirationDate' | 'deletionDate' | 'disabled' | 'hideEmail'
>

/** What is stored of a Send besides its text or file. Throws an ApiError that names the field that is wrong. */
export function parseContent(body: SendRequest, nowMs: number): SendContent {
  if (orNull(body.emails) !== null) throw badRequest('Sends with email verification are not supported', 'emails')
  return {
    name: atMost(1000, body.name, 'name'),
    notes: orNull(body.notes) && atMost(10_000, body.notes!, 'notes'),
    key: atMost(1000, body.key, 'key'),
    maxAccessCount: parseMaxAccessCount(body.maxAccessCount),
    expirationDate: body.expirationDate == null ? null : requireDate(body.expirationDate, 'expirationDate'),
    deletionDate: parseDeletionDate(body.deletionDate, nowMs),
    disabled: body.disabled,
    hideEmail: body.hideEmail ?? null,
  }
}

/** The text of a text Send, and whether it is shown only when asked for. */
export function parseText({ text: part }: SendRequest): { readonly text: string | null; readonly hidden: boolean } {
  if (part == null) throw badRequest('Send data not provided', 'text')
  const text = orNull(part.text)
  return { text: text && atMost(100_000, text, 'text.text'), hidden: part.hidden ?? false }
}

/** An EncString. */
export function parseFileName({ file }: SendRequest): string {
  const fileName = orNull(file?.fileName)
  if (fileName === null) throw badRequest('Send data not provided', 'file.fileName')
  return atMost(1000, fileName, 'file.fileName')
}

/** In bytes, as it will be uploaded. */
export function parseFileLength({ fileLength }: SendRequest): number {
  const bytes = Number(fileLength ?? Number.NaN)
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw badRequest('Invalid send length', 'fileLength')
  return bytes
}

function parseMaxAccessCount(given: number | string | null | undefined): number | null {
  if (given == null) return null
  const count = Number(given)
  if (count >= 1 && count <= MOST_ACCESSES) return count
  throw badRequest(`maxAccessCount must be between 1 and ${MOST_ACCESSES}`, 'maxAccessCount')
}

function parseDeletionDate(text: string, nowMs: number): Date {
  const date = requireDate(text, 'deletionDate')
  if (date.getTime() <= nowMs + MOST_DAYS * DAY_MS) return date
  const message = 'You cannot have a Send with a deletion date that far into the future.'
  throw badRequest(
    `${message} Adjust the Deletion Date to a value less than 31 days from now and try again.`,
    'deletionDate',
  )
}

function requireDate(text: string, field: string): Date {
  const date = parseDate(text)
  if (date) return date
  throw badRequest(`${field} is not a date with a time and a zone`, field)
}

/** Every sync carries them. */
function atMost(characters: number, encrypted: string, field: string): string {
  if (encrypted.length <= characters) return encrypted
  throw badRequest(`${field} exceeds the maximum encrypted value length of ${characters} characters.`, field)
}
