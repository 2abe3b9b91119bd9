/**
 * 10,000 devices of 2,000 users on the hub: how soon they are connected, what an idle one costs, how soon all have heard
 * of an event for each user, and whether 5,000 that come back at once are served. Demanded: 30 s, 9 KB, 500 ms, one
 * encoding for each event, all served.
 *
 * Run: `node --expose-gc bench/hub-crowd.ts [--vaultwarden PATH] [--rounds N]`; takes a minute and a half for each round
 * and server. Server and devices need 10,100 open files each: `ulimit -n`.
 */
import { parseArgs } from 'node:util'
import { type StartHubContender, startBelfryContender, startVaultwarden } from './hub/crowd/contenders.ts'
import { DEVICES_PER_USER, playRound, RETURNING, type RoundFigures, USERS } from './hub/crowd/round.ts'
import { machine } from './machine.ts'
import { median } from './statistics.ts'
import { printTable } from './table.ts'

const MAX_CONNECT_SECONDS = 30
const MAX_BYTES = 9 * 1024
const MAX_TELL_MS = 500

const { values } = parseArgs({
  options: { vaultwarden: { type: 'string' }, rounds: { type: 'string', default: '1' } },
})
const contenders: [name: string, start: StartHubContender][] = [['Belfry', startBelfryContender]]
const { vaultwarden } = values
if (vaultwarden !== undefined) contenders.push(['Vaultwarden', (folder) => startVaultwarden(vaultwarden, folder)])

console.log(machine())
if (globalThis.gc === undefined) console.log('Without --expose-gc what is garbage counts as memory of Belfry.')
const figures = contenders.map((): RoundFigures[] => [])
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [i, [, start]] of contenders.entries()) figures[i]!.push(await playRound(start))
}

const rows = contenders.map(([name]) => name)
const middle = (read: (of: RoundFigures) => number | undefined) =>
  figures.map((rounds) => median(rounds.map((of) => read(of) ?? Number.NaN)))
const column = (heading: string, digits: number, read: (of: RoundFigures) => number | undefined, hasRatio = true) => ({
  heading,
  values: middle(read),
  digits,
  hasRatio,
})
const kilobytes = (bytes: number | undefined) => bytes && bytes / 1024

const devices = USERS * DEVICES_PER_USER
printTable(`${devices} devices connect, 100 at a time`, rows, [
  column('all, s', 1, (of) => of.connectSeconds),
  column('one, ms: median', 1, (of) => of.connectP50Ms),
  column('p99', 1, (of) => of.connectP99Ms),
  column('CPU, s', 1, (of) => of.connectCpuSeconds),
])
printTable('Memory of an idle connection, KB', rows, [
  column('RSS', 1, (of) => kilobytes(of.rssPerConnection)),
  column('RSS without garbage', 1, (of) => kilobytes(of.collected?.rss), false),
  column('of it heap', 1, (of) => kilobytes(of.collected?.heap), false),
  column('all of the process, MB', 0, (of) => of.rssAtAll / 1024 / 1024),
])
printTable(`One event to each of ${USERS} users, heard by all devices`, rows, [
  column('published at once, ms', 0, (of) => of.tellMs, false),
  column('CPU, ms', 0, (of) => of.tellCpuMs, false),
  column('encodings of each', 2, (of) => of.encodingsPerEvent, false),
  column('made through the API, s', 1, (of) => of.changeSeconds),
  column('CPU, s', 1, (of) => of.changeCpuSeconds),
])
printTable(`${RETURNING} devices come back at once; none was refused`, rows, [
  column('all back, s', 2, (of) => of.stormSeconds),
  column('one, s: p99', 2, (of) => of.stormP99Ms / 1000),
  column('API request meanwhile, ms: p99', 0, (of) => of.stormRequestP99Ms),
  column('requests', 0, (of) => of.stormRequests, false),
])

const [connectSeconds = 0] = middle((of) => of.connectSeconds)
const [bytes = 0] = middle((of) => of.collected?.rss)
const [tellMs = 0] = middle((of) => of.tellMs)
const [encodings = 0] = middle((of) => of.encodingsPerEvent)
const isMet = connectSeconds <= MAX_CONNECT_SECONDS && bytes <= MAX_BYTES && tellMs <= MAX_TELL_MS && encodings === 1
console.log(
  `\nDemanded: ${MAX_CONNECT_SECONDS} s, ${MAX_BYTES / 1024} KB, ${MAX_TELL_MS} ms, 1 encoding: ${isMet ? 'met' : 'NOT met'}`,
)
