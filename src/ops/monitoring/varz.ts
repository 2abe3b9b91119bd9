import { goTime, nanoseconds, uptime } from './go-format.ts'
import { type JsonObject, unlessEmpty } from './json.ts'
import { jwtPayload } from './jwt-payload.ts'
import type { ProcessUsage } from './process-usage.ts'
import type { LeafnodesSnapshot, ServerSnapshot, TotalsSnapshot, WebsocketSnapshot } from './source.ts'

export interface VarzFacts {
  readonly server: ServerSnapshot
  readonly totals: TotalsSnapshot
  readonly usage: ProcessUsage
  readonly nowMs: number
  readonly basePath: string
  /** Requests by endpoint, sorted by its path. */
  readonly requests: JsonObject
}

/** nats-server's waits for JetStream's disk. There is no JetStream here, so nothing ever waits. */
const NO_DISK_WAITS = { waiters: 0, waits: 0, wait_time: 0, max_wait_time: 0 }

/** `/varz`: the server in general, in the newest nats-server's fields and order. */
export function varz({ server, totals, usage, nowMs, basePath, requests }: VarzFacts): JsonObject {
  return {
    server_id: server.id,
    server_name: server.name,
    version: server.version,
    proto: 1,
    go: server.runtime,
    host: server.host,
    port: server.port,
    auth_required: unlessEmpty(server.isAuthRequired),
    tls_required: unlessEmpty(server.isTlsRequired),
    tls_verify: unlessEmpty(server.isTlsVerified),
    connect_urls: unlessEmpty(server.connectUrls),
    ws_connect_urls: unlessEmpty(server.websocketConnectUrls),
    max_connections: server.maxConnections,
    max_subscriptions: unlessEmpty(server.maxSubscriptions),
    ping_interval: nanoseconds(server.pingIntervalMs),
    ping_max: server.pingMax,
    http_host: server.monitoring.host,
    http_port: server.monitoring.httpPort,
    http_base_path: basePath,
    https_port: server.monitoring.httpsPort,
    auth_timeout: server.authTimeoutMs / 1000,
    max_control_line: server.maxControlLineBytes,
    max_payload: server.maxPayloadBytes,
    max_pending: server.maxPendingBytes,
    cluster: {},
    gateway: {},
    leaf: server.leafnodes === undefined ? {} : leafVarz(server.leafnodes),
    mqtt: {},
    websocket: server.websocket === undefined ? {} : websocketVarz(server.websocket),
    jetstream: {},
    tls_timeout: server.tlsTimeoutMs / 1000,
    write_deadline: nanoseconds(server.writeDeadlineMs),
    start: goTime(server.startMs),
    now: goTime(nowMs),
    uptime: uptime(nowMs - server.startMs),
    mem: usage.memoryBytes,
    cores: usage.cores,
    gomaxprocs: usage.cores,
    cpu: usage.cpuPercent,
    connections: totals.connections,
    total_connections: totals.totalConnections,
    routes: 0,
    remotes: 0,
    leafnodes: totals.leafs.connections,
    in_msgs: totals.inMsgs + totals.leafs.inMsgs,
    in_bytes: totals.inBytes + totals.leafs.inBytes,
    in_client_msgs: totals.inMsgs,
    in_client_bytes: totals.inBytes,
    out_msgs: totals.outMsgs + totals.leafs.outMsgs,
    out_bytes: totals.outBytes + totals.leafs.outBytes,
    out_client_msgs: totals.outMsgs,
    out_client_bytes: totals.outBytes,
    slow_consumers: totals.slowConsumers + totals.leafs.slowConsumers,
    stale_connections: totals.staleConnections + totals.leafs.staleConnections,
    stalled_clients: totals.stalledClients,
    subscriptions: totals.subscriptions,
    http_req_stats: requests,
    config_load_time: goTime(server.configLoadedMs),
    config_digest: server.configDigest,
    tags: unlessEmpty(server.tags),
    trusted_operators_jwt: unlessEmpty(server.operatorJwts),
    trusted_operators_claim: unlessEmpty(server.operatorJwts?.map(jwtPayload)),
    system_account: unlessEmpty(server.systemAccount),
    slow_consumer_stats: byKind(totals.slowConsumers, totals.leafs.slowConsumers),
    stale_connection_stats: byKind(totals.staleConnections, totals.leafs.staleConnections),
    disk_io_wait_stats: NO_DISK_WAITS,
    tls_cert_not_after: timeOrNothing(server.tlsCertificateEndsMs),
  }
}

/** There are no routes and gateways here; tools read their numbers nevertheless. */
export function byKind(clients: number, leafs: number): JsonObject {
  return { clients, routes: 0, gateways: 0, leafs }
}

function leafVarz({ listener, remotes }: LeafnodesSnapshot): JsonObject {
  return {
    host: unlessEmpty(listener?.host),
    port: unlessEmpty(listener?.port),
    auth_timeout: unlessEmpty((listener?.authTimeoutMs ?? 0) / 1000),
    tls_timeout: unlessEmpty((listener?.tlsTimeoutMs ?? 0) / 1000),
    tls_required: unlessEmpty(listener?.isTlsRequired),
    tls_verify: unlessEmpty(listener?.isTlsVerified),
    remotes: unlessEmpty(
      remotes.map(({ account, addresses, tlsTimeoutMs = 0, denyImports, denyExports }) => ({
        local_account: account,
        tls_timeout: unlessEmpty(tlsTimeoutMs / 1000),
        urls: addresses,
        deny:
          denyImports.length + denyExports.length === 0
            ? undefined
            : { imports: unlessEmpty(denyImports), exports: unlessEmpty(denyExports) },
      })),
    ),
  }
}

function websocketVarz(websocket: WebsocketSnapshot): JsonObject {
  return {
    host: unlessEmpty(websocket.host),
    port: unlessEmpty(websocket.port),
    advertise: unlessEmpty(websocket.advertise),
    no_auth_user: unlessEmpty(websocket.noAuthUser),
    jwt_cookie: unlessEmpty(websocket.jwtCookie),
    handshake_timeout: unlessEmpty(nanoseconds(websocket.handshakeTimeoutMs ?? 0)),
    auth_timeout: unlessEmpty((websocket.authTimeoutMs ?? 0) / 1000),
    no_tls: unlessEmpty(!websocket.isTls),
    tls_map: unlessEmpty(websocket.mapsTlsSubject),
    tls_pinned_certs: unlessEmpty(websocket.pinnedCerts),
    same_origin: unlessEmpty(websocket.sameOrigin),
    allowed_origins: unlessEmpty(websocket.allowedOrigins),
    compression: unlessEmpty(websocket.compression),
    tls_cert_not_after: timeOrNothing(websocket.tlsCertificateEndsMs),
  }
}

function timeOrNothing(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : goTime(epochMs)
}
