import type { LookupAddress } from 'node:dns'
import { isIP, type Socket } from 'node:net'
import { getSystemErrorMessage } from 'node:util'
import type { Clock } from '#kit'
import { formatAddress } from '../listener.ts'
import { connectToAny, type FailedAttempt, NoConnectionError } from './connect-to-any.ts'
import { DialError } from './dial-error.ts'
import { type HttpProxy, openTunnel, proxyAddress } from './http-tunnel.ts'
import { type Lookup, systemLookup } from './lookup.ts'
import { untilAborted, withDeadline } from './with-deadline.ts'

/** Where a server listens. */
export interface DialTarget {
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

export interface DialOptions {
  readonly clock: Clock
  /** For all of it: finding the addresses, connecting, and what the proxy takes. Milliseconds, at least 1. */
  readonly timeoutMs: number
  /** Default: no proxy. Where there is one, it looks the name of the server up. */
  readonly proxy?: HttpProxy | undefined
  /** Gives up, and whatever was begun is ended. */
  readonly signal?: AbortSignal | undefined
  /** Default: that of the system. */
  readonly lookup?: Lookup | undefined
}

/** A connected socket that nobody reads yet: whoever takes it does so in the turn in which it is handed over. */
export type DialedSocket = Socket

/** Of a name with many addresses, as many are tried. */
const MAX_ADDRESSES = 16

/**
 * One attempt to reach a server, at all addresses of its name if need be. Rejects with a `DialError`; nothing is left
 * behind then.
 */
export function dial(target: DialTarget, options: DialOptions): Promise<DialedSocket> {
  const { clock, proxy, timeoutMs, lookup = systemLookup } = options
  let step = ''
  const late = () => new DialError('TIMEOUT', `${step} i/o timeout after ${timeoutMs} ms (${TIMEOUT_HINT})`)
  return withDeadline(options, late, async (signal) => {
    checkTarget(target)
    const first = proxy === undefined ? target : proxyAddress(proxy)
    const addresses = async () => {
      step = `lookup ${first.host}:`
      return addressesOf(first.host, lookup, signal)
    }
    const connected = async (found: readonly LookupAddress[]) => {
      signal.throwIfAborted()
      step = `dial tcp ${formatAddress(first)}:`
      return connectTo(first, found, { clock, signal })
    }
    if (proxy === undefined) return connected(await addresses())
    const socket = await addresses().then(connected).catch(failedProxy)
    step = `proxy ${formatAddress(first)}:`
    return openTunnel(socket, target, proxy, { clock, timeoutMs, signal })
  })
}

const TIMEOUT_HINT = 'is the address right, does a firewall drop the packets, is the time too short?'

/** Other servers tell of addresses too. */
function checkTarget({ host, port }: DialTarget): void {
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new DialError('LOOKUP', `invalid port ${port} of ${JSON.stringify(host.slice(0, 100))}`)
  }
  if (host === '' || /[^\x21-\x7e]|[/@?#\\[\]]/.test(host)) {
    throw new DialError('LOOKUP', `lookup ${JSON.stringify(host.slice(0, 100))}: invalid host name`)
  }
}

function failedProxy(error: unknown): never {
  if (!(error instanceof DialError)) throw error
  throw new DialError('PROXY', `failed to connect to proxy: ${error.message}`, { cause: error })
}

async function addressesOf(host: string, lookup: Lookup, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family }]
  try {
    const addresses = await untilAborted(lookup(host), signal)
    if (addresses.length > 0) return inTurns(addresses)
  } catch (error) {
    if (signal.aborted) throw error
    throw new DialError('LOOKUP', `lookup ${host}: ${lookupReason(error as NodeJS.ErrnoException)}`, { cause: error })
  }
  throw new DialError('LOOKUP', `lookup ${host}: no such host (${NAME_HINT})`)
}

const NAME_HINT = 'check the name in the URL, and the DNS of this machine'

function lookupReason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOTFOUND') return `no such host (${NAME_HINT})`
  if (code === 'EAI_AGAIN') return 'temporary failure in name resolution (the DNS of this machine does not answer)'
  return message
}

/**
 * In any order, so that servers behind one name get a fair share of us, but the families in turns, that of the system's
 * first choice first (RFC 8305 §4): if one of them is broken, the other one comes next.
 */
function inTurns(addresses: readonly LookupAddress[]): readonly LookupAddress[] {
  const [first] = addresses
  const shuffled = addresses
    .map((entry) => ({ entry, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ entry }) => entry)
  const preferred = shuffled.filter(({ family }) => family === first?.family)
  const others = shuffled.filter(({ family }) => family !== first?.family)
  const pairs = Array.from({ length: Math.max(preferred.length, others.length) }, (_, i) => [preferred[i], others[i]])
  return pairs
    .flat()
    .filter((entry) => entry !== undefined)
    .slice(0, MAX_ADDRESSES)
}

async function connectTo(
  target: DialTarget,
  addresses: readonly LookupAddress[],
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Socket> {
  const { port } = target
  try {
    return await connectToAny(addresses, { port, ...options })
  } catch (error) {
    if (!(error instanceof NoConnectionError)) throw error
    const [first] = error.attempts
    const many = error.attempts.map((attempt) => `${attempt.address}: ${reasonOf(attempt)}`).join('; ')
    const what =
      error.attempts.length === 1
        ? `dial tcp ${formatAddress({ host: first!.address, port })}: connect: ${reasonOf(first!)}`
        : `dial tcp ${formatAddress(target)}: ${many}`
    const hint = HINTS[first!.error.code ?? '']
    throw new DialError('CONNECT', hint === undefined ? what : `${what} (${hint})`, { cause: error })
  }
}

function reasonOf({ error }: FailedAttempt): string {
  return error.errno === undefined ? error.message : getSystemErrorMessage(error.errno)
}

const HINTS: Readonly<Record<string, string | undefined>> = {
  ECONNREFUSED: 'nothing listens there: is the server up, and the port right?',
  ENETUNREACH: 'there is no way from this machine to that network',
  EHOSTUNREACH: 'there is no way from this machine to that address',
  ETIMEDOUT: TIMEOUT_HINT,
}
