import { fromByteString } from '#kit'
import { goTime, roundTrip } from './go-format.ts'
import { type JsonObject, LazyList, unlessEmpty } from './json.ts'
import type { Query } from './query.ts'
import type { LeafSnapshot, MonitoringSource } from './source.ts'

/** `/leafz`: the links to other servers, of all accounts or of one, in the newest nats-server's fields and order. */
export function leafz(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  const showsSubscriptions = query.boolean('subs')
  const account = query.text('acc')
  const leafs = [...source.leafs()].filter((leaf) => account === '' || leaf.account === account)
  return {
    server_id: source.server().id,
    now: goTime(nowMs),
    leafnodes: leafs.length,
    leafs: new LazyList(leafs.values().map((leaf) => leafInfo(leaf, showsSubscriptions))),
  }
}

function leafInfo(leaf: LeafSnapshot, showsSubscriptions: boolean): JsonObject {
  return {
    id: leaf.id,
    name: leaf.name,
    is_spoke: leaf.isSpoke,
    is_isolated: unlessEmpty(leaf.isIsolated),
    account: leaf.account,
    ip: leaf.ip,
    port: leaf.port,
    rtt: roundTrip(leaf.rttMs ?? 0),
    in_msgs: leaf.inMsgs,
    out_msgs: leaf.outMsgs,
    in_bytes: leaf.inBytes,
    out_bytes: leaf.outBytes,
    subscriptions: leaf.subscriptionCount,
    subscriptions_list:
      showsSubscriptions && leaf.subscriptionCount > 0
        ? new LazyList(Iterator.from(leaf.subscriptions()).map(({ subject }) => fromByteString(subject)))
        : undefined,
  }
}
