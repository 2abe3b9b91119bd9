import { ECDH } from 'node:crypto'
import { ProtocolError } from '#kit'
import { checkedHost, checkPort, type GuardRules } from './guarded-connection.ts'

/** Longest URL of a push service that is taken. Characters; those of Google, Mozilla, Apple and Microsoft have up to 700. */
const MAX_ENDPOINT_LENGTH = 2048

/** RFC 8291 §3.1: an uncompressed point of P-256. */
const POINT_BYTES = 65
/** RFC 8291 §3.2. */
const SECRET_BYTES = 16

/** Where a browser takes Web Push, as it says so itself: keys in base64 or base64url, padded or not. */
export interface WebPushFields {
  readonly endpoint: string
  readonly p256dh: string
  readonly auth: string
}

/**
 * Checks what a browser says of its subscription, and answers it in one form: keys in base64url without padding. Throws a
 * `ProtocolError` whose text says what is wrong, and repeats none of it, when nothing could be sent there: the URL is none
 * of HTTPS, leads to a host that the rules forbid, or a key is none.
 */
export function checkWebPushAddress(fields: WebPushFields, rules: GuardRules): WebPushFields {
  const { endpoint } = fields
  pushServiceOf(endpoint, rules)
  const point = decoded(fields.p256dh, POINT_BYTES)
  if (point === undefined || !isPoint(point)) throw invalid('p256dh is no uncompressed point of P-256 in base64url')
  const secret = decoded(fields.auth, SECRET_BYTES)
  if (secret === undefined) throw invalid(`auth is not ${SECRET_BYTES} bytes in base64url`)
  return { endpoint, p256dh: point.toString('base64url'), auth: secret.toString('base64url') }
}

/**
 * The URL of a push service, if one may be asked there: throws a `ProtocolError` otherwise. What its name leads to is
 * checked when it is connected to.
 */
export function pushServiceOf(endpoint: string, rules: GuardRules): URL {
  if (endpoint.length > MAX_ENDPOINT_LENGTH) throw invalid(`endpoint has more than ${MAX_ENDPOINT_LENGTH} characters`)
  const url = /^[\x21-\x7e]+$/.test(endpoint) ? URL.parse(endpoint) : null
  if (url?.protocol !== 'https:') throw invalid('endpoint is no https:// URL')
  if (url.username !== '' || url.password !== '') throw invalid('endpoint has a user in it')
  try {
    checkedHost(url, rules)
    // Whoever has a push service of their own in their network may have it anywhere.
    if (rules.blocksNonGlobalAddresses) checkPort(url)
  } catch (cause) {
    throw invalid('endpoint leads to a host or port that must not be asked', { cause })
  }
  return url
}

function decoded(text: string, byteLength: number): Buffer | undefined {
  // A multiple of four characters with padding; Node would pass over whatever else is in it.
  if (text.length > byteLength * 2 || !/^[\w+/-]+={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length === byteLength ? bytes : undefined
}

function isPoint(bytes: Buffer): boolean {
  // OpenSSL would take a hybrid form of that length as well.
  if (bytes[0] !== 4) return false
  try {
    ECDH.convertKey(bytes, 'prime256v1')
    return true
  } catch {
    return false
  }
}

function invalid(what: string, options?: ErrorOptions): ProtocolError<'INVALID_SUBSCRIPTION'> {
  return new ProtocolError('INVALID_SUBSCRIPTION', `The ${what}`, options)
}
