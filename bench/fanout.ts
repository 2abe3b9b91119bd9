/**
 * What a delivery costs, Belfry beside nats-server: many subscribers of one subject over WebSocket and over TCP,
 * pairs of which nothing can be shared, and connections that only wait.
 *
 * Run: `node bench/fanout.ts [part of a title]`; `NATS_SERVER=<path>` names the nats-server, else it is the one of the
 * PATH. Options of Node, such as `--cpu-prof`, go to Belfry too.
 */
import type { IdleFigures, TrafficFigures, TrafficOrder } from './load/order.ts'
import { runLoad } from './load/run.ts'
import { machine } from './machine.ts'
import { type Contender, contenders, type StartContender } from './servers/contenders.ts'
import { median } from './statistics.ts'
import { printTable } from './table.ts'

const ROUNDS = 5

const IDLE = '4,000 idle WebSocket connections, one subscription each'

type Traffic = Pick<TrafficOrder, 'subscriberTransport' | 'groups' | 'subscribersPerGroup' | 'batch'>

const TRAFFIC: readonly (readonly [title: string, traffic: Traffic])[] = [
  [
    '1 publisher, 1,000 subscribers over WebSocket',
    { subscriberTransport: 'websocket', groups: 1, subscribersPerGroup: 1000, batch: 64 },
  ],
  [
    'the same, one message at a time',
    { subscriberTransport: 'websocket', groups: 1, subscribersPerGroup: 1000, batch: 1 },
  ],
  [
    '1 publisher, 1,000 subscribers over TCP',
    { subscriberTransport: 'tcp', groups: 1, subscribersPerGroup: 1000, batch: 64 },
  ],
  ['100 pairs over TCP', { subscriberTransport: 'tcp', groups: 100, subscribersPerGroup: 1, batch: 64 }],
]

/** The figures of each contender, in rounds A B A B: whatever else the machine does hits all alike. */
async function inRounds<Figures>(
  starts: readonly StartContender[],
  measure: (contender: Contender) => Promise<Figures>,
): Promise<{ name: string; rounds: Figures[] }[]> {
  const results: { name: string; rounds: Figures[] }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, start] of starts.entries()) {
      await using contender = await start()
      results[i] ??= { name: contender.name, rounds: [] }
      results[i].rounds.push(await measure(contender))
    }
  }
  return results
}

async function compareTraffic(starts: readonly StartContender[], title: string, traffic: Traffic): Promise<void> {
  const results = await inRounds(starts, (contender) =>
    runLoad({
      ...traffic,
      kind: 'traffic',
      tcp: contender.tcp,
      subscriberAddress: contender[traffic.subscriberTransport],
      serverPid: contender.pid,
      payloadBytes: 128,
      warmUpMs: 1_000,
      measureMs: 2_000,
    }),
  )
  const column = (key: keyof TrafficFigures) => results.map(({ rounds }) => median(rounds.map((round) => round[key])))
  printTable(
    title,
    results.map(({ name }) => name),
    [
      { heading: 'deliveries/s', values: column('deliveriesPerSecond'), digits: 0 },
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
}

async function compareIdle(starts: readonly StartContender[]): Promise<void> {
  const results = await inRounds(starts, (contender) =>
    runLoad({
      kind: 'idle',
      subscriberAddress: contender.websocket,
      subscriberTransport: 'websocket',
      serverPid: contender.pid,
      connectionsBefore: 1_000,
      connections: 4_000,
      settleMs: 2_500,
    }),
  )
  const column = (key: keyof IdleFigures) => results.map(({ rounds }) => median(rounds.map((round) => round[key])))
  printTable(
    '4,000 idle WebSocket connections, one subscription each',
    results.map(({ name }) => name),
    [{ heading: 'KB per connection', values: column('bytesPerConnection').map((bytes) => bytes / 1024), digits: 1 }],
  )
}

const starts = contenders()
console.log(`${machine()}; payloads of 128 bytes, medians of ${ROUNDS} rounds`)
const [, , wanted = ''] = process.argv
for (const [title, traffic] of TRAFFIC) if (title.includes(wanted)) await compareTraffic(starts, title, traffic)
if (IDLE.includes(wanted)) await compareIdle(starts)
