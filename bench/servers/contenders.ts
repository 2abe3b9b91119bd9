import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { ListenAddress } from '#net'
import { startProgram } from '../../test/helpers/processes.ts'
import { temporaryFolder } from '../../test/helpers/temp.ts'
import { until } from '../../test/helpers/wait.ts'
import { startBelfry } from './start-belfry.ts'

/** A server in a process of its own that speaks NATS over TCP and over WebSocket. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly tcp: ListenAddress
  readonly websocket: ListenAddress
}

export type StartContender = () => Promise<Contender>

/** Belfry, and the nats-server that `NATS_SERVER` names (default: of the PATH), when there is one. */
export function contenders(): readonly StartContender[] {
  const command = process.env.NATS_SERVER ?? 'nats-server'
  const { stdout, error } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  if (error !== undefined) {
    console.log(`${command} cannot be run (${error.message}): Belfry runs alone. NATS_SERVER=<path> names one.`)
    return [startBelfryContender]
  }
  const version = /v(\d\S*)/.exec(stdout)?.[1] ?? ''
  return [startBelfryContender, () => startNatsServer(command, `nats-server ${version}`)]
}

async function startBelfryContender(): Promise<Contender> {
  const belfry = await startBelfry()
  const { nats, websockets } = belfry.addresses
  return {
    name: 'Belfry',
    pid: belfry.child.pid!,
    tcp: nats,
    websocket: websockets[0]!,
    [Symbol.asyncDispose]: () => belfry[Symbol.asyncDispose](),
  }
}

async function startNatsServer(command: string, name: string): Promise<Contender> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const configFile = folder.join('nats.conf')
  await writeFile(
    configFile,
    `listen: "127.0.0.1:-1"
ports_file_dir: "${folder.path}"
websocket { listen: "127.0.0.1:-1", no_tls: true }
`,
  )
  const program = cleanup.use(await startProgram({ command, args: ['-c', configFile], ready: /Server is ready/ }))
  const ports = await until(() => readPortsFile(folder.path), 'the ports file of nats-server')
  const kept = cleanup.move()
  return {
    name,
    pid: program.child.pid!,
    tcp: addressOf(ports.nats![0]!),
    websocket: addressOf(ports.websocket![0]!),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function readPortsFile(folder: string): Promise<Record<string, string[]> | undefined> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.ports'))
  return file === undefined ? undefined : JSON.parse(await readFile(`${folder}/${file}`, 'utf8'))
}

function addressOf(url: string): ListenAddress {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}
