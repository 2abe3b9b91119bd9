import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Tally } from '#kit'
import { Metrics, type MetricsSource } from '#ops/metrics'
import { labelsOf, parseExposition } from './exposition.ts'

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

const account = (name: string, inMsgs: number) => ({ name, clients: 1, inMsgs, outMsgs: 0 })

/** A server of which nothing is known but what a test says. */
function source(known: Partial<MetricsSource> = {}, accounts = [account('$G', 1)]): MetricsSource {
  const none = { connections: 0, inMsgs: 0, outMsgs: 0, inBytes: 0, outBytes: 0, slowConsumers: 0, staleConnections: 0 }
  const monitoring = {
    totals: () => ({ ...none, totalConnections: 0, subscriptions: 0, stalledClients: 0, leafs: none }),
    leafs: () => [],
    server: () => ({}),
    accounts: () => accounts,
  }
  return {
    version: '1.2.3',
    // Only what metrics read of it.
    monitoring: monitoring as unknown as MetricsSource['monitoring'],
    hubs: () => [],
    notifications: () => [],
    logins: () => [],
    letters: () => undefined,
    jobs: () => [],
    cluster: () => undefined,
    certificates: () => [],
    ask: async () => ({ databaseMs: 2, pushRegistrations: undefined, freeBytes: undefined }),
    ...known,
  }
}

async function scrape(metrics: Metrics) {
  const families = parseExposition(await metrics.text(TEXT))
  return (series: string) => families.get(series.split(/[{]|_bucket|_count|_sum/)[0]!)?.series.get(series)
}

test('both formats are as they have to be, with whatever a label says', async () => {
  const strange = 'a"b\\c\nd,e}f é'
  const metrics = new Metrics(source({ logins: () => [[strange, 3]] }, [account(strange, 5)]))
  metrics.countRequest({ method: 'GET', route: strange, status: 200, ms: 3 })
  const text = parseExposition(await metrics.text(TEXT))
  const [[series, count] = []] = text.get('belfry_logins_total')!.series
  assert.equal(labelsOf(series!.slice('belfry_logins_total'.length)).get('outcome'), strange)
  assert.equal(count, 3)

  const open = parseExposition(await metrics.text(OPEN_METRICS), { isOpenMetrics: true })
  assert.equal(open.get('belfry_logins')?.type, 'counter')
  const names = (families: typeof text) => [...families.keys()].map((name) => name.replace(/_total$/, '')).sort()
  assert.deepEqual(names(open), names(text))
})

test('every name is ours or of the process, every unit stands at the end of the name', async () => {
  const families = parseExposition(await new Metrics(source()).text(TEXT))
  for (const { name, type, help } of families.values()) {
    assert.match(name, /^(belfry|process|nodejs)_[a-z0-9_]+$/)
    if (!name.startsWith('belfry_')) continue
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.match(help, /^\S.*\.$/)
  }
})

test('what nothing is known of is not shown as zero', async () => {
  const read = await scrape(new Metrics(source()))
  assert.equal(read('belfry_cluster_link_up'), undefined)
  assert.equal(read('belfry_data_free_bytes'), undefined)
  assert.equal(read('belfry_database_up'), 1)
})

test('what is gone at the next scrape is not shown any more, and counters are not added up', async () => {
  const logins = new Tally()
  let listeners = ['nats', 'web']
  const certificates = () => listeners.map((listener) => ({ listener, endsMs: 1_500 }))
  const metrics = new Metrics(source({ logins: () => logins, certificates }))
  logins.add('ok', 2)
  await scrape(metrics)
  listeners = ['web']
  logins.add('ok')
  const read = await scrape(metrics)
  assert.equal(read('belfry_logins_total{outcome="ok"}'), 3)
  assert.equal(read('belfry_certificate_expiry_timestamp_seconds{listener="web"}'), 1.5)
  assert.equal(read('belfry_certificate_expiry_timestamp_seconds{listener="nats"}'), undefined)
})

describe('what the vault and the cluster tell is shown:', () => {
  const known: Partial<MetricsSource> = {
    letters: () => ({ sent: 4, failed: 5 }),
    jobs: () => [['purge trash', { endedMs: 7_000, tookMs: 250, isDone: false }]],
    cluster: () => ({ isLinked: true, heard: 2, lost: 1 }),
    ask: async () => ({ databaseMs: undefined, pushRegistrations: [['phones', 6]], freeBytes: 1_024 }),
  }
  for (const [series, value] of [
    ['belfry_letters_total{outcome="sent"}', 4],
    ['belfry_letters_total{outcome="failed"}', 5],
    ['belfry_job_last_run_timestamp_seconds{job="purge trash"}', 7],
    ['belfry_job_last_run_duration_seconds{job="purge trash"}', 0.25],
    ['belfry_job_last_run_success{job="purge trash"}', 0],
    ['belfry_cluster_link_up', 1],
    ['belfry_cluster_instances{state="heard"}', 2],
    ['belfry_cluster_instances{state="lost"}', 1],
    ['belfry_database_up', 0],
    ['belfry_database_ping_seconds', undefined],
    ['belfry_push_registrations{kind="phones"}', 6],
    ['belfry_data_free_bytes', 1_024],
    [`belfry_build_info{version="1.2.3",node="${process.version}"}`, 1],
  ] as const) {
    test(`${series} ${value}`, async () => {
      const read = await scrape(new Metrics(source(known)))
      assert.equal(read(series), value)
    })
  }
})

describe('however much strangers invent, the number of series is bounded:', () => {
  test('10,000 routes, methods and statuses', async () => {
    const metrics = new Metrics(source())
    for (let i = 0; i < 10_000; i++) {
      metrics.countRequest({ method: `M${i}`, route: `/route/${i}`, status: 200 + (i % 400), ms: i / 10 })
    }
    metrics.countRequest({ method: 'GET', route: undefined, status: 404, ms: 1 })
    const text = await metrics.text(TEXT)
    const { series } = parseExposition(text).get('belfry_http_request_duration_seconds')!
    const counts = [...series].filter(([name]) => name.includes('_count{'))
    assert.ok(counts.length > 500 && counts.length <= 610, String(counts.length))
    assert.equal(
      counts.reduce((sum, [, count]) => sum + count, 0),
      10_001,
    )
    assert.ok(counts.some(([name]) => name.includes('method="other"')))
    assert.ok(!text.includes('M9999'))
  })

  test('10,000 labels of what is tallied', async () => {
    const logins = new Tally()
    for (let i = 0; i < 10_000; i++) logins.add(`label ${i}`)
    const { series } = parseExposition(await new Metrics(source({ logins: () => logins })).text(TEXT)).get(
      'belfry_logins_total',
    )!
    assert.equal(series.size, 101)
    assert.equal(series.get('belfry_logins_total{outcome="other"}'), 9_900)
  })

  test('10,000 accounts, of which the busiest are there by name', async () => {
    const accounts = Array.from({ length: 10_000 }, (_, i) => account(`A${i}`, i))
    const { series } = parseExposition(await new Metrics(source({}, accounts)).text(TEXT)).get(
      'belfry_nats_account_messages_total',
    )!
    assert.equal(series.size, 102)
    assert.equal(series.get('belfry_nats_account_messages_total{account="A9999",direction="in"}'), 9_999)
    const others = (9_949 * 9_950) / 2
    assert.equal(series.get('belfry_nats_account_messages_total{account="other",direction="in"}'), others)
  })
})
