import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { type NatsCluster, startNatsCluster } from '../../helpers/nats-cluster.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres.ts'
import { type Exit, freePort, type RunningProgram, startProgram } from '../../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { until, within } from '../../helpers/wait.ts'

/** On a machine that does much else, beside another Belfry that serves everybody. */
const PATIENCE_MS = 60_000

/** What ends and begins again: by SIGTERM as operators do it, which for PostgreSQL is the fast shutdown, or by SIGKILL. */
export interface Component {
  readonly name: string
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** One vault on two Belfrys, with PostgreSQL and three nats-servers, each a process on ports that it keeps. */
export class Machines implements AsyncDisposable {
  readonly belfrys: readonly Belfry[]
  /** In the order in which they are restarted. */
  readonly components: readonly Component[]
  readonly #cleanUp: AsyncDisposableStack

  static async start(): Promise<Machines> {
    await using cleanUp = new AsyncDisposableStack()
    const folder = cleanUp.use(await temporaryFolder())
    const password = randomBytes(8).toString('hex')
    const startCluster = startNatsCluster(3, {
      leafnodes: true,
      leafConfig: `authorization { user: belfry, password: "${password}", account: BELFRY }`,
      config: 'accounts { BELFRY {} }',
    })
    const startDatabase = startPostgres({ tcp: true })
    const [cluster, postgres] = await settled(cleanUp, [startCluster, startDatabase])
    const databaseUrl = await postgres.createDatabase()
    const belfrys = [0, 1].map((number) => {
      // Each tries another one first.
      const nodes = cluster.nodes.map((_, i) => cluster.nodes[(number + i) % cluster.nodes.length]!)
      const clusterUrl = nodes.map(({ leafPort }) => `nats://belfry:${password}@127.0.0.1:${leafPort}`).join()
      return Belfry.prepare({ number, folder, databaseUrl, clusterUrl })
    })
    const machines = new Machines(await Promise.all(belfrys), { cluster, postgres, cleanUp: cleanUp.move() })
    try {
      for (const belfry of machines.belfrys) await belfry.start()
      return machines
    } catch (error) {
      await machines[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(belfrys: readonly Belfry[], { cluster, postgres, cleanUp }: Surroundings) {
    this.belfrys = belfrys
    this.#cleanUp = cleanUp
    for (const belfry of belfrys) cleanUp.use(belfry)
    const nodes = cluster.nodes.map((node) => ({
      name: node.name,
      async restart(signal: NodeJS.Signals) {
        await (signal === 'SIGTERM' ? node.stop() : node.kill())
        await node.start()
      },
    }))
    const database = {
      name: 'postgres',
      async restart(signal: NodeJS.Signals) {
        await postgres.stop(signal === 'SIGTERM' ? 'SIGINT' : 'SIGKILL')
        // Those who served the connections of one that was killed hold its memory until they notice.
        await until(() => postgres.start().then(() => true), 'PostgreSQL to start again', PATIENCE_MS)
      },
    }
    this.components = [...belfrys, ...nodes, database]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanUp.disposeAsync()
  }
}

interface Surroundings {
  readonly cluster: NatsCluster
  readonly postgres: PostgresServer
  readonly cleanUp: AsyncDisposableStack
}

/** All of them, or the error of one when the others are gone again. */
async function settled<A extends AsyncDisposable, B extends AsyncDisposable>(
  cleanUp: AsyncDisposableStack,
  [a, b]: [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  for (const result of await Promise.allSettled([a, b])) {
    if (result.status === 'fulfilled') cleanUp.use(result.value)
  }
  return Promise.all([a, b])
}

interface BelfryOptions {
  readonly number: number
  readonly folder: TemporaryFolder
  readonly databaseUrl: string
  readonly clusterUrl: string
}

/** `belfry serve`, as its environment says. */
export class Belfry implements Component, AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  #program: RunningProgram | undefined
  /** What those before said that have ended. */
  #saidBefore = ''

  static async prepare(options: BelfryOptions): Promise<Belfry> {
    const [port, natsPort] = await Promise.all([freePort(), freePort()])
    return new Belfry(options, { port, natsPort })
  }

  private constructor(options: BelfryOptions, { port, natsPort }: { port: number; natsPort: number }) {
    const { number, folder, databaseUrl, clusterUrl } = options
    this.name = `belfry-${number}`
    this.port = port
    this.#folder = folder.path
    this.#env = {
      DATA_FOLDER: folder.join(this.name),
      RSA_KEY_FILENAME: folder.join('rsa_key'),
      DATABASE_URL: databaseUrl,
      BELFRY_CLUSTER_URL: clusterUrl,
      ROCKET_ADDRESS: '127.0.0.1',
      ROCKET_PORT: String(port),
      BELFRY_NATS_PORT: String(natsPort),
      BELFRY_HTTPS: 'false',
      BELFRY_HUB_DRAIN_WINDOW: '500ms',
      // The least that is allowed, and as often as one likes: apps that are logged out log in again.
      PASSWORD_ITERATIONS: '100000',
      LOGIN_RATELIMIT_MAX_BURST: '10000',
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Everything since its first start. */
  get log(): string {
    return this.#saidBefore + (this.#program?.output ?? '')
  }

  async start(): Promise<void> {
    this.#program = await startProgram({
      command: path.resolve(import.meta.dirname, '../../../bin/belfry'),
      args: ['serve'],
      cwd: this.#folder,
      env: this.#env,
      ready: /Stop with Ctrl-C/,
      readyDeadlineMs: PATIENCE_MS,
    })
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const exit = await this.end(signal)
    assert.deepEqual(exit, signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal })
    await this.start()
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit> {
    const program = this.#program!
    program.child.kill(signal)
    const exit = await within(program.exited, `${this.name} to end`, PATIENCE_MS)
    this.#saidBefore += program.output
    this.#program = undefined
    return exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.stop('SIGKILL')
  }
}
