import { ProtocolError } from '#kit'

/**
 * What an instance says of itself every second: subject `CONTROL_PULSE`. `said` counts the messages in which it has told
 * the other instances anything, so that who hears of it knows whether all of them have arrived.
 */
export interface Pulse {
  readonly instance: string
  readonly said: number
  /** Milliseconds since the Unix epoch, by its own clock. */
  readonly atMs: number
  /** Milliseconds since its start. */
  readonly upMs: number
  /** It goes, and says nothing more. */
  readonly isLast: boolean
}

/** JSON, UTF-8: `{"Instance":"…","Said":3,"At":1789000000000,"Up":60000,"Last":false}`. */
export function encodePulse({ instance, said, atMs, upMs, isLast }: Pulse): Buffer {
  return Buffer.from(JSON.stringify({ Instance: instance, Said: said, At: atMs, Up: upMs, Last: isLast }))
}

/** One has some 150. */
const MAX_PULSE_BYTES = 1024

/** Throws a `ProtocolError` when the bytes are not a pulse. */
export function parsePulse(bytes: Buffer): Pulse {
  const { Instance, Said, At, Up, Last } = membersOf(bytes)
  if (!isInstance(Instance) || !isCount(Said) || !isCount(At) || !isCount(Up) || typeof Last !== 'boolean') {
    throw new ProtocolError('INVALID_PULSE', 'Pulse lacks a field, or has one of another type')
  }
  return { instance: Instance, said: Said, atMs: At, upMs: Up, isLast: Last }
}

function membersOf(bytes: Buffer): Record<string, unknown> {
  if (bytes.length > MAX_PULSE_BYTES) throw new ProtocolError('INVALID_PULSE', 'Pulse is too long')
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    throw new ProtocolError('INVALID_PULSE', 'Pulse is not JSON', { cause })
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isInstance = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,64}$/.test(value)

const HEADER = 'Belfry-Instance'

/** A header block that names the instance that says something. */
export function instanceHeader(instance: string): Buffer {
  return Buffer.from(`NATS/1.0\r\n${HEADER}: ${instance}\r\n\r\n`)
}

/** The instance that a header block names; `undefined`: none, so it comes from somebody else. */
export function instanceIn(headers: Buffer): string | undefined {
  return /^Belfry-Instance: *([\w-]{1,64})\r$/m.exec(headers.toString('latin1'))?.[1]
}
