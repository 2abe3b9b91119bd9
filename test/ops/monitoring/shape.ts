import assert from 'node:assert/strict'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Fields that the newest nats-server has and an older one need not have. */
const NEWER = new Set(
  [
    'in_client_msgs in_client_bytes out_client_msgs out_client_bytes stale_connections stalled_clients config_digest',
    'slow_consumer_stats stale_connection_stats disk_io_wait_stats',
    'server_id server_name now total offset limit name name_tag account_tag num_subscriptions gateways routes leafs level',
    'local_subject',
  ].flatMap((names) => names.split(' ')),
)

/** What a nats-server may say and this server has nothing to say of: its build, JetStream's switches, `$SYS` services. */
const ONLY_THERE = new Set(['git_commit', 'feature_flags', 'imports', 'stalls'])

/** A service that every account imports, and did not in 2.9. */
const NEWER_SERVICE = '$SYS.REQ.USER.INFO'

/** Fields that stood elsewhere in 2.9. */
const MOVED = new Set(
  [
    'in_msgs out_msgs in_bytes out_bytes',
    'memory storage reserved_memory reserved_storage accounts ha_assets api disabled config streams consumers messages bytes',
  ].flatMap((names) => names.split(' ')),
)

/**
 * Fails unless `ours` has the fields of nats-server's answer, in its order and with values of its types. `version` is
 * that nats-server's. Lists must agree in length, except that Go's `null` is a list without items.
 */
export function assertSameShape(ours: Json, theirs: Json, version: string, where = ''): void {
  if (Array.isArray(ours) && theirs === null) {
    assert.deepEqual(ours, [], `${where} is null there`)
  } else if (Array.isArray(ours) && Array.isArray(theirs)) {
    const comparable = isOld(version) ? ours.filter((item) => !isNewerService(item)) : ours
    assert.equal(comparable.length, theirs.length, `length of ${where}`)
    const [mine, others] = [inOrder(comparable), inOrder(theirs)]
    for (const [index, item] of mine.entries()) assertSameShape(item, others[index]!, version, `${where}[${index}]`)
  } else if (isObject(ours) && isObject(theirs)) {
    assertSameFields(ours, theirs, version, where)
  } else {
    assert.equal(typeOf(ours), typeOf(theirs), `type of ${where}`)
  }
}

function assertSameFields(
  ours: { [name: string]: Json },
  theirs: { [name: string]: Json },
  version: string,
  where: string,
): void {
  const mine = Object.keys(ours)
  const expected = Object.keys(theirs).filter((name) => !ONLY_THERE.has(name) || name in ours)
  const comparable = (names: string[], others: object) =>
    names.filter((name) => !isOld(version) || !((NEWER.has(name) && !(name in others)) || MOVED.has(name)))
  assert.deepEqual(comparable(mine, theirs), comparable(expected, ours), `fields of ${where}`)
  for (const name of expected) assertSameShape(ours[name]!, theirs[name]!, version, `${where}.${name}`)
}

function isOld(version: string): boolean {
  return /^2\.\d\./.test(version)
}

function isNewerService(item: Json): boolean {
  return isObject(item) && (item.local_subject ?? item.subject) === NEWER_SERVICE
}

/** nats-server lists subscriptions in the order of a Go map, which is none. */
function inOrder(list: Json[]): Json[] {
  const key = (item: Json) => (isObject(item) && 'sid' in item ? `${item.cid} ${item.sid}` : undefined)
  return list.every((item) => key(item) !== undefined) ? list.toSorted((a, b) => (key(a)! < key(b)! ? -1 : 1)) : list
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function typeOf(value: Json): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
}
