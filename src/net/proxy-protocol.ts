/** PROXY protocol, versions 1 and 2: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt ("the text" below). */
import { isIPv4, isIPv6, type Socket } from 'node:net'
import { ProtocolError, plainAddress } from '#kit'
import type { RemoteAddress } from './carrier.ts'
import { EndedEarlyError, type Head, readHead } from './read-head.ts'
import { noteRemote, remoteOf } from './remote-address.ts'
import { type TrustCheck, type TrustedProxies, trustCheck } from './trusted-proxies.ts'

/** The header is wrong, missing, late, or from somebody who may not send one. The connection is closed. */
export class ProxyProtocolError extends ProtocolError<'PROXY_PROTOCOL'> {
  override name = 'ProxyProtocolError'

  constructor(message: string) {
    super('PROXY_PROTOCOL', message)
  }
}

/**
 * Whose headers count on a listener with `proxy_protocol`.
 *
 * `required`: a connection from a trusted address must begin with a header, and one from elsewhere is closed, as the
 * text demands (§2): whoever may guess can be lied to.
 * `optional`: nats-server's way, which knows no trusted proxies: a header counts from everybody, and connections without
 * one are taken as they are. Only for a port that nobody but proxies can reach.
 */
export type ProxyProtocolRules =
  | { readonly header: 'required'; readonly isTrusted: TrustCheck }
  | { readonly header: 'optional' }

/** With nobody trusted, which is the default, the rules are nats-server's. Throws a `ConfigError` for a bad entry. */
export function proxyProtocolRules(trustedProxies: TrustedProxies): ProxyProtocolRules {
  if (trustedProxies === 'none') return { header: 'optional' }
  return { header: 'required', isTrusted: trustCheck(trustedProxies) }
}

/** How long a header may take; milliseconds, as nats-server's. Proxies send it with their first packet. */
export const PROXY_HEADER_TIMEOUT_MS = 5_000

/**
 * How long a header that need not be there is waited for where the server speaks first: whoever connects without a
 * proxy sends nothing until it has INFO, and waits for it as long.
 */
export const OPTIONAL_PROXY_HEADER_WAIT_MS = 250

/**
 * Takes the header off a fresh connection; `remoteOf(socket)` is the client's address afterwards, and the socket is
 * paused: whoever reads on has to `resume()` it. Resolves with false when nothing came in time, which is no error where
 * the header is optional. Rejects with a `ProxyProtocolError`, and destroys the socket then.
 *
 * `timeoutMs` is for clients that speak first; default: what is right where the server does.
 */
export async function readProxyHeader(
  socket: Socket,
  rules: ProxyProtocolRules,
  timeoutMs = rules.header === 'required' ? PROXY_HEADER_TIMEOUT_MS : OPTIONAL_PROXY_HEADER_WAIT_MS,
): Promise<boolean> {
  const isRequired = rules.header === 'required'
  try {
    if (isRequired && !rules.isTrusted(remoteOf(socket).address)) {
      throw new ProxyProtocolError('not a trusted proxy')
    }
    const parse = isRequired ? parseProxyHeader : parseOptionalHeader
    const header = await readHead(socket, parse, timeoutMs)
    if (header === undefined && isRequired) throw new ProxyProtocolError('timeout reading PROXY protocol header')
    if (header?.source !== undefined) noteRemote(socket, header.source)
    return header !== undefined
  } catch (error) {
    socket.destroy()
    throw error instanceof EndedEarlyError ? new ProxyProtocolError(`${error.message} before its PROXY header`) : error
  }
}

export interface ProxyHeader {
  /** `undefined` where there is none: health checks of the proxy itself (`LOCAL`, `UNKNOWN`) and UNIX sockets. */
  readonly source: RemoteAddress | undefined
}

const V1_PREFIX = Buffer.from('PROXY ')
/** The text, §2.1: the longest line, with its CRLF. */
const V1_MAX_BYTES = 107
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const V2_FIXED_BYTES = 16
/** The text asks for 216 for the addresses; behind them come TLVs, of which a certificate's fields are the longest. */
const V2_MAX_BYTES = V2_FIXED_BYTES + 4096

/** `undefined` when the bytes are only the beginning of a header. Throws a `ProxyProtocolError` when they are none. */
export function parseProxyHeader(bytes: Buffer): Head<ProxyHeader> | undefined {
  if (isBeginningOf(bytes, V1_PREFIX)) return parseV1(bytes)
  if (isBeginningOf(bytes, V2_SIGNATURE)) return parseV2(bytes)
  throw new ProxyProtocolError('unrecognized PROXY protocol format')
}

function parseOptionalHeader(bytes: Buffer): Head<ProxyHeader> | undefined {
  const isHeader = isBeginningOf(bytes, V1_PREFIX) || isBeginningOf(bytes, V2_SIGNATURE)
  return isHeader ? parseProxyHeader(bytes) : { value: { source: undefined }, byteLength: 0 }
}

/** Whether `bytes` begin with `mark`, or may still do so. */
function isBeginningOf(bytes: Buffer, mark: Buffer): boolean {
  const length = Math.min(bytes.length, mark.length)
  return bytes.compare(mark, 0, length, 0, length) === 0
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443␍␊` */
function parseV1(bytes: Buffer): Head<ProxyHeader> | undefined {
  const line = bytes.toString('latin1', 0, V1_MAX_BYTES)
  const end = line.indexOf('\r\n')
  if (end === -1) {
    if (bytes.length < V1_MAX_BYTES) return undefined
    throw invalid('v1 line too long')
  }
  const byteLength = end + 2
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = line
    .slice(0, end)
    .split(' ')
  // The text: what follows `UNKNOWN` is to be ignored.
  if (family === 'UNKNOWN') return { value: { source: undefined }, byteLength }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  if (isAddress === undefined) throw invalid(`protocol ${JSON.stringify(family)}`)
  // A zone (`%eth0`) means something on one machine only, and may be any text.
  if (!isAddress(source) || !isAddress(destination) || source.includes('%')) throw invalid('invalid address')
  if (!isPort(sourcePort) || !isPort(destinationPort) || rest.length > 0) throw invalid('invalid port')
  return { value: { source: { address: plainAddress(source), port: Number(sourcePort) } }, byteLength }
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff
}

/** Signature, version and command, family and transport, length; then addresses and TLVs, which are passed over. */
function parseV2(bytes: Buffer): Head<ProxyHeader> | undefined {
  if (bytes.length < V2_FIXED_BYTES) return undefined
  const [version, command] = halves(bytes[12]!)
  const [family, transport] = halves(bytes[13]!)
  if (version !== 2) throw invalid(`version ${version}`)
  if (command > 1) throw invalid(`command ${command}`)
  const byteLength = V2_FIXED_BYTES + bytes.readUInt16BE(14)
  if (byteLength > V2_MAX_BYTES) throw invalid(`v2 header of ${byteLength} bytes`)
  if (bytes.length < byteLength) return undefined

  const addresses = bytes.subarray(V2_FIXED_BYTES, byteLength)
  const isLocal = command === 0
  if (isLocal || family === Family.UNSPEC || family === Family.UNIX) return { value: { source: undefined }, byteLength }
  if (transport !== STREAM) throw invalid('only STREAM is supported')
  return { value: { source: readSource(family, addresses) }, byteLength }
}

const Family = { UNSPEC: 0, INET: 1, INET6: 2, UNIX: 3 } as const
const STREAM = 1

function halves(byte: number): [high: number, low: number] {
  return [byte >> 4, byte & 0x0f]
}

/** Both addresses, then both ports. */
function readSource(family: number, bytes: Buffer): RemoteAddress {
  if (family !== Family.INET && family !== Family.INET6) throw invalid(`address family ${family}`)
  const addressBytes = family === Family.INET ? 4 : 16
  if (bytes.length < 2 * addressBytes + 4) throw invalid('addresses too short')
  const address = bytes.subarray(0, addressBytes)
  return {
    address: family === Family.INET ? address.join('.') : ipv6Text(address),
    port: bytes.readUInt16BE(2 * addressBytes),
  }
}

function ipv6Text(bytes: Buffer): string {
  const isMapped = bytes.readUIntBE(0, 6) === 0 && bytes.readUIntBE(6, 6) === 0xffff
  if (isMapped) return bytes.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  // The URL parser knows how zeros are left out (RFC 5952).
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

function invalid(what: string): ProxyProtocolError {
  return new ProxyProtocolError(`invalid PROXY protocol header: ${what}`)
}
