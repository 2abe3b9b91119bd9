import { writeFile } from 'node:fs/promises'
import { freePort, type RunningProgram, startProgram } from './processes.ts'
import { requireProgram } from './programs.ts'
import { type TemporaryFolder, temporaryFolder } from './temp.ts'

/** How a nats-server says that it is there. */
const READY = /Server is ready/

export interface NatsNodeOptions {
  /** Whether it has ports for leaf nodes and for WebSocket, which may come in there too. */
  readonly leafnodes?: boolean
  /** What else its configuration says, at its top. Default: nothing. */
  readonly config?: string
  /** What its `leafnodes {}` says besides. Default: nothing. */
  readonly leafConfig?: string
  /** What its `websocket {}` says. Default: `no_tls: true`. */
  readonly webSocketConfig?: string
  /** Default: `nats-server`, from wherever it is. */
  readonly command?: string
  /** Default: `hub`. */
  readonly name?: string
}

/** One nats-server on ports that stay its own when it is killed and comes back. */
export class NatsNode implements AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly leafPort: number
  readonly webSocketPort: number
  readonly #command: string
  readonly #configFile: string
  #program: RunningProgram | undefined

  constructor(
    options: NatsNodeOptions,
    files: { readonly configFile: string; readonly ports: Pick<NatsNode, 'port' | 'leafPort' | 'webSocketPort'> },
  ) {
    this.name = options.name ?? 'hub'
    this.port = files.ports.port
    this.leafPort = files.ports.leafPort
    this.webSocketPort = files.ports.webSocketPort
    this.#command = options.command ?? requireProgram('nats-server').path
    this.#configFile = files.configFile
  }

  /** For clients. */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  /** For leaf nodes. */
  get leafUrl(): string {
    return `nats://127.0.0.1:${this.leafPort}`
  }

  /** For leaf nodes over WebSocket, and for clients. */
  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.webSocketPort}`
  }

  /** As it runs now. Throws when it does not. */
  get program(): RunningProgram {
    if (this.#program === undefined) throw new Error(`${this.name} does not run`)
    return this.#program
  }

  get runs(): boolean {
    return this.#program !== undefined
  }

  async start(): Promise<void> {
    this.#program = await startProgram({ command: this.#command, args: ['-c', this.#configFile], ready: READY })
  }

  /** Without a word, as a machine goes that loses its power. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL')
    this.#program = undefined
  }

  /** As an operator ends it. */
  async stop(): Promise<void> {
    await this.#program?.stop()
    this.#program = undefined
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** Has it read another configuration, in which `text` takes the place of all of it. */
  async reload(text: string): Promise<void> {
    await this.configure(text)
    const { program } = this
    const before = program.output.split('Reloaded server configuration').length
    program.child.kill('SIGHUP')
    await program.saying(new RegExp(`(?:[^]*Reloaded server configuration){${before}}`))
  }

  /** What it reads at its next start. */
  async configure(text: string): Promise<void> {
    await writeFile(this.#configFile, text)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}

/** A nats-server by itself that keeps its ports. For tests under `{ skip: requireProgram('nats-server').skip }`. */
export async function startNatsNode(
  options: NatsNodeOptions = {},
): Promise<NatsNode & { readonly configText: string }> {
  const cluster = await startNatsCluster(1, options)
  const [node] = cluster.nodes
  return Object.assign(node!, {
    configText: cluster.configTexts[0]!,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  })
}

export interface NatsCluster extends AsyncDisposable {
  readonly nodes: readonly NatsNode[]
  /** Of each. */
  readonly configTexts: readonly string[]
}

/**
 * As many nats-servers on loopback ports, which are one cluster unless there is but one; resolves when each has a route to
 * every other. Their names are `hub-0`, `hub-1` and so on.
 */
export async function startNatsCluster(count: number, options: NatsNodeOptions = {}): Promise<NatsCluster> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const ports = await Promise.all(Array.from({ length: count }, () => portsOfNode()))
  const routes = ports.map(({ clusterPort }) => `nats://127.0.0.1:${clusterPort}`)
  const names = ports.map((_, i) => (count === 1 ? (options.name ?? 'hub') : `${options.name ?? 'hub'}-${i}`))
  const configTexts = ports.map((own, i) => configText(own, { ...options, name: names[i]! }, count === 1 ? [] : routes))
  const nodes = await Promise.all(
    names.map((name, i) => prepared(folder, { ...options, name }, ports[i]!, configTexts[i]!)),
  )
  for (const node of nodes) cleanup.use(node)
  await Promise.all(nodes.map((node) => node.start()))
  await Promise.all(nodes.map((node) => routed(node, count)))
  const kept = cleanup.move()
  return { nodes, configTexts, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Resolves when the node has a route to each of the others. */
async function routed({ program }: NatsNode, count: number): Promise<void> {
  for (let i = 1; i < count; i++) await program.saying(new RegExp(`(?:[^]*Route connection created){${i}}`))
}

interface Ports {
  readonly port: number
  readonly leafPort: number
  readonly webSocketPort: number
  readonly clusterPort: number
}

async function portsOfNode(): Promise<Ports> {
  const [port, leafPort, webSocketPort, clusterPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ])
  return { port: port!, leafPort: leafPort!, webSocketPort: webSocketPort!, clusterPort: clusterPort! }
}

async function prepared(
  folder: TemporaryFolder,
  options: NatsNodeOptions,
  ports: Ports,
  text: string,
): Promise<NatsNode> {
  const configFile = folder.join(`${options.name}.conf`)
  await writeFile(configFile, text)
  return new NatsNode(options, { configFile, ports })
}

function configText(ports: Ports, options: NatsNodeOptions, routes: readonly string[]): string {
  const { leafnodes = false, config = '', leafConfig = '', webSocketConfig = 'no_tls: true', name } = options
  const at = (port: number) => `listen: "127.0.0.1:${port}"`
  return [
    `server_name: "${name}"`,
    at(ports.port),
    leafnodes ? `leafnodes { ${at(ports.leafPort)}\n${leafConfig} }` : '',
    leafnodes ? `websocket { ${at(ports.webSocketPort)}\n${webSocketConfig} }` : '',
    routes.length === 0 ? '' : `cluster { name: "hubs", ${at(ports.clusterPort)}, routes: ${JSON.stringify(routes)} }`,
    config,
  ].join('\n')
}
