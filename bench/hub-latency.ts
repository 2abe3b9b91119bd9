/**
 * How soon the other devices hear of a change: 200 devices (40 users with 5 each) on the hub, 50 changes a second at
 * random moments. Demanded: from the request's arrival to the event's bytes written to the other device's socket at
 * most 3 ms (median) and 15 ms (99th percentile). Run: `node bench/hub-latency.ts`; takes about a minute.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../test/helpers/wait.ts'
import { type Household, moveIn } from './hub/household.ts'
import { machine } from './machine.ts'
import { startBelfry } from './servers/start-belfry.ts'
import { quantile } from './statistics.ts'
import { printTable } from './table.ts'

const USERS = 40
const DEVICES_PER_USER = 5
const ITEMS_PER_USER = 5
const CHANGES_PER_SECOND = 50
const WARM_UP_CHANGES = 250
const CHANGES = 1_500

const MAX_MEDIAN_MS = 3
const MAX_P99_MS = 15

/** Changes that not all devices have heard of yet, by cipher. */
const underWay = new Map<string, { readonly beganAtMs: number; heard: number }>()
let heardAfterMs: number[] = []

function onChange(cipherId: string): void {
  const change = underWay.get(cipherId)
  if (change === undefined || ++change.heard < DEVICES_PER_USER) return
  heardAfterMs.push(performance.now() - change.beganAtMs)
  underWay.delete(cipherId)
}

/** Takes turns with the users, so that a change is always over before its item is changed again. */
function* changesOf(households: readonly Household[]): Generator<() => Promise<void>, never> {
  for (;;) {
    for (let item = 0; item < ITEMS_PER_USER; item++) {
      for (const { cipherIds, change } of households) {
        const id = cipherIds[item]!
        yield () => {
          underWay.set(id, { beganAtMs: performance.now(), heard: 0 })
          return change(id)
        }
      }
    }
  }
}

/** Begins changes at random moments, whether or not the ones before are done: users do not wait for one another. */
async function makeChanges(changes: Generator<() => Promise<void>, never>, count: number): Promise<void> {
  const answers: Promise<void>[] = []
  let nextAtMs = performance.now()
  for (let i = 0; i < count; i++) {
    // Exponential gaps: what independent people make together.
    nextAtMs += (-Math.log(1 - Math.random()) * 1000) / CHANGES_PER_SECOND
    const waitMs = nextAtMs - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    answers.push(changes.next().value())
  }
  await Promise.all(answers)
  await until(() => underWay.size === 0, 'the last events')
}

console.log(machine())
await using belfry = await startBelfry(new URL('hub/timed-belfry.ts', import.meta.url))
belfry.child.send({ devicesPerUser: DEVICES_PER_USER })
const tripsOfServer = async () => {
  belfry.child.send('trips')
  const [{ tripsMs, underWay }] = await once(belfry.child, 'message')
  if (underWay > 0) throw new Error(`${underWay} changes were not written to all devices`)
  return tripsMs as number[]
}

const { host, port } = belfry.addresses.web
const options = { webUrl: `http://${host}:${port}`, devices: DEVICES_PER_USER, items: ITEMS_PER_USER, onChange }
const households: Household[] = []
// One after the other: a server takes only so many logins at a time.
for (let i = 0; i < USERS; i++) households.push(await moveIn({ ...options, address: `192.0.2.${i}` }))
const changes = changesOf(households)
await makeChanges(changes, WARM_UP_CHANGES)
await tripsOfServer()
heardAfterMs = []
await makeChanges(changes, CHANGES)
const tripsMs = await tripsOfServer()
for (const household of households) household.close()

const rows = ['request arrived -> written to all devices', 'fetch called -> heard by all devices']
const samples = [tripsMs, heardAfterMs]
const column = (heading: string, part: number) => ({
  heading,
  values: samples.map((values) => quantile(values, part)),
  digits: 2,
  hasRatio: false,
})
printTable(`${CHANGES} changes at ${CHANGES_PER_SECOND}/s, ${USERS * DEVICES_PER_USER} devices; milliseconds`, rows, [
  column('median', 0.5),
  column('p95', 0.95),
  column('p99', 0.99),
  column('max', 1),
])
const isMet = quantile(tripsMs, 0.5) <= MAX_MEDIAN_MS && quantile(tripsMs, 0.99) <= MAX_P99_MS
console.log(`\nDemanded: median <= ${MAX_MEDIAN_MS} ms, p99 <= ${MAX_P99_MS} ms: ${isMet ? 'met' : 'NOT met'}`)
