import type { AskedMetrics, Counts, MetricsSource } from './source.ts'

/** A number and the values of its labels, in the order of the definition. */
export type Sample = readonly [value: number, ...labels: string[]]

/** Something that is read when somebody asks for it. */
export interface Definition {
  readonly name: string
  readonly kind: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
  read(source: MetricsSource, asked: AskedMetrics): Iterable<Sample>
}

/** Accounts with series of their own: the busiest. All others are `other` together. */
const MAX_ACCOUNTS = 50

const seconds = (ms: number) => ms / 1_000

function* labelled(counts: Counts, ...before: string[]): Iterable<Sample> {
  for (const [label, count] of counts) yield [count, ...before, label]
}

/** What there is one of. */
const one = (value: number | undefined): Iterable<Sample> => (value === undefined ? [] : [[value]])

const gauge = (name: string, help: string, labels: readonly string[], read: Definition['read']): Definition => ({
  name,
  kind: 'gauge',
  help,
  labels,
  read,
})

const counter = (name: string, help: string, labels: readonly string[], read: Definition['read']): Definition => ({
  ...gauge(name, help, labels, read),
  kind: 'counter',
})

const hubs: readonly Definition[] = [
  gauge('belfry_hub_connections', 'Connections to SignalR hubs.', ['hub', 'transport'], function* ({ hubs }) {
    for (const { hub, connections } of hubs()) yield* labelled(Object.entries(connections), hub)
  }),
  counter('belfry_hub_opened_total', 'Connections that were opened.', ['hub', 'transport'], function* ({ hubs }) {
    for (const { hub, counts } of hubs()) yield* labelled(counts.opened, hub)
  }),
  counter('belfry_hub_closed_total', 'Connections that ended, and why.', ['hub', 'reason'], function* ({ hubs }) {
    for (const { hub, counts } of hubs()) yield* labelled(counts.closed, hub)
  }),
  counter('belfry_hub_refused_total', 'Requests that got no connection.', ['hub', 'status'], function* ({ hubs }) {
    for (const { hub, counts } of hubs()) yield* labelled(counts.refused, hub)
  }),
  counter(
    'belfry_hub_events_told_total',
    'Events, each once for every connection that was told it.',
    ['hub', 'type'],
    function* ({ hubs }) {
      for (const { hub, counts } of hubs()) yield* labelled(counts.told, hub)
    },
  ),
  counter(
    'belfry_hub_events_coalesced_total',
    'Times that a connection was behind, and its events became a single hint to sync.',
    ['hub'],
    function* ({ hubs }) {
      for (const { hub, counts } of hubs()) yield [counts.coalesced, hub]
    },
  ),
  counter(
    'belfry_hub_catch_ups_total',
    'Connections that were told to sync because they may have missed something.',
    ['hub'],
    function* ({ hubs }) {
      for (const { hub, caughtUp } of hubs()) yield [caughtUp, hub]
    },
  ),
  counter('belfry_notifications_published_total', 'Changes that were told, whoever heard.', ['type'], (source) =>
    labelled(source.notifications()),
  ),
]

const nats: readonly Definition[] = [
  gauge('belfry_nats_connections', 'Connections of NATS clients.', [], ({ monitoring }) =>
    one(monitoring.totals().connections),
  ),
  counter('belfry_nats_connections_opened_total', 'Connections of NATS clients, past ones too.', [], ({ monitoring }) =>
    one(monitoring.totals().totalConnections),
  ),
  gauge('belfry_nats_subscriptions', 'Subscriptions in all accounts.', [], ({ monitoring }) =>
    one(monitoring.totals().subscriptions),
  ),
  counter('belfry_nats_messages_total', 'Messages from and to NATS clients.', ['direction'], ({ monitoring }) => {
    const { inMsgs, outMsgs } = monitoring.totals()
    return labelled([
      ['in', inMsgs],
      ['out', outMsgs],
    ])
  }),
  counter('belfry_nats_bytes_total', 'Bytes of these messages.', ['direction'], ({ monitoring }) => {
    const { inBytes, outBytes } = monitoring.totals()
    return labelled([
      ['in', inBytes],
      ['out', outBytes],
    ])
  }),
  counter('belfry_nats_slow_consumers_total', 'NATS clients that were cut off for being slow.', [], ({ monitoring }) =>
    one(monitoring.totals().slowConsumers),
  ),
  counter('belfry_nats_stale_connections_total', 'NATS clients that did not answer pings.', [], ({ monitoring }) =>
    one(monitoring.totals().staleConnections),
  ),
  counter('belfry_nats_stalls_total', 'Times that a NATS client was slowed down for others.', [], ({ monitoring }) =>
    one(monitoring.totals().stalledClients),
  ),
  gauge(
    'belfry_nats_account_connections',
    `Connections by account: the ${MAX_ACCOUNTS} busiest, the others together.`,
    ['account'],
    (source) => byAccount(source, ({ clients }) => [[clients]]),
  ),
  counter(
    'belfry_nats_account_messages_total',
    'Messages published and delivered in an account.',
    ['account', 'direction'],
    (source) =>
      byAccount(source, ({ inMsgs, outMsgs }) => [
        [inMsgs, 'in'],
        [outMsgs, 'out'],
      ]),
  ),
  gauge('belfry_leaf_links', 'Leaf node connections: `spoke` are those to a hub.', ['side'], ({ monitoring }) => {
    let spokes = 0
    let all = 0
    for (const { isSpoke } of monitoring.leafs()) {
      all++
      if (isSpoke) spokes++
    }
    return labelled([
      ['hub', all - spokes],
      ['spoke', spokes],
    ])
  }),
  gauge('belfry_leaf_remotes', 'Servers that the configuration names as remotes of leaf nodes.', [], ({ monitoring }) =>
    one(monitoring.server().leafnodes?.remotes.length ?? 0),
  ),
  counter('belfry_leaf_messages_total', 'Messages from and to leaf nodes.', ['direction'], ({ monitoring }) => {
    const { inMsgs, outMsgs } = monitoring.totals().leafs
    return labelled([
      ['in', inMsgs],
      ['out', outMsgs],
    ])
  }),
]

type Account = ReturnType<MetricsSource['monitoring']['accounts']> extends Iterable<infer One> ? One : never

/** Samples of the busiest accounts, and the sums of the rest. */
function* byAccount(
  { monitoring }: MetricsSource,
  samplesOf: (account: Account) => readonly Sample[],
): Iterable<Sample> {
  const busiestFirst = [...monitoring.accounts()].sort((a, b) => b.inMsgs + b.outMsgs - a.inMsgs - a.outMsgs)
  for (const account of busiestFirst.slice(0, MAX_ACCOUNTS)) {
    for (const [value, ...labels] of samplesOf(account)) yield [value, account.name, ...labels]
  }
  const rest = new Map<string, readonly [sum: number, labels: string[]]>()
  for (const account of busiestFirst.slice(MAX_ACCOUNTS)) {
    for (const [value, ...labels] of samplesOf(account)) {
      const key = labels.join()
      rest.set(key, [(rest.get(key)?.[0] ?? 0) + value, labels])
    }
  }
  for (const [sum, labels] of rest.values()) yield [sum, 'other', ...labels]
}

const push: readonly Definition[] = [
  gauge('belfry_push_waiting', 'Pushes that wait or are under way.', ['kind'], function* ({ monitoring }) {
    for (const [kind, { waiting }] of Object.entries(monitoring.pushes?.() ?? {})) yield [waiting, kind]
  }),
  counter(
    'belfry_push_total',
    'What became of pushes; `retried` are attempts that have to be repeated.',
    ['kind', 'outcome'],
    function* ({ monitoring }) {
      for (const [kind, { waiting: _, ...outcomes }] of Object.entries(monitoring.pushes?.() ?? {})) {
        yield* labelled(Object.entries(outcomes), kind)
      }
    },
  ),
  gauge('belfry_push_registrations', 'Devices that can be pushed to.', ['kind'], (_source, { pushRegistrations }) =>
    labelled(pushRegistrations ?? []),
  ),
]

const vault: readonly Definition[] = [
  counter('belfry_logins_total', 'Logins, and what became of them.', ['outcome'], (source) =>
    labelled(source.logins()),
  ),
  counter('belfry_letters_total', 'Letters by mail.', ['outcome'], (source) =>
    labelled(Object.entries(source.letters() ?? {})),
  ),
  gauge(
    'belfry_job_last_run_timestamp_seconds',
    'When a job ended last on this instance.',
    ['job'],
    function* (source) {
      for (const [name, { endedMs }] of source.jobs()) yield [seconds(endedMs), name]
    },
  ),
  gauge('belfry_job_last_run_success', '1: that run did what it should; 0: it failed.', ['job'], function* (source) {
    for (const [name, { isDone }] of source.jobs()) yield [Number(isDone), name]
  }),
  gauge('belfry_job_last_run_duration_seconds', 'How long that run took.', ['job'], function* (source) {
    for (const [name, { tookMs }] of source.jobs()) yield [seconds(tookMs), name]
  }),
]

const surroundings: readonly Definition[] = [
  gauge('belfry_build_info', '1; the labels say what runs.', ['version', 'node'], ({ version }) => [
    [1, version, process.version],
  ]),
  gauge('belfry_database_up', '1: the database answers; 0: it does not.', [], (_source, { databaseMs }) =>
    one(databaseMs === undefined ? 0 : 1),
  ),
  gauge('belfry_database_ping_seconds', 'How long the database took to answer.', [], (_source, { databaseMs }) =>
    one(databaseMs === undefined ? undefined : seconds(databaseMs)),
  ),
  gauge('belfry_data_free_bytes', 'Room left where the data folder is.', [], (_source, { freeBytes }) =>
    one(freeBytes),
  ),
  gauge('belfry_cluster_link_up', '1: the link to the NATS cluster of the vault is there.', [], (source) => {
    const isLinked = source.cluster()?.isLinked
    return one(isLinked === undefined ? undefined : Number(isLinked))
  }),
  gauge('belfry_cluster_instances', 'Other instances of this vault.', ['state'], (source) => {
    const { heard, lost } = source.cluster() ?? {}
    if (heard === undefined || lost === undefined) return []
    return labelled([
      ['heard', heard],
      ['lost', lost],
    ])
  }),
  gauge(
    'belfry_certificate_expiry_timestamp_seconds',
    'When the certificate of a listener ends, in seconds since the Unix epoch.',
    ['listener'],
    function* (source) {
      for (const { listener, endsMs } of source.certificates()) yield [seconds(endsMs), listener]
    },
  ),
]

/** All that is read, by what it is about. */
export const DEFINITIONS: readonly Definition[] = [...hubs, ...push, ...nats, ...vault, ...surroundings]
