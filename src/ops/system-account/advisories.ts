import { DEFAULT_ACCOUNT } from '#core'
import { goTime, nanoseconds } from '../monitoring/go-format.ts'
import { type JsonObject, unlessEmpty } from '../monitoring/json.ts'
import type { ObservedConnection } from './observed.ts'

/** What events have in common. */
export interface AdvisoryHead {
  /** Of 22 characters, for each event another. */
  readonly id: string
  readonly nowMs: number
  readonly server: JsonObject
}

export interface ConnectionAdvisory extends AdvisoryHead {
  readonly connection: ObservedConnection
  /** What people call the account. */
  readonly accountTag: string
}

/** Fields in nats-server's order, as in all that follows. */
export function connectAdvisory({ connection, accountTag, ...head }: ConnectionAdvisory): JsonObject {
  return {
    ...typed('client_connect', head),
    client: { ...start(connection), ...rest(connection, accountTag) },
  }
}

/** `sent` and `received` as the client sees them. */
export function disconnectAdvisory({ connection, accountTag, ...head }: ConnectionAdvisory): JsonObject {
  return {
    ...typed('client_disconnect', head),
    client: {
      ...start(connection),
      rtt: unlessEmpty(nanoseconds(connection.rttMs ?? 0)),
      stop: goTime(connection.stopMs ?? head.nowMs),
      ...rest(connection, accountTag),
    },
    sent: { msgs: connection.inMsgs, bytes: connection.inBytes },
    received: { msgs: connection.outMsgs, bytes: connection.outBytes },
    reason: connection.reason ?? '',
  }
}

/** `statistics` is the account's entry in `/accstatz`. */
export function accountConnectionsAdvisory(head: AdvisoryHead, statistics: JsonObject): JsonObject {
  return { ...typed('account_connections', head), ...statistics }
}

function typed(type: string, { id, nowMs, server }: AdvisoryHead): JsonObject {
  return { type: `io.nats.server.advisory.v1.${type}`, id, timestamp: goTime(nowMs), server }
}

function start(connection: ObservedConnection): JsonObject {
  return {
    start: goTime(connection.startMs),
    host: unlessEmpty(connection.ip),
    id: connection.cid,
    acc: connection.account || DEFAULT_ACCOUNT,
    user: unlessEmpty(connection.authorizedUser),
    name: unlessEmpty(connection.name),
    lang: unlessEmpty(connection.lang),
    ver: unlessEmpty(connection.version),
  }
}

function rest({ details, nkey, account, kind, type, mqttClient }: ObservedConnection, accountTag: string): JsonObject {
  return {
    jwt: unlessEmpty(details?.jwt),
    // For an nkey of the configuration nats-server names the account as its issuer.
    issuer_key: unlessEmpty(details?.issuerKey || (nkey ? account : '')),
    name_tag: accountTag,
    tags: unlessEmpty(details?.tags),
    kind: kind ?? 'Client',
    // Only of clients: of a leaf node nats-server does not tell it.
    client_type: kind === 'Leafnode' ? undefined : type,
    client_id: unlessEmpty(mqttClient),
  }
}
