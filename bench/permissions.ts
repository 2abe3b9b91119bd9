/**
 * What permissions cost: the same traffic by users of whom one may do everything and one what long lists of rules say, in
 * turns; on Belfry, and on nats-server beside it. Demanded of Belfry: less than 10 % of throughput.
 *
 * Run: `node bench/permissions.ts [part of a title]`; `NATS_SERVER=<path>` names the nats-server, else it is the one of
 * the PATH.
 */
import { spawnSync } from 'node:child_process'
import type { TrafficFigures, TrafficOrder } from './load/order.ts'
import { runLoad } from './load/run.ts'
import { machine } from './machine.ts'
import { BELFRY, NATS_SERVER, type ServerProgram, startConfigured } from './servers/configured.ts'
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

async function compare(program: ServerProgram, title: string, traffic: Traffic): Promise<void> {
  const users = ['rich', 'plain']
  const rounds: TrafficFigures[][] = users.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, user] of users.entries()) {
      await using server = await startConfigured(program, CONFIG)
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
  const [rich = 0, plain = 0] = column('deliveriesPerSecond')
  printTable(
    `${program.name}: ${title}`,
    ['with rules', 'without'],
    [
      { heading: 'deliveries/s', values: [rich, plain], digits: 0 },
      { heading: 'server CPU ms / million', values: column('serverCpuMsPerMillion'), digits: 0 },
      {
        heading: 'load busy',
        values: column('loadBusy').map((busy) => busy * 100),
        digits: 0,
        unit: ' %',
        hasRatio: false,
      },
    ],
  )
  if (program !== BELFRY) return
  const cost = 1 - rich / plain
  console.log(`  costs ${(cost * 100).toFixed(1)} % of throughput: ${cost < MAX_COST ? 'met' : 'MISSED'}`)
}

console.log(`${machine()}; payloads of 128 bytes over TCP, medians of ${ROUNDS} rounds`)
const hasNatsServer = spawnSync(NATS_SERVER.command, ['--version']).error === undefined
const [, , wanted = ''] = process.argv
for (const [title, traffic] of TRAFFIC) {
  if (!title.includes(wanted)) continue
  for (const program of hasNatsServer ? [BELFRY, NATS_SERVER] : [BELFRY]) await compare(program, title, traffic)
}
