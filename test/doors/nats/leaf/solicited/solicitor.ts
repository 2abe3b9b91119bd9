/** Remotes of a leaf door by itself, without configuration: what it links to is a real server, or one that is played. */
import { randomBytes } from 'node:crypto'
import { type Account, Broker, InProcessClient, Turn } from '#core'
import {
  LeafDoor,
  type LeafLink,
  LeafRemote,
  type LeafRemoteOptions,
  type LeafRemoteTools,
  type NatsLimits,
  newServerIdentity,
} from '#doors/nats'
import { type Clock, systemClock } from '#kit'
import { type ClientTlsOptions, readClientTls, WebSocketCompression } from '#net'
import { type LoggedEvent, recordingLogger } from '../../../../helpers/recording-logger.ts'
import { until } from '../../../../helpers/wait.ts'
import { LIMITS } from '../../door-server.ts'

export interface SolicitorOptions {
  /** `scheme://user:password@host:port/path`, each. */
  readonly urls: string | readonly string[]
  readonly remote?: Partial<Omit<LeafRemoteOptions, 'urls' | 'tls'>>
  readonly tls?: Partial<ClientTlsOptions>
  readonly limits?: Partial<NatsLimits>
  readonly tools?: Partial<LeafRemoteTools>
  readonly clock?: Clock
  /** Default 20 ms: tests have no time. */
  readonly reconnectMs?: number
  readonly serverName?: string
  readonly isStarted?: boolean
}

export interface Solicitor extends AsyncDisposable {
  readonly door: LeafDoor
  readonly broker: Broker
  /** `$G`, unless `remote.account` is another. */
  readonly account: Account
  readonly client: InProcessClient
  readonly remote: LeafRemote
  readonly log: readonly LoggedEvent[]
  /** What `onLink` said, in its order. */
  readonly links: readonly (LeafLink | undefined)[]
  linked(): Promise<LeafLink>
  /** The fields of the first event of that name whose text `pattern` matches. */
  logged(event: string, pattern?: RegExp): Promise<LoggedEvent['fields']>
}

const REMOTE: Omit<LeafRemoteOptions, 'urls'> = {
  account: '$G',
  credentialsFile: undefined,
  nkeySeed: undefined,
  tls: undefined,
  isHub: false,
  denyImports: [],
  denyExports: [],
  randomizes: false,
  wsCompression: false,
  wsNoMasking: false,
  firstInfoTimeoutMs: 1_000,
  dialTimeoutMs: 1_000,
  ignoresDiscoveredServers: false,
  isolates: false,
  requestsIsolation: false,
  proxy: undefined,
  writeDeadlineMs: undefined,
  writeTimeoutPolicy: 'close',
}

export function solicit(options: SolicitorOptions): Solicitor {
  const { clock = systemClock, tls } = options
  const log: LoggedEvent[] = []
  const links: (LeafLink | undefined)[] = []
  const random = (below: number) => Math.floor(Math.random() * below)
  const broker = new Broker(random, { clock })
  let lastId = 0
  const door = new LeafDoor({
    broker,
    identity: newServerIdentity(options.serverName),
    limits: { ...LIMITS, ...options.limits },
    turn: new Turn(setImmediate),
    clock,
    logger: recordingLogger((line) => log.push(line)),
    random,
    randomBytes,
    nextId: () => ++lastId,
  })
  const urls = [options.urls].flat().map(urlOf)
  const settings = { ...REMOTE, ...options.remote, urls, tls }
  const account = broker.account(settings.account)
  const remote = new LeafRemote(settings, {
    door,
    compression: new WebSocketCompression(),
    tls: () => readClientTls(tls && clientTls(tls)),
    reconnectMs: () => options.reconnectMs ?? 20,
    onLink: (link) => void links.push(link),
    ...options.tools,
  })
  if (options.isStarted !== false) remote.start()
  return {
    door,
    broker,
    account,
    client: new InProcessClient(account, () => {}),
    remote,
    log,
    links,
    linked: () =>
      until(() => remote.link, `a link, but ${JSON.stringify(log.map(({ fields, event }) => [event, fields]))}`),
    async logged(event, pattern = /(?:)/) {
      const found = await until(
        () => log.find((one) => one.event === event && pattern.test(JSON.stringify(one.fields))),
        `"${event}" ${pattern} in ${JSON.stringify(log.map(({ fields, event }) => [event, fields]))}`,
      )
      return found.fields
    },
    async [Symbol.asyncDispose]() {
      remote.close()
      await door.close()
    },
  }
}

export function urlOf(text: string): LeafRemoteOptions['urls'][number] {
  const { protocol, hostname, port, pathname, username, password } = new URL(text.replace(/^(nats|tls):/, 'http:'))
  return {
    scheme: (/^\w+/.exec(text)?.[0] ?? 'nats') as 'nats',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    path: pathname.replace(/\/$/, ''),
    user: username || undefined,
    password: password || undefined,
  }
}

function clientTls(given: Partial<ClientTlsOptions>): ClientTlsOptions {
  return {
    certificates: [],
    caFile: undefined,
    timeoutMs: 2_000,
    cipherSuites: [],
    curvePreferences: [],
    minVersion: 'TLSv1.2',
    pinnedCerts: [],
    handshakeFirst: false,
    isInsecure: false,
    ...given,
  }
}
