import { setImmediate as turnOver } from 'node:timers/promises'
import { type Account, Broker, InProcessClient, Turn } from '#core'
import { ConnectionLimit, createHubDoor, type HubDoor, type HubDoorOptions } from '#doors/hub'
import { systemClock } from '#kit'
import { PathRouter, peerAddress } from '#net'
import { Notifier, VAULT_ACCOUNT } from '#notify'
import { lineOf, recordingLogger } from '../../helpers/recording-logger.ts'
import { until } from '../../helpers/wait.ts'
import { serveRoutes } from './serve-routes.ts'

export const ALICE = '11111111-1111-4111-8111-111111111111'
export const BOB = '22222222-2222-4222-8222-222222222222'

export interface HubServer extends AsyncDisposable {
  readonly door: HubDoor
  /** `VAULT`. */
  readonly account: Account
  readonly notifier: Notifier
  /** `ws://…/notifications/hub` */
  readonly url: string
  readonly port: number
  /** Everything that was logged, a line each. */
  readonly log: string[]
  publish(subject: string, payload: string): number
  /** Resolves when a request that is still to come was let in. */
  nextRequest(): Promise<void>
  /** Resolves when no connection is left. */
  everyoneGone(): Promise<void>
}

export interface HubServerOptions extends Partial<HubDoorOptions> {
  readonly maxConnections?: number
}

/** The hub alone behind an HTTP server: a token is `<user>` or `<user>/<device>`. */
export async function startHub({ maxConnections = 65_536, ...options }: HubServerOptions = {}): Promise<HubServer> {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  const log: string[] = []
  const client = new InProcessClient(account, (error) => {
    throw error
  })
  const door = createHubDoor({
    account,
    turn: new Turn(setImmediate),
    clock: systemClock,
    logger: recordingLogger((line) => log.push(lineOf(line))),
    authenticate: async (token) => {
      const [user = '', device = 'device'] = token.split('/')
      return user === ALICE || user === BOB ? { user: { id: user }, device: { id: device } } : undefined
    },
    clientAddress: peerAddress,
    connections: new ConnectionLimit(maxConnections),
    say: (subject, payload) => client.publish(subject, payload),
    ...options,
  })
  const router = new PathRouter()
  for (const [path, handlers] of door.routes) router.add(path, handlers)
  const { port, nextRequest, close } = await serveRoutes(router)
  return {
    door,
    account,
    port,
    log,
    url: `ws://127.0.0.1:${port}/notifications/hub`,
    notifier: new Notifier((subject, payload) => client.publish(subject, payload)),
    publish: (subject, payload) => client.publish(subject, Buffer.from(payload)),
    nextRequest,
    everyoneGone: async () => {
      await until(() => door.connectionCount === 0, 'the end of all connections')
    },
    [Symbol.asyncDispose]: () => close(() => door.close()),
  }
}

const LARGE = {
  recipients: [ALICE],
  contextId: null,
  collectionIds: Array.from({ length: 1000 }, (_, i) => `77777777-7777-4777-8777-${String(i).padStart(12, '0')}`),
}

/** So many events for Alice, one in each turn. Each has 40 KB, so that the operating system's buffers are soon full. */
export async function publishLarge({ notifier }: HubServer, events: number): Promise<void> {
  const cipher = { id: 'c1', userId: null, organizationId: 'o1', revisionDate: new Date(0) }
  for (let i = 0; i < events; i++) {
    notifier.cipher('SyncCipherUpdate', cipher, LARGE)
    await turnOver()
  }
}
