import { type Account, Broker, InProcessClient, Turn } from '#core'
import { type AppHubSettings, type AppHubs, AppTokens, ConnectionLimit, createAppHubs } from '#doors/hub'
import { type Clock, systemClock } from '#kit'
import { PathRouter, peerAddress } from '#net'
import { lineOf, recordingLogger } from '../../../helpers/recording-logger.ts'
import { until } from '../../../helpers/wait.ts'
import { HubClient } from '../hub-client.ts'
import { serveRoutes } from '../serve-routes.ts'

export const KEY = 'a-key-for-tests-that-has-32-characters'

export interface AppHubServer extends AsyncDisposable {
  readonly hubs: AppHubs
  readonly account: Account
  readonly port: number
  /** `http://127.0.0.1:port/base/hubs/chat` */
  readonly url: string
  /** Everything that was logged, a line each. */
  readonly log: readonly string[]
  /** As any client of the account publishes; answers how many subscriptions got it. */
  publish(subject: string, payload: string | Buffer, reply?: string): number
  /** The first answer. */
  request(subject: string, payload: string): Promise<unknown>
  /** A client of the hub `chat`, which has shaken hands in JSON. */
  connect(user: string, groups?: readonly string[]): Promise<HubClient>
  /** Resolves when so many connections are left. */
  connectionsLeft(count: number): Promise<void>
}

export interface AppHubServerOptions extends Partial<Omit<AppHubSettings, 'account'>> {
  readonly clock?: Clock
  readonly maxConnections?: number
}

/** One hub `chat` behind an HTTP server, below `/base`, with `hub.chat` for its subjects. */
export async function startAppHub(options: AppHubServerOptions = {}): Promise<AppHubServer> {
  const { clock = systemClock, maxConnections = 1_000, ...settings } = options
  const account = new Broker(() => 0).account('APP')
  const client = new InProcessClient(account, (error) => {
    throw error
  })
  const log: string[] = []
  const logger = recordingLogger((line) => log.push(lineOf(line)))
  const hubs = createAppHubs({
    hubs: [
      {
        name: 'chat',
        keys: [KEY],
        account,
        subject: 'hub.chat',
        origins: { own: undefined, sameOrigin: false, allowedOrigins: [] },
        anonymous: false,
        closeOnExpiration: false,
        maxConnectionsPerUser: 64,
        maxConnectionsPerAddress: 0,
        maxPendingBytes: 4 * 1024 * 1024,
        ...settings,
      },
    ],
    basePath: '/base',
    turn: new Turn(setImmediate),
    clock,
    logger,
    boundedLogger: logger,
    clientAddress: peerAddress,
    connections: new ConnectionLimit(maxConnections),
    handshakeTimeoutMs: 15_000,
    keepAliveMs: 3_600_000,
    clientTimeoutMs: 7_200_000,
  })
  const router = new PathRouter()
  for (const [path, handlers] of hubs.routes) router.add(path, handlers)
  for (const [path, handlers] of hubs.routesBelow) router.addBelow(path, handlers)
  const { port, close } = await serveRoutes(router)
  const url = `http://127.0.0.1:${port}/base/hubs/chat`
  const tokens = new AppTokens({ hub: 'chat', keys: [KEY], clock })
  const publish = (subject: string, payload: string | Buffer, reply?: string) =>
    client.publish(subject, Buffer.from(payload), reply)
  return {
    hubs,
    account,
    port,
    url,
    log,
    publish,
    async request(subject, payload) {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      const unsubscribe = client.subscribe('inbox', (answer) => resolve(JSON.parse(answer.payload.toString())))
      publish(subject, payload, 'inbox')
      return promise.finally(unsubscribe)
    },
    connect: async (user, groups = []) =>
      HubClient.start(url.replace('http', 'ws'), await tokens.issueClient({ user, groups }, 60), 'json'),
    connectionsLeft: async (count) => {
      await until(() => hubs.connectionCount <= count, `${count} connections to be left`)
    },
    [Symbol.asyncDispose]: () => close(() => hubs.drain(0)),
  }
}
