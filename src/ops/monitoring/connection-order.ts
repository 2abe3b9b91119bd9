import { BadRequest } from './query.ts'
import type { ClosedConnectionSnapshot, ConnectionSnapshot } from './source.ts'

export type ConnectionState = 'open' | 'closed' | 'any'
/** What `/connz` lists: those who are there, and those who left. */
export type Listed = ConnectionSnapshot | ClosedConnectionSnapshot
type Order = (a: Listed, b: Listed) => number

/** nats-server sorts most keys with the largest first; `cid`, `start`, `uptime` and `reason` start with the smallest. */
const ORDERS: Readonly<Record<string, (nowMs: number) => Order>> = {
  cid: () => (a, b) => a.cid - b.cid,
  start: () => (a, b) => a.cid - b.cid,
  subs: () => (a, b) => b.subscriptionCount - a.subscriptionCount,
  pending: () => (a, b) => b.pendingBytes - a.pendingBytes,
  msgs_to: () => (a, b) => b.outMsgs - a.outMsgs,
  msgs_from: () => (a, b) => b.inMsgs - a.inMsgs,
  bytes_to: () => (a, b) => b.outBytes - a.outBytes,
  bytes_from: () => (a, b) => b.inBytes - a.inBytes,
  last: () => (a, b) => b.lastActivityMs - a.lastActivityMs,
  idle: () => (a, b) => a.lastActivityMs - b.lastActivityMs,
  uptime: (nowMs) => (a, b) => (stopMs(a) ?? nowMs) - a.startMs - ((stopMs(b) ?? nowMs) - b.startMs),
  stop: () => (a, b) => (stopMs(b) ?? 0) - (stopMs(a) ?? 0),
  reason: () => (a, b) => compareTexts(reason(a) ?? '', reason(b) ?? ''),
  rtt: () => (a, b) => (b.rttMs ?? 0) - (a.rttMs ?? 0),
}

/**
 * The order that `sort=` asks for; by `cid` when it is empty.
 *
 * @throws BadRequest for a key that does not exist, and for one that only the closed have.
 */
export function connectionOrder(sort: string, state: ConnectionState, nowMs: number): Order {
  const key = sort === '' ? 'cid' : sort
  const order = Object.hasOwn(ORDERS, key) ? ORDERS[key] : undefined
  if (order === undefined) throw new BadRequest(`invalid sorting option: ${sort}`)
  if ((key === 'stop' || key === 'reason') && state !== 'closed') {
    throw new BadRequest(`sort by ${key} only valid on closed connections`)
  }
  return order(nowMs)
}

/** `undefined` of a connection that is there. */
export function stopMs(connection: Listed): number | undefined {
  return 'stopMs' in connection ? connection.stopMs : undefined
}

export function reason(connection: Listed): string | undefined {
  return 'reason' in connection ? connection.reason : undefined
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
