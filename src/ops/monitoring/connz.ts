import { DEFAULT_ACCOUNT, overlapsWith } from '#core'
import { fromByteString, toByteString } from '#kit'
import { type ConnectionState, connectionOrder, type Listed, reason, stopMs } from './connection-order.ts'
import { goTime, roundTrip, uptime } from './go-format.ts'
import { type JsonObject, LazyList, unlessEmpty } from './json.ts'
import { BadRequest, type Page, type Query } from './query.ts'
import type { Pace, Scan } from './scans.ts'
import type { MonitoringSource, TlsSnapshot } from './source.ts'
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
export async function connz(source: MonitoringSource, query: Query, nowMs: number, scan: Scan): Promise<JsonObject> {
  const request = readRequest(query)
  const order = connectionOrder(query.text('sort'), request.state, nowMs)
  if (request.filterSubject !== '' && request.account === '') {
    throw new BadRequest('filter by subject only valid with account filtering')
  }

  const { wanted, total } =
    request.filterSubject === ''
      ? wantedOf(source, request)
      : await scan(async (pace) => {
          const { wanted, total } = wantedOf(source, request)
          return { wanted: await subscribed(wanted, request, pace), total }
        })
  const page = wanted.sort(order).slice(request.offset, request.offset + request.limit)
  return {
    server_id: source.server().id,
    now: goTime(nowMs),
    num_connections: page.length,
    // As in nats-server: all of the state and the account, whatever else is asked for.
    total,
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
    overlaps: overlapsWith(toByteString(filterSubject)),
  }
}

function readState(text: string): ConnectionState {
  const state = text.toLowerCase()
  if (state === '' || state === 'open') return 'open'
  if (state === 'closed') return 'closed'
  if (state === 'any' || state === 'all') return 'any'
  throw new BadRequest(`Error decoding state for ${text}`)
}

/** Who is listed, but for what they are subscribed to; and how many there are of the state and the account. */
function wantedOf(source: MonitoringSource, request: ConnzRequest): { wanted: Listed[]; total: number } {
  const { state, account } = request
  const wanted: Listed[] = []
  let total = 0
  for (const list of [
    state === 'closed' ? [] : source.connections(),
    state === 'open' ? [] : source.closedConnections(),
  ]) {
    for (const connection of list) {
      if (account !== '' && connection.account !== account) continue
      total++
      if (isWanted(connection, request)) wanted.push(connection)
    }
  }
  return { wanted, total }
}

function isWanted(connection: Listed, { cid, user, mqttClient }: ConnzRequest): boolean {
  // nats-server, too, asks for nothing else when it is asked for one connection.
  if (cid > 0) return connection.cid === cid
  if (user !== '' && connection.authorizedUser !== user) return false
  return mqttClient === '' || connection.mqttClient === mqttClient
}

/** Those of `connections` that have a subscription which the request asks for. */
async function subscribed(
  connections: readonly Listed[],
  { cid, overlaps }: ConnzRequest,
  pace: Pace,
): Promise<Listed[]> {
  if (cid > 0) return [...connections]
  const found: Listed[] = []
  for (const connection of connections) {
    if (pace.isDue) await pace.rest()
    for (const { subject } of connection.subscriptions()) {
      if (pace.isDue) await pace.rest()
      if (!overlaps(subject)) continue
      found.push(connection)
      break
    }
  }
  return found
}

function connectionInfo(connection: Listed, { showsUsers, subscriptions }: ConnzRequest, nowMs: number): JsonObject {
  const stopped = stopMs(connection)
  const endMs = stopped ?? nowMs
  const { tls, account, details } = connection
  const isClosed = stopped !== undefined
  const hasOwn = subscriptions !== 'none' && !isEmpty(connection.subscriptions())
  return {
    cid: connection.cid,
    kind: connection.kind,
    // Of clients only.
    type: connection.kind === 'Client' ? connection.type : undefined,
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
      subscriptions === 'subjects' && hasOwn
        ? new LazyList(Iterator.from(connection.subscriptions()).map(({ subject }) => fromByteString(subject)))
        : undefined,
    subscriptions_list_detail:
      subscriptions === 'details' && hasOwn
        ? // nats-server names the account here once the connection is closed, and only then.
          new LazyList(
            Iterator.from(connection.subscriptions()).map((one) =>
              subscriptionDetail(one, isClosed ? connection : undefined),
            ),
          )
        : undefined,
    // nats-server shows these of the closed also to those who did not ask for users.
    jwt: showsUsers || isClosed ? unlessEmpty(details?.jwt) : undefined,
    issuer_key: showsUsers || isClosed ? unlessEmpty(details?.issuerKey) : undefined,
    name_tag: nameTag(connection, { showsUsers, isClosed }),
    tags: showsUsers || isClosed ? unlessEmpty(details?.tags) : undefined,
    mqtt_client: unlessEmpty(connection.mqttClient),
  }
}

/** The account's; in the place of which the closed show the user's own, unless the account has a name of its own. */
function nameTag(
  { account, accountTag = account, details }: Listed,
  { showsUsers, isClosed }: { readonly showsUsers: boolean; readonly isClosed: boolean },
): string | undefined {
  if (showsUsers && (!isClosed || account !== DEFAULT_ACCOUNT)) return accountTag
  return isClosed ? unlessEmpty(details?.nameTag) : undefined
}

function peerCertificates({ peerCertificates }: TlsSnapshot): JsonObject[] {
  return peerCertificates.map(({ subject, publicKeySha256, sha256 }) => {
    return { subject, spki_sha256: publicKeySha256, cert_sha256: sha256 }
  })
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false
  return true
}
