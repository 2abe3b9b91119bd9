import { isUtf8 } from 'node:buffer'
import { SignalrError, type SignalrErrorCode } from './errors.ts'

/** Ends each JSON text: the handshake's in both directions, and every message of the JSON protocol. spec: hub §1.4 */
export const RECORD_SEPARATOR = 0x1e

/** Text with its separator. JSON has that byte nowhere else: inside of texts it is always escaped. */
export function encodeRecord(value: object): Buffer {
  return Buffer.from(JSON.stringify(value) + String.fromCharCode(RECORD_SEPARATOR))
}

/** The object that `text`, without its separator, is. Throws a `SignalrError` of this code when it is none. */
export function parseRecord(text: Buffer, code: SignalrErrorCode): Record<string, unknown> {
  if (!isUtf8(text)) throw new SignalrError(code, 'Not UTF-8')
  let value: unknown
  try {
    value = JSON.parse(text.toString())
  } catch (cause) {
    throw new SignalrError(code, 'Not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SignalrError(code, 'No JSON object')
  return value as Record<string, unknown>
}
