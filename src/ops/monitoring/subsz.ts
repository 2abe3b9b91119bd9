import type { SublistStats } from '#core'
import { isLiteralSubject, isValidSubject, subjectMatches } from '#core'
import { goTime } from './go-format.ts'
import { type JsonObject, LazyList, unlessEmpty } from './json.ts'
import { BadRequest, type Query } from './query.ts'
import type { Pace, Scan } from './scans.ts'
import type { AccountSnapshot, MonitoringSource, SubscriptionSnapshot } from './source.ts'

interface OfAccount {
  readonly account: string
  readonly subscription: SubscriptionSnapshot
}

/** `/subsz`: the matchers of all accounts, or of one, and with `subs=1` what is subscribed to. */
export async function subsz(source: MonitoringSource, query: Query, nowMs: number, scan: Scan): Promise<JsonObject> {
  const showsList = query.boolean('subs')
  const { offset, limit } = query.page()
  const test = query.text('test')
  if (test !== '' && !(isValidSubject(test) && isLiteralSubject(test))) {
    throw new BadRequest(`invalid test subject, must be valid publish subject: ${test}`)
  }

  const wanted = query.text('acc')
  const accounts = [...source.accounts()].filter(({ name }) => wanted === '' || name === wanted)
  const { page, total } = showsList
    ? await scan((pace) => pageOf(accounts, { test, offset, limit }, pace))
    : { page: [], total: 0 }
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
        : new LazyList(page.values().map(({ account, subscription }) => subscriptionDetail(subscription, account))),
  }
}

/** Counts all that match and keeps those of the page. */
async function pageOf(
  accounts: readonly AccountSnapshot[],
  { test, offset, limit }: { readonly test: string; readonly offset: number; readonly limit: number },
  pace: Pace,
): Promise<{ page: OfAccount[]; total: number }> {
  const page: OfAccount[] = []
  let total = 0
  for (const account of accounts) {
    for (const subscription of account.subscriptions()) {
      if (pace.isDue) await pace.rest()
      if (test !== '' && !subjectMatches(subscription.subject, test)) continue
      if (total >= offset && page.length < limit) page.push({ account: account.name, subscription })
      total++
    }
  }
  return { page, total }
}

/** One subscription as lists have it; `account` where they say whose it is. */
export function subscriptionDetail(subscription: SubscriptionSnapshot, account: string | undefined): JsonObject {
  return {
    account,
    account_tag: account,
    subject: subscription.subject,
    qgroup: unlessEmpty(subscription.queue),
    sid: subscription.sid,
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
