import type { Authenticator } from '#auth'
import type { LeafnodesOptions, NatsOptions, NatsServerOptions, WebsocketOptions } from '#config'
import { type Account, type Broker, SYSTEM_ACCOUNT } from '#core'
import {
  type LeafSnapshot as DoorLeafSnapshot,
  type ConnectionSnapshot as DoorSnapshot,
  type LeafDoor,
  type NatsDoor,
  PROTOCOL_VERSION,
  type ServerIdentity,
} from '#doors/nats'
import { fromByteString } from '#kit'
import { formatAddress, type ListenAddress } from '#net'
import {
  type AccountSnapshot,
  type ClosedConnectionSnapshot,
  type ConnectionSnapshot,
  type LeafnodesSnapshot,
  type LeafSnapshot,
  type MonitoringSource,
  type PushesSnapshot,
  peerCertificate,
  type ServerSnapshot,
  type SubscriptionSnapshot,
  type WebsocketSnapshot,
} from '#ops'

/** What monitoring shows of the service, as it is at the moment of the request: a reload exchanges most of it. */
export interface MonitoredService {
  readonly options: NatsServerOptions
  readonly identity: ServerIdentity
  readonly broker: Broker
  readonly door: NatsDoor
  readonly leafDoor: LeafDoor
  /** Of the TCP listener. */
  readonly authenticator: Authenticator
  /** Of the port of leaf nodes: from INFO to CONNECT. */
  readonly leafAuthTimeoutMs: number
  readonly startMs: number
  /** When the options were read last. */
  readonly configLoadedMs: number
  /** `sha256:…`, or empty without a configuration file. */
  readonly configDigest: string
  readonly addresses: MonitoredAddresses
  /** The JWT of an account, where accounts have some. */
  accountJwt?(name: string): string | undefined
  /** Names of listeners that should take connections and do not. */
  unreadyListeners(): readonly string[]
  /** Absent where there is no vault. */
  readonly pushes?: (() => PushesSnapshot) | undefined
}

export interface MonitoredAddresses {
  readonly nats: ListenAddress
  readonly websockets: readonly ListenAddress[]
  readonly leafnodes: ListenAddress | undefined
  readonly monitoring: { readonly http: ListenAddress | undefined; readonly https: ListenAddress | undefined }
}

/** nats-server shows it also where there is no TLS. */
const DEFAULT_TLS_TIMEOUT_MS = 2_000

/** Tells the monitoring endpoints of the rooms, none of which they know. */
export function monitoringSource(service: MonitoredService): MonitoringSource {
  const { door, leafDoor, broker } = service
  return {
    server: () => serverSnapshot(service),
    totals() {
      const { slowConsumers, staleConnections, stalls, ...totals } = door.totals()
      let subscriptions = 0
      for (const account of broker.accounts()) subscriptions += account.subscriptionCount
      return {
        ...totals,
        subscriptions,
        slowConsumers: slowConsumers.clients,
        staleConnections: staleConnections.clients,
        stalledClients: stalls,
        leafs: leafDoor.totals(),
      }
    },
    *connections() {
      for (const snapshot of door.openSnapshots()) yield connectionSnapshot(snapshot, broker)
      for (const snapshot of leafDoor.snapshots()) yield leafConnection(snapshot, broker)
    },
    *closedConnections() {
      for (const snapshot of door.closedSnapshots()) {
        yield connectionSnapshot(snapshot, broker) as ClosedConnectionSnapshot
      }
    },
    *leafs() {
      for (const snapshot of leafDoor.snapshots()) yield leafSnapshot(snapshot)
    },
    *accounts() {
      for (const account of broker.accounts()) yield accountSnapshot(account, service)
    },
    unreadyListeners: () => service.unreadyListeners(),
    ...(service.pushes && { pushes: service.pushes }),
  }
}

function serverSnapshot(service: MonitoredService): ServerSnapshot {
  const { options, identity, authenticator, addresses } = service
  const { nats, monitoring } = options
  const [websocket] = options.websockets
  return {
    id: identity.id,
    name: identity.name,
    tags: nats.serverTags,
    version: PROTOCOL_VERSION,
    runtime: `node ${process.version}`,
    host: addresses.nats.host,
    port: addresses.nats.port,
    // Whether or not there is a user for those who show nothing.
    isAuthRequired: authenticator.isRequired || authenticator.hasDefaultUser,
    isTlsRequired: nats.tls !== undefined && !nats.tls.allowNonTls,
    isTlsVerified: nats.tls?.verify ?? false,
    maxConnections: nats.maxConnections,
    maxSubscriptions: nats.maxSubscriptions,
    maxControlLineBytes: nats.maxControlLineBytes,
    maxPayloadBytes: nats.maxPayloadBytes,
    maxPendingBytes: nats.maxPendingBytes,
    pingIntervalMs: nats.pingIntervalMs,
    pingMax: nats.pingMax,
    authTimeoutMs: authenticator.timeoutMs,
    tlsTimeoutMs: nats.tls?.timeoutMs ?? DEFAULT_TLS_TIMEOUT_MS,
    writeDeadlineMs: nats.writeDeadlineMs,
    monitoring: {
      host: monitoring?.http?.host ?? monitoring?.https?.host ?? '',
      httpPort: addresses.monitoring.http?.port ?? 0,
      httpsPort: addresses.monitoring.https?.port ?? 0,
    },
    websocket: websocket && websocketSnapshot(websocket, addresses.websockets[0]?.port ?? 0),
    leafnodes: leafnodesSnapshot(options.leafnodes, service),
    startMs: service.startMs,
    configLoadedMs: service.configLoadedMs,
    configDigest: service.configDigest,
    operatorJwts: nats.authorization.operator?.operators,
    systemAccount: systemAccountOf(nats),
  }
}

/** There is always one, but for operators who name none. */
function systemAccountOf({ authorization: { operator }, systemAccount }: NatsOptions): string | undefined {
  return operator === undefined ? (systemAccount ?? SYSTEM_ACCOUNT) : operator.systemAccount
}

function websocketSnapshot(options: WebsocketOptions, port: number): WebsocketSnapshot {
  const { host, tls, advertise, authorization, cookies, allowedOrigins, compression, sameOrigin } = options
  return {
    host,
    port,
    advertise,
    noAuthUser: authorization.noAuthUser,
    jwtCookie: cookies.jwt,
    handshakeTimeoutMs: options.handshakeTimeoutMs,
    authTimeoutMs: authorization.timeoutMs,
    isTls: tls !== undefined,
    mapsTlsSubject: tls?.verifyAndMap,
    pinnedCerts: tls?.pinnedCerts,
    sameOrigin,
    allowedOrigins,
    compression,
  }
}

function leafnodesSnapshot(
  { listener, remotes }: LeafnodesOptions,
  { addresses, leafAuthTimeoutMs }: MonitoredService,
): LeafnodesSnapshot | undefined {
  if (listener === undefined && remotes.length === 0) return undefined
  return {
    listener: listener && {
      host: listener.host,
      port: addresses.leafnodes?.port ?? listener.port,
      authTimeoutMs: leafAuthTimeoutMs,
      tlsTimeoutMs: listener.tls?.timeoutMs ?? DEFAULT_TLS_TIMEOUT_MS,
      isTlsRequired: listener.tls !== undefined,
      isTlsVerified: listener.tls?.verify ?? false,
    },
    remotes: remotes.map(({ account, urls, tls, denyImports, denyExports }) => ({
      account,
      addresses: urls.map(formatAddress),
      tlsTimeoutMs: tls?.timeoutMs,
      denyImports: denyImports.map(fromByteString),
      denyExports: denyExports.map(fromByteString),
    })),
  }
}

function leafSnapshot(snapshot: DoorLeafSnapshot): LeafSnapshot {
  return {
    ...snapshot,
    subscriptions: () => subscriptionsOf({ cid: snapshot.id, subscriptions: snapshot.subscriptions }),
  }
}

/** The same among all connections. */
function leafConnection(snapshot: DoorLeafSnapshot, broker: Broker): ConnectionSnapshot {
  return {
    ...leafSnapshot(snapshot),
    cid: snapshot.id,
    kind: 'Leafnode',
    type: snapshot.isWebSocket ? 'websocket' : 'nats',
    startMs: snapshot.startMs,
    lastActivityMs: snapshot.lastActivityMs,
    pendingBytes: snapshot.pendingBytes,
    accountTag: broker.find(snapshot.account)?.definition?.nameTag,
  }
}

function connectionSnapshot(snapshot: DoorSnapshot, broker: Broker): ConnectionSnapshot {
  const { tls, account } = snapshot
  return {
    ...snapshot,
    kind: 'Client',
    accountTag: broker.find(account)?.definition?.nameTag,
    subscriptions: () => subscriptionsOf(snapshot),
    tls: tls && {
      version: tls.version,
      cipherSuite: tls.cipherSuite,
      // Costs digests, which few requests ask for.
      get peerCertificates() {
        return tls.peerCertificate === undefined ? [] : [peerCertificate(tls.peerCertificate)]
      },
    },
  }
}

function accountSnapshot(account: Account, { door, configLoadedMs, accountJwt }: MonitoredService): AccountSnapshot {
  const { name, definition, connectionCount, leafNodeCount, traffic } = account
  return {
    name,
    definition,
    jwt: accountJwt?.(name),
    updatedMs: configLoadedMs,
    clients: connectionCount - leafNodeCount,
    leafNodes: leafNodeCount,
    ...traffic,
    slowConsumers: door.slowConsumersIn(name),
    stats: () => account.stats(),
  }
}

function* subscriptionsOf({
  cid,
  subscriptions,
}: Pick<DoorSnapshot, 'cid' | 'subscriptions'>): Iterable<SubscriptionSnapshot> {
  for (const subscription of subscriptions()) yield { ...subscription, cid }
}
