import { goTime, nanoseconds, uptime } from './go-format.ts'
import { type JsonObject, unlessEmpty } from './json.ts'
import { jwtPayload } from './jwt-payload.ts'
import type { ProcessUsage } from './process-usage.ts'
import type { ServerSnapshot, TotalsSnapshot, WebsocketSnapshot } from './source.ts'

export interface VarzFacts {
  readonly server: ServerSnapshot
  readonly totals: TotalsSnapshot
  readonly usage: ProcessUsage
  readonly nowMs: number
  readonly basePath: string
  /** Requests by endpoint, sorted by its path. */
  readonly requests: JsonObject
}

/** Routes, gateways and leaf nodes have none of these here; tools read the four numbers nevertheless. */
const OTHER_KINDS = { routes: 0, gateways: 0, leafs: 0 }
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
    leaf: {},
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
    leafnodes: 0,
    in_msgs: totals.inMsgs,
    in_bytes: totals.inBytes,
    in_client_msgs: totals.inMsgs,
    in_client_bytes: totals.inBytes,
    out_msgs: totals.outMsgs,
    out_bytes: totals.outBytes,
    out_client_msgs: totals.outMsgs,
    out_client_bytes: totals.outBytes,
    slow_consumers: totals.slowConsumers,
    stale_connections: totals.staleConnections,
    stalled_clients: totals.stalledClients,
    subscriptions: totals.subscriptions,
    http_req_stats: requests,
    config_load_time: goTime(server.configLoadedMs),
    config_digest: server.configDigest,
    tags: unlessEmpty(server.tags),
    trusted_operators_jwt: unlessEmpty(server.operatorJwts),
    trusted_operators_claim: unlessEmpty(server.operatorJwts?.map(jwtPayload)),
    system_account: unlessEmpty(server.systemAccount),
    slow_consumer_stats: { clients: totals.slowConsumers, ...OTHER_KINDS },
    stale_connection_stats: { clients: totals.staleConnections, ...OTHER_KINDS },
    disk_io_wait_stats: NO_DISK_WAITS,
    tls_cert_not_after: timeOrNothing(server.tlsCertificateEndsMs),
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
