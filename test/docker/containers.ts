/** Runs what a compose file says without Docker: each service a process on a loopback address of its own. */
import { chmod, chown, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unprivileged } from '../helpers/postgres.ts'
import { type Exit, RunningProgram, runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { within } from '../helpers/wait.ts'
import { type ComposeFile, type ComposeService, durationMs, type HealthCheck } from './compose-file.ts'
import { readDockerfile } from './dockerfile.ts'
import { type Network, Place } from './place.ts'

const root = path.join(import.meta.dirname, '../..')

/** Docker's default. */
const RETRIES = 3

/** Why they cannot run here, if they cannot. */
export const skip =
  (['nats-server', 'nginx', 'postgres', 'openssl'] as const).map((name) => requireProgram(name).skip).find(Boolean) ??
  false

interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  /** What it writes to instead of its output. */
  readonly logFile?: string
}

/** How to run the program of an image. What the images of others do before that is told by their documentation. */
type Image = (service: ComposeService, place: Place, address: string) => Promise<Launch>

const images: Readonly<Record<string, Image>> = {
  async belfry({ command = [], environment }, place, address) {
    const image = readDockerfile()
    const env = translated({ ...image.environment, ...environment }, place)
    // An engine lets everybody have every port.
    if (Number(env.ROCKET_PORT) < 1024) env.ROCKET_PORT = '8000'
    const [program = ''] = image.entrypoint
    return {
      command: path.join(root, 'bin', program),
      args: command.map((argument) => place.translate(argument)),
      // In a container 127.0.0.1 is for itself.
      env: { ...env, ...nodeFirst(), BELFRY_NATS_HOST: address },
      cwd: place.path(image.workingFolder),
    }
  },

  async nats({ command = [] }, place) {
    const args = command.map((argument) => place.translate(argument))
    return { command: requireProgram('nats-server').path, args }
  },

  async nginx(_service, place, address) {
    const configFile = place.path('/etc/nginx/nginx.conf')
    const text = await readFile(configFile, 'utf8')
    // Our pipes are sockets, which cannot be opened by name.
    const logFile = place.path('/tmp/access.log')
    // It comes to the others from its own address, as from a container.
    const bound = text
      .replaceAll('/dev/stdout', logFile)
      .replace(/\blisten (?=\d+[ ;])/g, `listen ${address}:`)
      .replace('http {', `http { proxy_bind ${address};`)
    await writeFile(configFile, bound)
    // Its workers are to get into a folder of ours.
    const user = process.getuid?.() === 0 ? ' user root;' : ''
    const args = ['-c', configFile, '-p', place.path('/'), '-e', 'stderr', '-g', `daemon off;${user}`]
    return { command: requireProgram('nginx').path, args, logFile }
  },

  async postgres({ command: [, ...args] = [], environment }, place, address) {
    const program = requireProgram('postgres').path
    const account = await unprivileged()
    const env = translated(environment ?? {}, place)
    const data = place.path('/var/lib/postgresql/data')
    if (account) {
      await chmod(path.join(place.path('/'), '..'), 0o755)
      await chown(path.dirname(data), account.uid, account.gid)
    }
    const tool = async (name: string, given: readonly string[], input?: string) => {
      const launch = {
        command: path.join(path.dirname(program), name),
        args: given,
        cwd: path.dirname(data),
        ...account,
      }
      const { code, stdout, stderr } = await runProgram(input === undefined ? launch : { ...launch, input })
      if (code !== 0) throw new Error(`${name} failed:\n${stdout}${stderr}`)
    }
    const owner = env.POSTGRES_USER ?? ''
    await tool('initdb', [
      ...['-D', data, `--username=${owner}`, `--pwfile=${env.POSTGRES_PASSWORD_FILE}`, '--no-sync'],
      ...(env.POSTGRES_INITDB_ARGS ?? '').split(' '),
    ])
    await tool('postgres', ['--single', '-D', data, 'postgres'], `CREATE DATABASE ${env.POSTGRES_DB}\n`)
    const settings = { listen_addresses: address, unix_socket_directories: '', fsync: 'off' }
    const ours = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return { command: program, args: ['-D', data, ...args, ...ours], cwd: path.dirname(data), ...account }
  },
}

/** How the images are to be stopped, where compose.yaml does not say. */
const stopSignals: Readonly<Record<string, NodeJS.Signals>> = {
  belfry: readDockerfile().stopSignal,
  nats: 'SIGTERM',
  nginx: 'SIGQUIT',
  postgres: 'SIGINT',
}

/** How to ask whether a service is well. */
const checks: Readonly<Record<string, (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<boolean>>> = {
  async wget(args) {
    return (await fetch(args.at(-1) ?? '')).ok
  },
  async pg_isready(args) {
    const command = path.join(path.dirname(requireProgram('postgres').path), 'pg_isready')
    return (await runProgram({ command, args })).code === 0
  },
  async node(args, env) {
    return (await runProgram({ command: process.execPath, args, env: { ...env } })).code === 0
  },
  async belfry(args, env) {
    return (await runProgram({ command: path.join(root, 'bin/belfry'), args, env: { ...env } })).code === 0
  },
}

/** One service. */
export class Container {
  readonly name: string
  readonly address: string
  readonly #service: ComposeService
  readonly #place: Place
  #launch: Launch | undefined
  #program: RunningProgram | undefined

  constructor(name: string, { service, place, address }: { service: ComposeService; place: Place; address: string }) {
    this.name = name
    this.address = address
    this.#service = service
    this.#place = place
  }

  get #kind(): string {
    return this.#service.image.replace(/:.*/, '')
  }

  /** Throws when it does not run. */
  get program(): RunningProgram {
    if (this.#program === undefined) throw new Error(`${this.name} does not run`)
    return this.#program
  }

  /** All that it has said since its last start. */
  async log(): Promise<string> {
    const file = this.#launch?.logFile
    return this.program.output + (file === undefined ? '' : await readFile(file, 'utf8'))
  }

  /** Resolves when it is healthy by its own check; rejects when it is not within the time that this grants. */
  async start(): Promise<void> {
    this.#launch ??= await images[this.#kind]!(this.#service, this.#place, this.address)
    this.#program = new RunningProgram(this.#launch)
    await this.#healthy()
  }

  /** As `docker stop` does: rejects when it had to be killed. */
  async stop(): Promise<Exit> {
    const { stop_signal: signal = stopSignals[this.#kind], stop_grace_period: grace = '10s' } = this.#service
    const { program } = this
    program.child.kill(signal)
    return within(program.exited, `${this.name} to end`, durationMs(grace))
  }

  /** Without a word. */
  async kill(): Promise<void> {
    await this.program.stop('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Neither leaves processes of its own behind.
    const signal = { nginx: 'SIGTERM', postgres: 'SIGQUIT' }[this.#kind] ?? 'SIGKILL'
    await this.#program?.stop(signal as NodeJS.Signals).catch(() => undefined)
  }

  async #healthy(): Promise<void> {
    const check = this.#service.healthcheck ?? readDockerfile().healthcheck
    const endMs = performance.now() + durationMs(check.start_period) + RETRIES * durationMs(check.interval)
    for (;;) {
      const answer = await Promise.race([this.#passes(check), this.program.exited])
      if (answer === true) return
      const reason = answer === false ? performance.now() > endMs && 'is not healthy' : 'has ended'
      if (reason) throw new Error(`${this.name} ${reason}:\n${this.program.output}`)
      await sleep(durationMs(check.start_interval))
    }
  }

  async #passes({ test, timeout }: HealthCheck): Promise<boolean> {
    const [, command = '', ...args] = test.map((argument) => this.#place.translate(argument))
    const asked = checks[command]!(args, this.#launch?.env ?? {})
    return within(asked, `${command} of ${this.name}`, durationMs(timeout)).catch(() => false)
  }
}

/** All services of a compose file. */
export class Containers implements AsyncDisposable {
  readonly network: Network
  readonly #compose: ComposeFile
  readonly #folder: TemporaryFolder
  readonly #containers = new Map<string, Container>()

  /** `source` is the folder of the compose file and of what it names. */
  static async prepare(compose: ComposeFile, source: string, network: Network): Promise<Containers> {
    const folder = await temporaryFolder()
    const containers = new Containers(compose, folder, network)
    for (const [name, service] of Object.entries(compose.services)) {
      const translate = (text: string) => network.translate(text, name)
      const place = await Place.prepare(service, { folder: folder.join(name), source, compose, translate })
      containers.#containers.set(name, new Container(name, { service, place, address: network.address(name) }))
    }
    return containers
  }

  private constructor(compose: ComposeFile, folder: TemporaryFolder, network: Network) {
    this.#compose = compose
    this.#folder = folder
    this.network = network
  }

  get(name: string): Container {
    return this.#containers.get(name)!
  }

  /** Starts each when those that it depends on are healthy. Resolves when all are. */
  async up(): Promise<void> {
    const started = new Map<string, Promise<void>>()
    const start = (name: string): Promise<void> => {
      const begun = started.get(name) ?? this.#startAfter(name, start)
      started.set(name, begun)
      return begun
    }
    await Promise.all(Object.keys(this.#compose.services).map(start))
  }

  async #startAfter(name: string, start: (name: string) => Promise<void>): Promise<void> {
    await Promise.all(Object.keys(this.#compose.services[name]?.depends_on ?? {}).map(start))
    await this.get(name).start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#containers.values()].map((container) => container[Symbol.asyncDispose]()))
    await this.#folder[Symbol.asyncDispose]()
  }
}

function translated(environment: Readonly<Record<string, string>>, place: Place): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, place.translate(value)]))
}

/** The Node that runs the tests, for programs that look for one. */
function nodeFirst(): { PATH: string } {
  return { PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}` }
}
