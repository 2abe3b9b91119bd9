/**
 * What watching costs: what is counted per event, per request and per statement, and one answer of `/metrics`.
 *
 *     node bench/metrics.ts
 */
import { silentLogger, Tally } from '#kit'
import { createLogger } from '#ops'
import { Metrics, type MetricsSource } from '#ops/metrics'

const ROUNDS = 9
const TIMES = 200_000

/** Of the best of some rounds: others on this machine only ever make it slower. Nanoseconds. */
function nanoseconds(work: (i: number) => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now()
    for (let i = 0; i < TIMES; i++) work(i)
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / TIMES)
  }
  return best
}

const NOTHING = {
  connections: 0,
  inMsgs: 0,
  outMsgs: 0,
  inBytes: 0,
  outBytes: 0,
  slowConsumers: 0,
  staleConnections: 0,
}
const source = {
  version: '0',
  monitoring: {
    totals: () => ({ ...NOTHING, totalConnections: 0, subscriptions: 0, stalledClients: 0, leafs: NOTHING }),
    leafs: () => [],
    server: () => ({}),
    accounts: () => [],
  } as unknown as MetricsSource['monitoring'],
  hubs: () => [],
  notifications: () => [],
  logins: () => [],
  letters: () => undefined,
  jobs: () => [],
  cluster: () => undefined,
  certificates: () => [],
  ask: async () => ({ databaseMs: 1, pushRegistrations: undefined, freeBytes: undefined }),
} satisfies MetricsSource

const tally = new Tally()
const metrics = new Metrics(source)
const logger = createLogger({ level: 'info', destination: silentDestination() }).child({ door: 'hub' })
const routes = Array.from({ length: 100 }, (_, i) => `/api/route/${i}`)
const subject = 'vault.user.11111111-1111-4111-8111-111111111111.SyncCipherUpdate'

const rows: [what: string, ns: number][] = [
  ['an event of the hub: counted', nanoseconds(() => tally.add('SyncCipherUpdate', 20))],
  [
    'an event of the hub: a debug line that is not written',
    nanoseconds((i) => logger.debug({ subject, connections: i }, 'x')),
  ],
  ['the same, without a log', nanoseconds((i) => silentLogger.debug({ subject, connections: i }, 'x'))],
  [
    'a request: counted',
    nanoseconds((i) => metrics.countRequest({ method: 'GET', route: routes[i % 100], status: 200, ms: i % 50 })),
  ],
  ['a statement of the database: counted', nanoseconds((i) => metrics.countQuery('select', (i % 50) / 10, false))],
]
for (const [what, ns] of rows) console.log(`${what.padEnd(56)} ${ns.toFixed(0).padStart(8)} ns`)
const type = 'text/plain; version=0.0.4; charset=utf-8'
let bestMs = Number.POSITIVE_INFINITY
let characters = 0
for (let round = 0; round < ROUNDS; round++) {
  const startMs = performance.now()
  characters = (await metrics.text(type)).length
  bestMs = Math.min(bestMs, performance.now() - startMs)
}
console.log(
  `${`an answer with 100 routes, ${Math.round(characters / 1000)} kB`.padEnd(56)} ${bestMs.toFixed(1).padStart(8)} ms`,
)

function silentDestination() {
  return { write() {} }
}
