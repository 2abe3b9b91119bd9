import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { ListenAddress } from '#net'
import { startProgram } from '../../test/helpers/processes.ts'
import { temporaryFolder } from '../../test/helpers/temp.ts'
import { until } from '../../test/helpers/wait.ts'

export interface ServerProgram {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

export const BELFRY: ServerProgram = {
  name: 'Belfry',
  command: new URL('../../bin/belfry', import.meta.url).pathname,
  args: ['nats-server'],
}

/** The one that `NATS_SERVER` names, or that of the PATH. */
export const NATS_SERVER: ServerProgram = {
  name: 'nats-server',
  command: process.env.NATS_SERVER ?? 'nats-server',
  args: [],
}

export interface ConfiguredServer extends AsyncDisposable {
  readonly pid: number
  readonly address: ListenAddress
  /** Where the configuration has a `websocket {}`. */
  readonly websocket: ListenAddress | undefined
}

/** Starts a NATS server with this configuration and a free port of 127.0.0.1. */
export async function startConfigured(program: ServerProgram, configText: string): Promise<ConfiguredServer> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const configFile = folder.join('nats.conf')
  await writeFile(
    configFile,
    `listen: "127.0.0.1:-1"
ports_file_dir: "${folder.path}"
log_file: "${folder.join('log')}"
${configText}
`,
  )
  const { command, args } = program
  const running = cleanup.use(await startProgram({ command, args: [...args, '-c', configFile] }))
  const ports = await until(() => readPortsFile(folder.path), 'the ports file')
  const kept = cleanup.move()
  return {
    pid: running.child.pid!,
    address: addressOf(ports.nats[0]),
    websocket: ports.websocket && addressOf(ports.websocket[0]),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

type PortsFile = Readonly<Record<'nats', [url: string]> & Partial<Record<'websocket', [url: string]>>>

async function readPortsFile(folder: string): Promise<PortsFile | undefined> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.ports'))
  return file === undefined ? undefined : JSON.parse(await readFile(`${folder}/${file}`, 'utf8'))
}

function addressOf(url: string): ListenAddress {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}
