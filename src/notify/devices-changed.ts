import { ProtocolError } from '#kit'

/** JSON, UTF-8: `{"UserId":"…"}`. */
export function encodeDevicesChanged(userId: string): Buffer {
  return Buffer.from(JSON.stringify({ UserId: userId }))
}

/** The user's id. Throws a `ProtocolError` when the bytes name none. */
export function parseDevicesChanged(bytes: Buffer): string {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new ProtocolError('INVALID_CHANGE', 'Change of devices is not JSON', { cause })
  }
  const { UserId } = (value ?? {}) as Record<string, unknown>
  if (typeof UserId !== 'string') throw new ProtocolError('INVALID_CHANGE', 'Change of devices names no user')
  return UserId
}
