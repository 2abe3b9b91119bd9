/** A NATS door by itself, behind a TCP and a WebSocket listener of 127.0.0.1, for what no configuration says. */
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { type Authenticator, authenticatorFor } from '#auth'
import { Broker, Turn } from '#core'
import {
  type DoorObserver,
  type ListenerProfile,
  NatsDoor,
  type NatsLimits,
  type NatsUpgradeOptions,
  newServerIdentity,
  type ProtocolTrace,
  type TcpTls,
} from '#doors/nats'
import { systemClock } from '#kit'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { once } from '../../helpers/wait.ts'
import type { RunningImplementation } from './implementations.ts'

export const LIMITS: NatsLimits = {
  maxPayloadBytes: 1024 * 1024,
  maxPendingBytes: 64 * 1024 * 1024,
  maxControlLineBytes: 4096,
  maxConnections: 100,
  maxSubscriptions: 0,
  maxSubscriptionTokens: 0,
  maxClosedClients: 100,
  pingIntervalMs: 60_000,
  pingMax: 2,
  writeDeadlineMs: 10_000,
  writeTimeoutPolicy: 'close',
  supportsHeaders: true,
  stallsFastProducers: true,
}

export interface DoorServerOptions {
  readonly limits?: Partial<NatsLimits>
  /** Default: everybody is welcome. */
  readonly authenticator?: Authenticator
  /** Of the WebSocket listener; default: the same. */
  readonly webSocketAuthenticator?: Authenticator
  readonly tls?: TcpTls
  readonly webSocket?: Partial<ListenerProfile>
  readonly upgrade?: Partial<NatsUpgradeOptions>
  readonly trace?: ProtocolTrace
  readonly observer?: DoorObserver
}

export interface DoorServer extends RunningImplementation {
  readonly door: NatsDoor
  readonly broker: Broker
  readonly log: readonly LoggedEvent[]
  readonly tcpProfile: { current: ListenerProfile }
  readonly webSocketProfile: { current: ListenerProfile }
}

export async function startDoor(options: DoorServerOptions = {}): Promise<DoorServer> {
  const log: LoggedEvent[] = []
  const broker = new Broker((below) => Math.floor(Math.random() * below))
  const everybody = authenticatorFor({ main: {} })
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => void sockets.add(socket)
  const webServer = http.createServer().on('connection', track)
  await once(webServer.listen(0, '127.0.0.1'), 'listening')
  const webSocket = addressOf(webServer)
  const door: NatsDoor = new NatsDoor({
    broker,
    identity: newServerIdentity('alone'),
    limits: { ...LIMITS, ...options.limits },
    turn: new Turn(setImmediate),
    clock: systemClock,
    logger: recordingLogger((line) => log.push(line)),
    trace: options.trace,
    observer: options.observer,
    random: (below) => Math.floor(Math.random() * below),
    randomBytes,
    webSocketUrl: () => `ws://${webSocket.host}:${webSocket.port}`,
  })
  const tcpServer = net.createServer({ allowHalfOpen: true }, (socket) => door.acceptSocket(socket, tcpProfile))
  await once(tcpServer.on('connection', track).listen(0, '127.0.0.1'), 'listening')
  const tcp = addressOf(tcpServer)
  const tcpProfile: { current: ListenerProfile } = {
    current: {
      facts: { ...tcp, isTls: options.tls !== undefined, allowsPlain: options.tls?.allowNonTls ?? false },
      connectionType: 'STANDARD',
      authenticator: options.authenticator ?? everybody,
      tls: options.tls,
    },
  }
  const webSocketProfile: { current: ListenerProfile } = {
    current: {
      facts: { ...webSocket, isTls: false },
      connectionType: 'WEBSOCKET',
      authenticator: options.webSocketAuthenticator ?? options.authenticator ?? everybody,
      ...options.webSocket,
    },
  }
  webServer.on('upgrade', (request, socket, head) =>
    door.acceptUpgrade(request, socket, head, { listener: webSocketProfile, ...options.upgrade }),
  )
  return {
    name: 'belfry',
    tcp,
    webSocket,
    door,
    broker,
    log,
    tcpProfile,
    webSocketProfile,
    async [Symbol.asyncDispose]() {
      door.close()
      const closed = Promise.all(
        [tcpServer, webServer].map((server) => new Promise((resolve) => server.close(resolve))),
      )
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function addressOf(server: net.Server): { host: string; port: number } {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}
