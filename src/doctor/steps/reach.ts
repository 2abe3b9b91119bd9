/** From the name to a connection. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { peerClass } from '#net'
import { connectionWords } from '../ask.ts'
import type { Place } from '../place.ts'
import { type Finding, fault, ok, type Walk, warning } from '../walk.ts'

/** Of a name with many addresses, as many are tried. */
const MAX_ADDRESSES = 8

const LOOKUP_TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 5_000

/** Finds the addresses, and one of them that takes connections, for all that is asked of `place` from then on. */
export async function reach(walk: Walk, place = walk.place): Promise<boolean> {
  let addresses: readonly string[] = []
  const named = await walk.step('dns', `addresses of ${place.host}`, async () => {
    if (isIP(place.host) !== 0) {
      addresses = [place.host]
      return ok('is an address itself')
    }
    try {
      addresses = await lookUp(place.host, walk.signal)
    } catch (error) {
      return fault('name-not-found', lookupWords(error as NodeJS.ErrnoException))
    }
    return ok(addresses.join(', '))
  })
  const title = `connection to port ${place.port}`
  if (named.status === 'fault') {
    walk.skip('tcp', title, 'there is no address')
    return false
  }
  const connected = await walk.step('tcp', title, () => connect(walk, place, addresses.slice(0, MAX_ADDRESSES)))
  return connected.status !== 'fault'
}

async function connect(walk: Walk, place: Place, addresses: readonly string[]): Promise<Finding> {
  const tries = await Promise.all(
    addresses.map(async (address) => {
      const startMs = performance.now()
      const signal = AbortSignal.any([walk.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
      const error = await place.connectTcp(address, signal).then(
        (socket) => void socket.destroy(),
        (error: Error) => error,
      )
      return { address, error, ms: Math.round(performance.now() - startMs) }
    }),
  )
  walk.signal.throwIfAborted()
  const [first] = tries.filter(({ error }) => error === undefined)
  const says = tries
    .map(({ address, error, ms }) => `${address}: ${error === undefined ? `${ms} ms` : connectionWords(error)}`)
    .join('; ')
  if (first === undefined) return fault('unreachable', says)
  place.address = first.address
  const failed = tries.filter(({ error }) => error !== undefined)
  // `localhost` has two addresses, of which servers often have one.
  if (failed.every(({ address }) => peerClass(address) === 'loopback')) return ok(says)
  return warning('address-unreachable', says)
}

async function lookUp(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const { promise: given, reject } = Promise.withResolvers<never>()
  const either = AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_TIMEOUT_MS)])
  const give = () => reject(either.reason)
  either.addEventListener('abort', give, { once: true })
  const found = await Promise.race([lookup(host, { all: true, order: 'verbatim' }), given])
  signal.throwIfAborted()
  return [...new Set(found.map(({ address }) => address))]
}

function lookupWords({ code, name, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOTFOUND') return 'there is no such name: check the URL, and the DNS of this machine'
  if (code === 'EAI_AGAIN' || name === 'TimeoutError') return 'the DNS of this machine does not answer'
  return message
}
