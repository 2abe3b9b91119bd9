import type {
  AccountSnapshot,
  ClosedConnectionSnapshot,
  ConnectionSnapshot,
  LeafSnapshot,
  MonitoringSource,
  ServerSnapshot,
  SubscriptionSnapshot,
} from '#ops'
import { SAMPLE_USER } from './sample-clients.ts'

/** 2026-01-02T03:04:05.678Z, where the fake clock begins. */
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

export const SAMPLE_SERVER: ServerSnapshot = {
  id: 'NB2JWRZ7BBZ4MRQ4KLPXPG2YWAFD5VGCJ3LTUJTSBVCHV6DRSZLVVVMV',
  name: 'bells',
  version: '2.9.25',
  runtime: 'node v24.0.0',
  host: '127.0.0.1',
  port: 4222,
  isAuthRequired: true,
  isTlsRequired: false,
  isTlsVerified: false,
  maxConnections: 65536,
  maxSubscriptions: 0,
  maxControlLineBytes: 4096,
  maxPayloadBytes: 1048576,
  maxPendingBytes: 67108864,
  pingIntervalMs: 120_000,
  pingMax: 2,
  authTimeoutMs: 2_000,
  tlsTimeoutMs: 2_000,
  writeDeadlineMs: 10_000,
  monitoring: { host: '127.0.0.1', httpPort: 8222, httpsPort: 0 },
  websocket: {
    host: '127.0.0.1',
    port: 8080,
    isTls: false,
    sameOrigin: false,
    allowedOrigins: ['https://app.example.com'],
    compression: true,
  },
  startMs: NOW_MS - 3_725_000,
  configLoadedMs: NOW_MS - 3_725_000,
  configDigest: 'sha256:20a9203a201dca11fad8ed2b1ab730b768efff37568f5786651a135e347ef0e2',
  systemAccount: '$SYS',
}

export function subscription(fields: Partial<SubscriptionSnapshot> = {}): SubscriptionSnapshot {
  return { subject: 'foo', sid: '1', msgs: 0, cid: 1, ...fields }
}

/** A connection that came a minute ago and has been silent for a second. */
export function connection(
  fields: Partial<Omit<ConnectionSnapshot, 'subscriptions'>> & { subscriptions?: readonly SubscriptionSnapshot[] } = {},
): ConnectionSnapshot {
  const { subscriptions = [], ...others } = fields
  return {
    cid: 1,
    kind: 'Client',
    type: 'nats',
    ip: '192.0.2.7',
    port: 50_000,
    startMs: NOW_MS - 60_000,
    lastActivityMs: NOW_MS - 1_000,
    rttMs: 0.4017,
    pendingBytes: 0,
    inMsgs: 0,
    outMsgs: 0,
    inBytes: 0,
    outBytes: 0,
    subscriptionCount: subscriptions.length,
    account: '$G',
    ...others,
    subscriptions: () => subscriptions,
  }
}

export const NO_LEAFS = {
  connections: 0,
  inMsgs: 0,
  inBytes: 0,
  outMsgs: 0,
  outBytes: 0,
  slowConsumers: 0,
  staleConnections: 0,
}

export function leaf(fields: Partial<LeafSnapshot> = {}): LeafSnapshot {
  return {
    id: 9,
    name: 'spoke',
    isSpoke: false,
    isIsolated: false,
    account: '$G',
    ip: '192.0.2.9',
    port: 50_009,
    rttMs: 0.4017,
    inMsgs: 3,
    inBytes: 30,
    outMsgs: 4,
    outBytes: 40,
    subscriptionCount: 1,
    subscriptions: () => [subscription({ subject: 'bells', sid: 'bells', cid: 9 })],
    ...fields,
  }
}

export function closed(
  fields: Parameters<typeof connection>[0] & { stopMs?: number; reason?: string } = {},
): ClosedConnectionSnapshot {
  const { stopMs = NOW_MS - 500, reason = 'Client Closed', ...others } = fields
  return { ...connection(others), stopMs, reason }
}

export function account(
  name: string,
  fields: Partial<AccountSnapshot> & { subscriptions?: number } = {},
): AccountSnapshot {
  const { subscriptions = 0, ...others } = fields
  return {
    name,
    updatedMs: NOW_MS - 3_725_000,
    clients: 1,
    leafNodes: 0,
    inMsgs: 1,
    inBytes: 5,
    outMsgs: 2,
    outBytes: 10,
    slowConsumers: 0,
    stats: () => ({
      subscriptions,
      cached: 2,
      inserts: subscriptions,
      removes: 0,
      matches: 4,
      cacheHits: 3,
      maxFanout: 2,
      totalFanout: 3,
    }),
    ...others,
  }
}

/** What `connectSampleClients` does, as a source would tell it. */
export function sampleSource(fields: Partial<MonitoringSource> = {}): MonitoringSource {
  const byTcp = [
    subscription({ subject: 'foo.>', sid: '1', msgs: 1 }),
    subscription({ subject: 'bar', queue: 'workers', sid: '2', max: 5 }),
  ]
  const byWebsocket = [subscription({ subject: 'ws.sub', cid: 2 })]
  const whoLeft = [subscription({ subject: 'gone', cid: 3 })]
  const user = { authorizedUser: SAMPLE_USER.user }
  return {
    server: () => SAMPLE_SERVER,
    totals: () => ({
      connections: 2,
      totalConnections: 3,
      subscriptions: 3,
      inMsgs: 1,
      inBytes: 5,
      outMsgs: 1,
      outBytes: 5,
      slowConsumers: 0,
      staleConnections: 0,
      stalledClients: 0,
      leafs: NO_LEAFS,
    }),
    connections: () => [
      connection({
        ...user,
        name: 'app <1>',
        lang: 'node',
        version: '1.2.3',
        outMsgs: 1,
        outBytes: 5,
        subscriptions: byTcp,
      }),
      connection({ ...user, cid: 2, type: 'websocket', lang: 'js', version: '3', subscriptions: byWebsocket }),
    ],
    closedConnections: () => [closed({ ...user, cid: 3, name: 'gone', subscriptions: whoLeft })],
    leafs: () => [],
    accounts: () => [account('$G', { subscriptions: 3, clients: 2 }), account('$SYS', { clients: 0 })],
    unreadyListeners: () => [],
    ...fields,
  }
}
