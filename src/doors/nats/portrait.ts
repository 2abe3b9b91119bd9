import type { Outbox, Requestor } from '#core'
import type { RemoteAddress } from '#net'
import type { ClientOperations } from './client-operations.ts'
import type { ConnectionSnapshot, TlsSnapshot } from './connection-snapshot.ts'
import type { Life } from './life.ts'
import type { Admission } from './login.ts'

/** What there is to tell of one connection. */
export interface Portrayed {
  readonly id: number
  readonly type: ConnectionSnapshot['type']
  readonly remote: RemoteAddress
  readonly tls: TlsSnapshot | undefined
  readonly startMs: number
  readonly lastActivityMs: number
  readonly stalls: number
  readonly life: Life
  readonly outbox: Outbox
  readonly operations: ClientOperations
  readonly admission: Admission | undefined
}

/** As monitoring shows it. */
export function snapshotOf(connection: Portrayed): ConnectionSnapshot {
  const { id, type, remote, tls, startMs, lastActivityMs, stalls, life, outbox, operations, admission } = connection
  const { options, account, subscriptions, inMsgs, inBytes } = operations
  const { name, lang, version } = options
  const { request, principal } = admission ?? {}
  return {
    cid: id,
    type,
    ip: remote.address,
    port: remote.port,
    startMs,
    lastActivityMs,
    rttMs: life.roundTripMs,
    pendingBytes: outbox.pendingBytes,
    inMsgs,
    outMsgs: outbox.messages,
    inBytes,
    outBytes: outbox.messageBytes,
    stalls,
    subscriptionCount: subscriptions.size,
    subscriptions: () => subscriptions.snapshot(),
    name,
    lang,
    version,
    authorizedUser: principal?.name || undefined,
    account: account.name,
    details: principal?.details,
    nkey: request?.nkey || undefined,
    permissions: principal?.permissions,
    expiry: principal?.expiry,
    tls,
  }
}

/** As services of other accounts are told of it. */
export function requestorOf({ id, type, remote, startMs, life, operations, admission }: Portrayed): Requestor {
  const { request, principal } = admission ?? {}
  const { name, lang, version } = operations.options
  const { jwt, issuerKey, nameTag, tags } = principal?.details ?? {}
  return {
    rttMs: life.roundTripMs,
    startMs,
    host: remote.address,
    id,
    user: request?.nkey || principal?.name,
    name,
    lang,
    version,
    jwt,
    issuerKey,
    nameTag,
    tags,
    kind: 'Client',
    clientType: type,
  }
}
