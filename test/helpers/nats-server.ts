import { readdir, readFile, writeFile } from 'node:fs/promises'
import { type RunningProgram, startProgram } from './processes.ts'
import { requireProgram } from './programs.ts'
import { temporaryFolder } from './temp.ts'
import { until } from './wait.ts'

/** Where a nats-server listens, by what its ports file calls it: `nats`, `websocket`, `monitoring` …; URLs. */
export type NatsServerPorts = Readonly<Record<string, readonly string[]>>

export interface NatsServer extends AsyncDisposable {
  readonly program: RunningProgram
  /** `nats://127.0.0.1:…` */
  readonly url: string
  readonly ports: NatsServerPorts
}

/**
 * Starts a real nats-server with this configuration, on any free port unless it names one (`-1` is "any free port" for
 * the other listeners too: `websocket { port: -1 }`). For tests under `{ skip: requireProgram('nats-server').skip }`.
 */
export async function startNatsServer(configText = ''): Promise<NatsServer> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const configFile = folder.join('nats.conf')
  const listen = /^\s*(port|listen)\b/m.test(configText) ? '' : 'listen: "127.0.0.1:-1"\n'
  await writeFile(configFile, `${listen}ports_file_dir: "${folder.path}"\n${configText}\n`)

  const { path } = requireProgram('nats-server')
  const program = cleanup.use(await startProgram({ command: path, args: ['-c', configFile], ready: /Server is ready/ }))
  const ports = await until(() => readPortsFile(folder.path), 'the ports file of nats-server')
  const kept = cleanup.move()
  return { program, ports, url: ports.nats?.[0] ?? '', [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function readPortsFile(folder: string): Promise<NatsServerPorts | undefined> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.ports'))
  return file === undefined ? undefined : JSON.parse(await readFile(`${folder}/${file}`, 'utf8'))
}
