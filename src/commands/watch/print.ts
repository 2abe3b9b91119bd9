import { type Notification, notificationName } from '#notify'

const NAME_WIDTH = 'SyncCipherUpdate'.length

/** One event as a line for people: when, what, about which ids, and whose doing it was. */
export function toLine({ ContextId, Type, Payload }: Notification, at: Date): string {
  const name = (notificationName(Type) ?? `Type ${Type}`).padEnd(NAME_WIDTH)
  const details = Object.entries(Payload)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => `${key}=${toText(value)}`)
  const origin = ContextId === null ? 'by no particular device' : `by device ${ContextId}`
  return printable([localTime(at), name, ...details, origin].join('  '))
}

/** One event as a line of JSON. */
export function toJsonLine({ ContextId, Type, Payload }: Notification, at: Date): string {
  const name = notificationName(Type) ?? null
  return JSON.stringify({ time: at.toISOString(), type: Type, name, contextId: ContextId, payload: Payload })
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()
  return JSON.stringify(value) ?? String(value)
}

function localTime(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${milliseconds}`
}

/** What a server sends must not move the cursor. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '�')
}
