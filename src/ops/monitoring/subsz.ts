import type { SublistStats } from '#core'
import { isLiteralSubject, isValidSubject, subjectMatches } from '#core'
import { fromByteString, toByteString } from '#kit'
import { goTime } from './go-format.ts'
import { type JsonObject, LazyList, unlessEmpty } from './json.ts'
import { BadRequest, type Query } from './query.ts'
import type { Pace, Scan } from './scans.ts'
import type { ConnectionSnapshot, MonitoringSource, SubscriptionSnapshot } from './source.ts'

interface OfConnection {
  readonly connection: ConnectionSnapshot
  readonly subscription: SubscriptionSnapshot
}

/** Whose a subscription is. */
type SubscribedAccount = Pick<ConnectionSnapshot, 'account' | 'accountTag'>

/** `/subsz`: the matchers of all accounts, or of one, and with `subs=1` what clients have subscribed to. */
export async function subsz(source: MonitoringSource, query: Query, nowMs: number, scan: Scan): Promise<JsonObject> {
  const showsList = query.boolean('subs')
  const { offset, limit } = query.page()
  const test = query.text('test')
  if (test !== '' && !(isValidSubject(test) && isLiteralSubject(test))) {
    throw new BadRequest(`invalid test subject, must be valid publish subject: ${test}`)
  }

  const wanted = query.text('acc')
  const isWanted = (account: string) => wanted === '' || account === wanted
  const { page, total } = showsList
    ? await scan((pace) => {
        const connections = [...source.connections()].filter(({ account }) => isWanted(account))
        return pageOf(connections, { test: toByteString(test), offset, limit }, pace)
      })
    : { page: [], total: 0 }
  const accounts = [...source.accounts()].filter(({ name }) => isWanted(name))
  return {
    server_id: source.server().id,
    now: goTime(nowMs),
    ...sublistStats(accounts.map((account) => account.stats())),
    total,
    offset,
    limit,
    subscriptions_list:
      page.length === 0
        ? undefined
        : new LazyList(
            page.values().map(({ connection, subscription }) => subscriptionDetail(subscription, connection)),
          ),
  }
}

/** Counts all that match and keeps those of the page. */
async function pageOf(
  connections: readonly ConnectionSnapshot[],
  { test, offset, limit }: { readonly test: string; readonly offset: number; readonly limit: number },
  pace: Pace,
): Promise<{ page: OfConnection[]; total: number }> {
  const page: OfConnection[] = []
  let total = 0
  for (const connection of connections) {
    if (pace.isDue) await pace.rest()
    for (const subscription of connection.subscriptions()) {
      if (pace.isDue) await pace.rest()
      if (test !== '' && !subjectMatches(subscription.subject, test)) continue
      if (total >= offset && page.length < limit) page.push({ connection, subscription })
      total++
    }
  }
  return { page, total }
}

/** One subscription as lists have it; `of` where they say whose it is. */
export function subscriptionDetail(subscription: SubscriptionSnapshot, of?: SubscribedAccount): JsonObject {
  return {
    account: of?.account,
    account_tag: of?.accountTag ?? of?.account,
    subject: fromByteString(subscription.subject),
    qgroup: unlessEmpty(fromByteString(subscription.queue ?? '')),
    sid: fromByteString(subscription.sid),
    msgs: subscription.msgs,
    max: unlessEmpty(subscription.max),
    cid: subscription.cid,
  }
}

/** Several matchers as one. */
export function sublistStats(sublists: readonly SublistStats[]): JsonObject {
  const sum = (count: (sublist: SublistStats) => number) => sublists.reduce((total, one) => total + count(one), 0)
  const cached = sum((one) => one.cached)
  const matches = sum((one) => one.matches)
  return {
    num_subscriptions: sum((one) => one.subscriptions),
    num_cache: cached,
    num_inserts: sum((one) => one.inserts),
    num_removes: sum((one) => one.removes),
    num_matches: matches,
    cache_hit_rate: matches === 0 ? 0 : sum((one) => one.cacheHits) / matches,
    max_fanout: sublists.reduce((most, one) => Math.max(most, one.maxFanout), 0),
    avg_fanout: cached === 0 ? 0 : sum((one) => one.totalFanout) / cached,
  }
}
