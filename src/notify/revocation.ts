import { ProtocolError } from '#kit'

/** Sessions that are over. What lives on them has to end on every machine: subject `CONTROL_REVOKE`. */
export interface Revocation {
  readonly userId: string
  /** Null: all devices of the user. */
  readonly deviceIds: readonly string[] | null
  /** The device that brought it about; null when none did. */
  readonly contextId: string | null
}

/** JSON, UTF-8: `{"UserId":"…","DeviceIds":["…"],"ContextId":null}`. */
export function encodeRevocation({ userId, deviceIds, contextId }: Revocation): Buffer {
  return Buffer.from(JSON.stringify({ UserId: userId, DeviceIds: deviceIds, ContextId: contextId }))
}

/** Throws a `ProtocolError` when the bytes are not a revocation. */
export function parseRevocation(bytes: Buffer): Revocation {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw invalid('is not JSON', { cause })
  }
  const { UserId, DeviceIds = null, ContextId = null } = (value ?? {}) as Record<string, unknown>
  if (typeof UserId !== 'string') throw invalid('names no user')
  if (DeviceIds !== null && !isTexts(DeviceIds))
    throw invalid('has DeviceIds that are neither a list of texts nor null')
  if (ContextId !== null && typeof ContextId !== 'string')
    throw invalid('has a ContextId that is neither text nor null')
  return { userId: UserId, deviceIds: DeviceIds, contextId: ContextId }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

function invalid(what: string, options?: ErrorOptions): ProtocolError<'INVALID_REVOCATION'> {
  return new ProtocolError('INVALID_REVOCATION', `Revocation ${what}`, options)
}
