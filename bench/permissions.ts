/**
 * What permissions cost: the same traffic by users of whom one may do everything and one what long lists of rules say, in
 * turns, each time on a new Belfry. Demanded: less than 10 % of what the server's CPU can deliver.
 *
 * Run: `node bench/permissions.ts [part of a title]`; takes three minutes.
 */
import type { TrafficFigures, TrafficOrder } from './load/order.ts'
import { runLoad } from './load/run.ts'
import { machine } from './machine.ts'
import { BELFRY, startConfigured } from './servers/configured.ts'
import { median } from './statistics.ts'
import { printTable } from './table.ts'

const ROUNDS = 5
const MAX_COST = 0.1

/** Every subject of the traffic is allowed by a wildcard, and near to some that are denied. */
const RICH = {
  publish: {
    allow: ['bench.group.*.changed', ...subjects('orders.%.>'), ...subjects('team.*.inbox.%')],
    deny: ['bench.*.*.secret', ...subjects('orders.%.private.>'), ...subjects('*.%.audit')],
  },
  subscribe: {
    allow: ['bench.>', ...subjects('events.%.*'), ...subjects('work.*.% workers.*')],
    deny: ['bench.group.*.secret', ...subjects('events.%.private'), ...subjects('*.%.audit')],
  },
  allow_responses: true,
}

const CONFIG = `authorization {
  users: [
    { user: plain, password: p }
    { user: rich, password: p, permissions: ${JSON.stringify(RICH)} }
  ]
}`

type Traffic = Pick<TrafficOrder, 'groups' | 'subscribersPerGroup' | 'batch' | 'subscribesWidely'>

const TRAFFIC: readonly (readonly [title: string, traffic: Traffic])[] = [
  ['1 publisher, 1,000 subscribers', { groups: 1, subscribersPerGroup: 1000, batch: 64 }],
  ['100 pairs', { groups: 100, subscribersPerGroup: 1, batch: 64 }],
  [
    '100 pairs, subscribed to what is denied in part',
    { groups: 100, subscribersPerGroup: 1, batch: 64, subscribesWidely: true },
  ],
]

function subjects(pattern: string): string[] {
  return Array.from({ length: 20 }, (_, i) => pattern.replace('%', `name${i}`))
}

async function compare(title: string, traffic: Traffic): Promise<void> {
  const users = ['rich', 'plain']
  const rounds: TrafficFigures[][] = users.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, user] of users.entries()) {
      await using server = await startConfigured(BELFRY, CONFIG)
      const figures = await runLoad({
        ...traffic,
        kind: 'traffic',
        user,
        tcp: server.address,
        subscriberAddress: server.address,
        subscriberTransport: 'tcp',
        serverPid: server.pid,
        payloadBytes: 128,
        warmUpMs: 1_000,
        measureMs: 2_000,
      })
      rounds[i]!.push(figures)
    }
  }
  const column = (key: keyof TrafficFigures) => rounds.map((figures) => median(figures.map((each) => each[key])))
  // Belfry works on one core: CPU is what throughput is made of, and bears better what else the machine does.
  const [rich = 0, plain = 0] = column('serverCpuMsPerMillion')
  printTable(
    title,
    ['with rules', 'without'],
    [
      { heading: 'deliveries/s', values: column('deliveriesPerSecond'), digits: 0 },
      { heading: 'server CPU ms / million', values: [rich, plain], digits: 0 },
      {
        heading: 'load busy',
        values: column('loadBusy').map((busy) => busy * 100),
        digits: 0,
        unit: ' %',
        hasRatio: false,
      },
    ],
  )
  const cost = 1 - plain / rich
  console.log(
    `  costs ${(cost * 100).toFixed(1)} % of deliveries per CPU second: ${cost < MAX_COST ? 'met' : 'MISSED'}`,
  )
}

console.log(`${machine()}; payloads of 128 bytes over TCP, medians of ${ROUNDS} rounds`)
const [, , wanted = ''] = process.argv
for (const [title, traffic] of TRAFFIC) if (title.includes(wanted)) await compare(title, traffic)
