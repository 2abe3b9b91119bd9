import { DEFAULT_ACCOUNT } from '#core'
import { type ConnectionState, connectionOrder, type Listed, reason, stopMs } from './connection-order.ts'
import { goTime, roundTrip, uptime } from './go-format.ts'
import { type JsonObject, LazyList, unlessEmpty } from './json.ts'
import { BadRequest, type Page, type Query } from './query.ts'
import type { MonitoringSource, TlsSnapshot } from './source.ts'
import { collidingWith } from './subjects-collide.ts'
import { subscriptionDetail } from './subsz.ts'

interface ConnzRequest extends Page {
  readonly showsUsers: boolean
  readonly subscriptions: 'none' | 'subjects' | 'details'
  /** 0: any. */
  readonly cid: number
  readonly state: ConnectionState
  readonly user: string
  readonly account: string
  readonly mqttClient: string
  /** Only whoever is subscribed to something that overlaps this; empty: everybody. */
  readonly filterSubject: string
  /** Whether a subscription overlaps it. */
  readonly overlaps: (subject: string) => boolean
}

/** Who takes part at all is decided before anybody is sorted, and only the page that was asked for is written. */
export function connz(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  const request = readRequest(query)
  const order = connectionOrder(query.text('sort'), request.state, nowMs)
  if (request.filterSubject !== '' && request.account === '') {
    throw new BadRequest('filter by subject only valid with account filtering')
  }

  const candidates = candidatesOf(source, request)
  const page = candidates
    .filter((connection) => isWanted(connection, request))
    .sort(order)
    .slice(request.offset, request.offset + request.limit)
  return {
    server_id: source.server().id,
    now: goTime(nowMs),
    num_connections: page.length,
    // As in nats-server: all of the state and the account, whatever else is asked for.
    total: candidates.length,
    offset: request.offset,
    limit: request.limit,
    connections: new LazyList(page.values().map((connection) => connectionInfo(connection, request, nowMs))),
  }
}

function readRequest(query: Query): ConnzRequest {
  const showsUsers = query.boolean('auth')
  const subscriptions = query.subscriptions()
  const { offset, limit } = query.page()
  const cid = query.id('cid')
  const filter = query.text('filter_subject')
  const filterSubject = filter === '>' ? '' : filter
  return {
    showsUsers,
    subscriptions,
    offset,
    limit: cid > 0 ? 1 : limit,
    cid,
    state: readState(query.text('state')),
    user: query.text('user'),
    account: query.text('acc'),
    mqttClient: query.text('mqtt_client'),
    filterSubject,
    overlaps: collidingWith(filterSubject),
  }
}

function readState(text: string): ConnectionState {
  const state = text.toLowerCase()
  if (state === '' || state === 'open') return 'open'
  if (state === 'closed') return 'closed'
  if (state === 'any' || state === 'all') return 'any'
  throw new BadRequest(`Error decoding state for ${text}`)
}

function candidatesOf(source: MonitoringSource, { state, account }: ConnzRequest): Listed[] {
  const listed: Listed[] = []
  for (const list of [
    state === 'closed' ? [] : source.connections(),
    state === 'open' ? [] : source.closedConnections(),
  ]) {
    for (const connection of list) if (account === '' || connection.account === account) listed.push(connection)
  }
  return listed
}

function isWanted(connection: Listed, { cid, user, mqttClient, filterSubject, overlaps }: ConnzRequest): boolean {
  // nats-server, too, asks for nothing else when it is asked for one connection.
  if (cid > 0) return connection.cid === cid
  if (user !== '' && connection.authorizedUser !== user) return false
  if (mqttClient !== '' && connection.mqttClient !== mqttClient) return false
  return filterSubject === '' || connection.subscriptions().some(({ subject }) => overlaps(subject))
}

function connectionInfo(connection: Listed, { showsUsers, subscriptions }: ConnzRequest, nowMs: number): JsonObject {
  const stopped = stopMs(connection)
  const endMs = stopped ?? nowMs
  const { tls, account } = connection
  const own = subscriptions === 'none' ? [] : connection.subscriptions()
  return {
    cid: connection.cid,
    kind: connection.kind,
    type: connection.type,
    ip: connection.ip,
    port: connection.port,
    start: goTime(connection.startMs),
    last_activity: goTime(connection.lastActivityMs),
    stop: stopped === undefined ? undefined : goTime(stopped),
    reason: unlessEmpty(reason(connection)),
    rtt: roundTrip(connection.rttMs ?? 0),
    uptime: uptime(endMs - connection.startMs),
    idle: uptime(endMs - connection.lastActivityMs),
    pending_bytes: connection.pendingBytes,
    in_msgs: connection.inMsgs,
    out_msgs: connection.outMsgs,
    in_bytes: connection.inBytes,
    out_bytes: connection.outBytes,
    stalls: unlessEmpty(connection.stalls),
    subscriptions: connection.subscriptionCount,
    name: unlessEmpty(connection.name),
    lang: unlessEmpty(connection.lang),
    version: unlessEmpty(connection.version),
    tls_version: tls?.version.replace('TLSv', ''),
    tls_cipher_suite: tls?.cipherSuite,
    tls_peer_certs: showsUsers && tls !== undefined ? unlessEmpty(peerCertificates(tls)) : undefined,
    authorized_user: showsUsers ? unlessEmpty(connection.authorizedUser) : undefined,
    account: showsUsers && account !== DEFAULT_ACCOUNT ? account : undefined,
    subscriptions_list:
      subscriptions === 'subjects' && own.length > 0
        ? new LazyList(own.values().map(({ subject }) => subject))
        : undefined,
    subscriptions_list_detail:
      subscriptions === 'details' && own.length > 0
        ? // nats-server names the account here once the connection is closed, and only then.
          new LazyList(own.values().map((one) => subscriptionDetail(one, stopped === undefined ? undefined : account)))
        : undefined,
    name_tag: showsUsers && (stopped === undefined || account !== DEFAULT_ACCOUNT) ? account : undefined,
    mqtt_client: unlessEmpty(connection.mqttClient),
  }
}

function peerCertificates({ peerCertificates }: TlsSnapshot): JsonObject[] {
  return peerCertificates.map(({ subject, publicKeySha256, sha256 }) => {
    return { subject, spki_sha256: publicKeySha256, cert_sha256: sha256 }
  })
}
