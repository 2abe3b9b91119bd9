/**
 * What a cluster costs in time: how soon a second device hears of a change when it is at the same Belfry, at another one
 * behind the same nats-server, and at one behind another node of a cluster of three. All on PostgreSQL. Demanded: the
 * cluster adds at most 5 ms (median). Run: `node bench/cluster-latency.ts`; takes about two minutes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { login, registerAndLogin, type TestDevice } from '../test/helpers/account.ts'
import { startNatsCluster, startNatsNode } from '../test/helpers/nats-cluster.ts'
import { startPostgres } from '../test/helpers/postgres.ts'
import { temporaryFolder } from '../test/helpers/temp.ts'
import { until } from '../test/helpers/wait.ts'
import { type Instances, type Layout, NATS_OPTIONS, startInstances } from './cluster/layout.ts'
import { connectToHub } from './hub/hub-connection.ts'
import { machine } from './machine.ts'
import { quantile } from './statistics.ts'
import { printTable } from './table.ts'

const ROUNDS = 5
const CHANGES_PER_ROUND = 300
const WARM_UP_CHANGES = 300
/** Between the end of one change and the next, on average. */
const GAP_MS = 5

const MAX_ADDED_MS = 5

/** One user of a layout, with a device at the first instance and one at the last. */
class Pair {
  readonly name: string
  /** From `fetch` until the device has decoded the event; milliseconds. */
  readonly nearMs: number[] = []
  readonly farMs: number[] = []
  readonly #actor: TestDevice
  readonly #item: { readonly id: string; readonly body: object }
  /** When each device heard of the change under way. */
  #heard: { near?: number; far?: number } = {}

  static async connect({ name, webUrls }: Instances): Promise<Pair> {
    const [near = '', far = near] = [webUrls[0], webUrls.at(-1)]
    const actor = await registerAndLogin({ server: near })
    const body = actor.loginItem('example')
    const { json } = await actor.post('/api/ciphers', body)
    const pair = new Pair(name, actor, { id: json.id, body })
    const other = await login({ server: far, email: actor.email })
    await connectToHub(near, actor.accessToken, () => pair.#hear('near'))
    await connectToHub(far, other.accessToken, () => pair.#hear('far'))
    await until(async () => {
      await pair.#change()
      return pair.#heard.far !== undefined
    }, `${name}: the instances to hear each other`)
    return pair
  }

  private constructor(name: string, actor: TestDevice, item: { readonly id: string; readonly body: object }) {
    this.name = name
    this.#actor = actor
    this.#item = item
  }

  async makeChanges(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const startMs = await this.#change()
      await until(() => this.#heard.near && this.#heard.far, `${this.name}: both devices`)
      this.nearMs.push(this.#heard.near! - startMs)
      this.farMs.push(this.#heard.far! - startMs)
      // Not in step with anybody's timers.
      await sleep(Math.random() * 2 * GAP_MS)
    }
  }

  async #change(): Promise<number> {
    this.#heard = {}
    const startMs = performance.now()
    const { status, json } = await this.#actor.put(`/api/ciphers/${this.#item.id}`, this.#item.body)
    if (status !== 200) throw new Error(`The change was answered with ${status}: ${JSON.stringify(json)}`)
    return startMs
  }

  #hear(where: 'near' | 'far'): void {
    this.#heard[where] ??= performance.now()
  }
}

console.log(machine())
await using cleanup = new AsyncDisposableStack()
const folder = cleanup.use(await temporaryFolder())
const postgres = cleanup.use(await startPostgres({ tcp: true }))
const single = cleanup.use(await startNatsNode(NATS_OPTIONS))
const { nodes } = cleanup.use(await startNatsCluster(3, NATS_OPTIONS))
const layouts: Layout[] = [
  { name: 'one instance', nodes: [] },
  { name: 'two, one nats-server', nodes: [single, single] },
  { name: 'two, at nodes of a cluster', nodes: nodes.slice(0, 2) },
]
const pairs: Pair[] = []
for (const layout of layouts) {
  const instances = await startInstances(layout, { postgres, rsaKeyFilename: folder.join('rsa_key') })
  pairs.push(await Pair.connect(cleanup.use(instances)))
}
for (const pair of pairs) await pair.makeChanges(WARM_UP_CHANGES)
for (const { nearMs, farMs } of pairs) nearMs.length = farMs.length = 0
for (let round = 0; round < ROUNDS; round++) for (const pair of pairs) await pair.makeChanges(CHANGES_PER_ROUND)

const column = (heading: string, part: number, values: (pair: Pair) => number[]) => ({
  heading,
  values: pairs.map((pair) => quantile(values(pair), part)),
  digits: 2,
  hasRatio: false,
})
const later = ({ nearMs, farMs }: Pair) => farMs.map((ms, i) => ms - nearMs[i]!)
printTable(
  `${ROUNDS * CHANGES_PER_ROUND} changes each: fetch called -> heard by the device at the other instance; milliseconds`,
  pairs.map(({ name }) => name),
  [
    column('median', 0.5, ({ farMs }) => farMs),
    column('p95', 0.95, ({ farMs }) => farMs),
    column('p99', 0.99, ({ farMs }) => farMs),
    column('after the device at hand: median', 0.5, later),
    column('p99', 0.99, later),
  ],
)
const [alone, , clustered] = pairs.map(({ farMs }) => quantile(farMs, 0.5)) as [number, number, number]
const added = clustered - alone
console.log(`\nDemanded: the cluster adds <= ${MAX_ADDED_MS} ms (median): ${added <= MAX_ADDED_MS ? 'met' : 'NOT met'}`)
