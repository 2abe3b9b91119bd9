/** What the form of a Send has, and the Send that comes of it. */
import { newSend, type Send, type SendDraft } from '../../model/send.ts'

/** What the server takes of one file, encrypted, in bytes: 525 MiB. Spec: vault §7 */
const MOST_FILE_BYTES = 550_502_400
/** What encryption adds at most. */
const OVERHEAD_BYTES = 65
export const MOST_CONTENT_BYTES = MOST_FILE_BYTES - OVERHEAD_BYTES

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
const MOST_DAYS = 31
/** How long a Send may be there, or its link work. Hours. */
export const PERIODS_HOURS = [1, DAY_HOURS, 2 * DAY_HOURS, 3 * DAY_HOURS, 7 * DAY_HOURS, 14 * DAY_HOURS, 30 * DAY_HOURS]
const USUAL_HOURS = 7 * DAY_HOURS

/** A period of hours from now, a date of its own, or (of a link alone) until the Send is deleted. */
export type Term = number | 'custom' | 'never'

export interface SendForm {
  readonly type: SendDraft['type']
  readonly name: string
  readonly text: string
  readonly isHidden: boolean
  /** Of a new Send. */
  readonly file: File | null
  readonly deletion: Term
  /** Local time as `<input type="datetime-local">` has it. */
  readonly deletionDate: string
  readonly expiration: Term
  readonly expirationDate: string
  /** As typed. */
  readonly maxAccessCount: string
  readonly password: string
  readonly notes: string
  readonly hidesEmail: boolean
  readonly isDisabled: boolean
}

export type FaultKind =
  | 'required'
  | 'file'
  | 'fileTooLarge'
  | 'emptyFile'
  | 'date'
  | 'past'
  | 'tooFar'
  | 'afterDeletion'
  | 'count'
  | 'tooLong'

/** What is wrong, by the field. */
export type Faults = { readonly [Field in keyof SendForm]?: FaultKind }

export interface Filled {
  readonly send: SendDraft | Send
  readonly password: string | undefined
  readonly file: File | undefined
}

export function emptyForm(type: SendDraft['type']): SendForm {
  return {
    ...{ type, name: '', text: '', isHidden: false, file: null, deletion: USUAL_HOURS, deletionDate: '' },
    ...{ expiration: 'never', expirationDate: '', maxAccessCount: '', password: '', notes: '' },
    ...{ hidesEmail: false, isDisabled: false },
  }
}

export function formOf(send: Send): SendForm {
  return {
    ...emptyForm(send.type),
    ...(send.type === 'text' && { text: send.text ?? '', isHidden: send.isHidden }),
    ...{ name: send.name, notes: send.notes ?? '', hidesEmail: send.hidesEmail, isDisabled: send.isDisabled },
    ...{ deletion: 'custom', deletionDate: localText(new Date(send.deletionDate)) },
    ...(send.expirationDate !== null && {
      ...{ expiration: 'custom', expirationDate: localText(new Date(send.expirationDate)) },
    }),
    maxAccessCount: send.maxAccessCount === null ? '' : String(send.maxAccessCount),
  }
}

/** The Send that was filled in: a new one, or `before` as it is now. */
export function fill(form: SendForm, before: Send | null, now: Date): Filled | Faults {
  const deletion = dateOf(form.deletion, form.deletionDate, before?.deletionDate ?? null, now)
  const expiration = dateOf(form.expiration, form.expirationDate, before?.expirationDate ?? null, now)
  const faults: Faults = {
    ...contentFaults(form, before),
    ...(form.name.trim() === '' && { name: 'required' as const }),
    ...deletionFault(deletion, before, now),
    ...expirationFault(expiration, deletion, before, now),
    ...(!/^(|[1-9]\d{0,8})$/.test(form.maxAccessCount.trim()) && { maxAccessCount: 'count' as const }),
    // The server's limits are those of what is encrypted.
    ...(encryptedLength(form.name) > 1_000 && { name: 'tooLong' as const }),
    ...(encryptedLength(form.notes) > 10_000 && { notes: 'tooLong' as const }),
  }
  if (Object.keys(faults).length > 0 || !(deletion instanceof Date)) return faults
  const count = form.maxAccessCount.trim()
  const said = {
    ...{ name: form.name.trim(), notes: form.notes === '' ? null : form.notes },
    maxAccessCount: count === '' ? null : Number(count),
    expirationDate: expiration instanceof Date ? expiration.toISOString() : null,
    ...{ deletionDate: deletion.toISOString(), isDisabled: form.isDisabled, hidesEmail: form.hidesEmail },
  }
  const password = form.password === '' ? undefined : form.password
  const file = before === null && form.type === 'file' ? (form.file ?? undefined) : undefined
  return { send: { ...contentOf(form, before, deletion), ...said }, password, file }
}

export function isFilled(result: Filled | Faults): result is Filled {
  return 'send' in result
}

function contentOf(form: SendForm, before: Send | null, deletion: Date): SendDraft | Send {
  const text = { type: 'text', text: form.text, isHidden: form.isHidden } as const
  if (before !== null) return before.type === 'text' ? { ...before, ...text } : before
  if (form.type === 'text') return newSend('', text, deletion)
  return newSend(
    '',
    { type: 'file', fileName: form.file?.name ?? '', fileId: null, size: form.file?.size ?? 0 },
    deletion,
  )
}

function contentFaults({ type, text, file }: SendForm, before: Send | null): Faults {
  if (type === 'text') {
    if (text === '') return { text: 'required' }
    return encryptedLength(text) > 100_000 ? { text: 'tooLong' } : {}
  }
  if (before !== null) return {}
  if (file === null) return { file: 'file' }
  if (file.size === 0) return { file: 'emptyFile' }
  return file.size > MOST_CONTENT_BYTES ? { file: 'fileTooLarge' } : {}
}

function deletionFault(date: Date | null | 'no date', before: Send | null, now: Date): Faults {
  if (!(date instanceof Date)) return { deletionDate: 'date' }
  if (date.toISOString() === isoOf(before?.deletionDate)) return {}
  if (date <= now) return { deletionDate: 'past' }
  return date.getTime() > now.getTime() + MOST_DAYS * DAY_HOURS * HOUR_MS ? { deletionDate: 'tooFar' } : {}
}

function expirationFault(
  date: Date | null | 'no date',
  deletion: Date | null | 'no date',
  before: Send | null,
  now: Date,
): Faults {
  if (date === null) return {}
  if (date === 'no date') return { expirationDate: 'date' }
  // One that has expired can be edited all the same.
  if (date <= now && date.toISOString() !== isoOf(before?.expirationDate)) return { expirationDate: 'past' }
  return deletion instanceof Date && date > deletion ? { expirationDate: 'afterDeletion' } : {}
}

/** `before`: what it was. A field that was left as it is keeps its seconds, which it does not show. */
function dateOf(term: Term, typed: string, before: string | null, now: Date): Date | null | 'no date' {
  if (term === 'never') return null
  if (typeof term === 'number') return new Date(now.getTime() + term * HOUR_MS)
  if (before !== null && localText(new Date(before)) === typed) return new Date(before)
  const date = new Date(typed)
  return Number.isNaN(date.getTime()) ? 'no date' : date
}

const isoOf = (date: string | null | undefined) => (date == null ? undefined : new Date(date).toISOString())

/** Local time without its zone, to the minute. */
function localText(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Of an EncString: IV, MAC and separators, and the padded text in base64. */
function encryptedLength(text: string): number {
  const padded = (Math.floor(new TextEncoder().encode(text).length / 16) + 1) * 16
  return 72 + Math.ceil(padded / 3) * 4
}
