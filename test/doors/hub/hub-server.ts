import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turnOver } from 'node:timers/promises'
import { Broker, InProcessClient, Turn } from '#core'
import { createHubDoor, type HubDoor, type HubDoorOptions } from '#doors/hub'
import { type LogFields, type Logger, systemClock } from '#kit'
import { PathRouter, peerAddress } from '#net'
import { Notifier, VAULT_ACCOUNT } from '#notify'

export const ALICE = '11111111-1111-4111-8111-111111111111'
export const BOB = '22222222-2222-4222-8222-222222222222'

export interface HubServer extends AsyncDisposable {
  readonly door: HubDoor
  readonly notifier: Notifier
  /** `ws://…/notifications/hub` */
  readonly url: string
  readonly port: number
  /** Everything that was logged, as one text. */
  readonly log: string[]
  publish(subject: string, payload: string): number
  /** Resolves when a request that is still to come was let in. */
  nextRequest(): Promise<void>
  /** Resolves when no connection is left. */
  everyoneGone(): Promise<void>
}

/** The hub alone behind an HTTP server: a token is `<user>` or `<user>/<device>`. */
export async function startHub(options: Partial<HubDoorOptions> = {}): Promise<HubServer> {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  const log: string[] = []
  const door = createHubDoor({
    account,
    turn: new Turn(setImmediate),
    clock: systemClock,
    logger: recordingLogger(log),
    authenticate: async (token) => {
      const [user = '', device = 'device'] = token.split('/')
      return user === ALICE || user === BOB ? { user: { id: user }, device: { id: device } } : undefined
    },
    clientAddress: peerAddress,
    ...options,
  })
  const router = new PathRouter()
  for (const [path, handlers] of door.routes) router.add(path, handlers)
  const server = createServer((request, response) => {
    if (!router.handleRequest(request, response)) response.writeHead(404).end()
  })
  server.on('upgrade', (request, socket, head) => router.handleUpgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = new InProcessClient(account, (error) => {
    throw error
  })
  return {
    door,
    port,
    log,
    url: `ws://127.0.0.1:${port}/notifications/hub`,
    notifier: new Notifier((subject, payload) => client.publish(subject, payload)),
    publish: (subject, payload) => client.publish(subject, Buffer.from(payload)),
    async nextRequest() {
      await once(server, 'request')
      await turnOver()
    },
    async everyoneGone() {
      while (door.connectionCount > 0) await turnOver()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      await door.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function recordingLogger(log: string[], inherited: LogFields = {}): Logger {
  const write = (fields: LogFields, event: string) => void log.push(JSON.stringify({ ...inherited, ...fields, event }))
  return {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: (fields) => recordingLogger(log, { ...inherited, ...fields }),
  }
}
