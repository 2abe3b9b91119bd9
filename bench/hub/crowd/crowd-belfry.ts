/**
 * A Belfry on the data folder that its first argument names. Its parent may say `tell`: then each of the users that it
 * names is told of a change, in the way the vault does it; and `collect`: then garbage is collected, if Node was started
 * with `--expose-gc`, and memory is counted.
 */
import { Socket } from 'node:net'
import { type Account, Broker, InProcessClient } from '#core'
import { silentLogger } from '#kit'
import { Notifier, VAULT_ACCOUNT } from '#notify'
import { startServer } from '#server'
import { DOMAIN } from './town.ts'

/** First byte of a WebSocket frame with a whole binary message: an HTTP response never begins like that. */
const BINARY_MESSAGE = 0x82

/** The hub's pings are shorter than any event. */
const MIN_EVENT_BYTES = 50

export type CrowdBelfryOrder =
  | { readonly kind: 'tell'; readonly userIds: readonly string[] }
  | { readonly kind: 'collect' }

export interface Told {
  /** Of the monotonic clock, which all processes share. */
  readonly beganAtNs: number
  /** When the last socket had its bytes. */
  readonly writtenAtNs: number
  /** Frames written to sockets. */
  readonly writes: number
  /** Different ones among them. */
  readonly encodings: number
}

let vaultAccount: Account | undefined
const account = Broker.prototype.account
Broker.prototype.account = function (name) {
  const found = account.call(this, name)
  if (name === VAULT_ACCOUNT) vaultAccount = found
  return found
}

let written: Buffer[] | undefined
// The overloads cannot be said in one signature.
const write = Socket.prototype.write as (...args: unknown[]) => boolean
Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
  const [bytes] = args
  const isEvent = Buffer.isBuffer(bytes) && bytes[0] === BINARY_MESSAGE && bytes.length >= MIN_EVENT_BYTES
  if (isEvent) written?.push(bytes)
  return write.apply(this, args)
}

const nowNs = () => Number(process.hrtime.bigint())

async function tell(userIds: readonly string[]): Promise<Told> {
  const client = new InProcessClient(vaultAccount!, (error) => {
    throw error
  })
  const notifier = new Notifier((subject, payload) => client.publish(subject, payload))
  const frames: Buffer[] = []
  written = frames
  const revisionDate = new Date()
  const beganAtNs = nowNs()
  for (const userId of userIds) {
    const cipher = { id: crypto.randomUUID(), userId, organizationId: null, revisionDate }
    notifier.cipher('SyncCipherUpdate', cipher, { recipients: [userId], contextId: null })
  }
  // The hub's turn ends in a microtask of this one.
  await new Promise(setImmediate)
  const writtenAtNs = nowNs()
  written = undefined
  return { beganAtNs, writtenAtNs, writes: frames.length, encodings: new Set(frames).size }
}

const [, , dataFolder = ''] = process.argv
const anyPort = { host: '127.0.0.1', port: 0 }
const server = await startServer(
  {
    nats: anyPort,
    websocket: { ...anyPort, noTls: true },
    web: { ...anyPort, https: anyPort },
    hub: { drainWindowMs: 0 },
    vault: { dataFolder, domain: DOMAIN },
  },
  { logger: silentLogger },
)
process.send?.({ addresses: server.addresses })
process.on('message', async (order: CrowdBelfryOrder) => {
  if (order.kind === 'tell') {
    process.send?.(await tell(order.userIds))
  } else {
    globalThis.gc?.()
    process.send?.(process.memoryUsage())
  }
})

const end = async () => {
  await server.close()
  process.exit()
}
// Also when the parent is gone without a word.
process.once('SIGTERM', end).once('disconnect', end)
