/**
 * The servers that the table runs against, all from the same configuration text: Belfry in this process, Debian's
 * nats-server 2.9.10, and, where BELFRY_TEST_NATS_SERVER names one, another nats-server, which is taken for the newest.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, type TestContext, test } from 'node:test'
import { loadOptions } from '#config'
import { ConfigError } from '#kit'
import { startServer } from '#server'
import { type RunningProgram, runProgram, startProgram } from '../../../helpers/processes.ts'
import { requireProgram } from '../../../helpers/programs.ts'
import { recordingLogger } from '../../../helpers/recording-logger.ts'
import { temporaryFolder } from '../../../helpers/temp.ts'
import { until } from '../../../helpers/wait.ts'
import type { Address } from '../../../net/raw-socket.ts'

/** `natsServer` is 2.9.10. */
export type ImplementationName = 'belfry' | 'natsServer' | 'newest'

/** An expectation that all share, or what each does; the newest nats-server does as Belfry unless it is said. */
export type Differing<T> = T | { readonly belfry: T; readonly natsServer: T; readonly newest?: T }

export function expectationOf<T>(expected: Differing<T>, name: ImplementationName): T {
  const isDiffering = typeof expected === 'object' && expected !== null && 'natsServer' in expected
  if (!isDiffering) return expected as T
  return name === 'newest' && 'newest' in expected
    ? (expected.newest as T)
    : expected[name === 'newest' ? 'belfry' : name]
}

export interface RunningImplementation extends AsyncDisposable {
  readonly name: ImplementationName
  readonly tcp: Address
  /** Port 0 when there is no such listener. */
  readonly webSocket: Address
  /** The first line of the log that has `pattern`, from the beginning or as soon as it comes. */
  logged(pattern: RegExp): Promise<string>
  /** Puts `configText` in the file's place and has it read. Resolves with what went wrong, `undefined` when nothing. */
  reload(configText: string): Promise<string | undefined>
}

export interface Implementation {
  readonly name: ImplementationName
  /** For `describe(…, { skip })`. */
  readonly skip: string | false
  start(configText: string): Promise<RunningImplementation>
  /** What it says about a configuration when it only reads it; `undefined` when it accepts it. */
  check(configText: string): Promise<string | undefined>
  /** What it says as it refuses to start; fails when it starts. */
  startFailure(configText: string): Promise<string>
}

const NOWHERE: Address = { host: '127.0.0.1', port: 0 }

const NEWEST = process.env.BELFRY_TEST_NATS_SERVER
const debian = requireProgram('nats-server')

export const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: 'belfry', skip: false, start: startBelfry, check: checkBelfry, startFailure: belfryFailure },
  natsServer('natsServer', debian.path, debian.skip),
  ...(NEWEST ? [natsServer('newest', NEWEST, false)] : []),
]

/** Runs `rows` for every implementation. */
export function table(rows: (implementation: Implementation) => void): void {
  for (const implementation of IMPLEMENTATIONS) {
    describe(implementation.name, { skip: implementation.skip }, () => rows(implementation))
  }
}

/** A row about what 2.9.10 does not do yet, where there is no such test, which the name says. */
export function newerRow(
  { name }: Implementation,
  row: string,
  why: string,
  run: (context: TestContext) => Promise<void>,
): void {
  if (name !== 'natsServer') test(`${row} [not asked of 2.9.10: ${why}]`, run)
}

// --- Belfry -----------------------------------------------------------------------------------------------------------

async function startBelfry(configText: string): Promise<RunningImplementation> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const configFile = folder.join('belfry.conf')
  const lines: string[] = []
  await writeFile(configFile, withListen(configText))
  const logger = recordingLogger(({ level, fields, event }) =>
    lines.push(`${level} ${event} ${JSON.stringify(fields, errorsAsText)}`),
  )
  const overrides = { web: { host: '127.0.0.1', port: 0, https: false }, vault: { dataFolder: folder.path } } as const
  const server = cleanup.use(await startServer(overrides, { configFile, logger }))
  const { nats, websockets } = server.addresses
  const kept = cleanup.move()
  return {
    name: 'belfry',
    tcp: nats,
    webSocket: websockets[0] ?? NOWHERE,
    logged: (pattern) =>
      until(() => lines.find((line) => pattern.test(line)), `${pattern} in the log: ${lines.join('\n')}`),
    reload: async (text) => {
      await writeFile(configFile, withListen(text))
      return configErrorOf(() => server.reload())
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value
}

async function checkBelfry(configText: string): Promise<string | undefined> {
  await using folder = await temporaryFolder()
  const configFile = folder.join('belfry.conf')
  await writeFile(configFile, configText)
  return configErrorOf(async () => loadOptions({ configFile, env: {}, cwd: folder.path, overrides: {} }))
}

async function belfryFailure(configText: string): Promise<string> {
  const error = await configErrorOf(async () => {
    await using _running = await startBelfry(configText)
  })
  assert.notEqual(error, undefined, 'it started')
  return error!
}

async function configErrorOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message
  }
}

// --- nats-server ------------------------------------------------------------------------------------------------------

function natsServer(name: ImplementationName, command: string, skip: string | false): Implementation {
  return {
    name,
    skip,
    start: (configText) => startNatsServer(name, command, configText),
    check: async (configText) => {
      const { code, stderr } = await runNatsServer(command, configText, ['-t'])
      return code === 0 ? undefined : stderr
    },
    startFailure: async (configText) => {
      const { code, stderr } = await runNatsServer(command, withListen(configText), [])
      assert.notEqual(code, 0, stderr)
      return stderr
    },
  }
}

async function startNatsServer(
  name: ImplementationName,
  command: string,
  configText: string,
): Promise<RunningImplementation> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const configFile = folder.join('nats.conf')
  const write = (text: string) => writeFile(configFile, `ports_file_dir: "${folder.path}"\n${withListen(text)}`)
  await write(configText)
  const program = cleanup.use(await startProgram({ command, args: ['-c', configFile], ready: /Server is ready/ }))
  const ports = await until(() => readPortsFile(folder.path), 'the ports file of nats-server')
  const kept = cleanup.move()
  return {
    name,
    tcp: addressIn(ports.nats),
    webSocket: ports.websocket === undefined ? NOWHERE : addressIn(ports.websocket),
    logged: async (pattern) => {
      await program.saying(pattern)
      return program.output.split('\n').find((line) => pattern.test(line)) ?? ''
    },
    reload: async (text) => {
      await write(text)
      return reloadNatsServer(program)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Says what it does about it in the log; nothing else tells. */
async function reloadNatsServer(program: RunningProgram): Promise<string | undefined> {
  const before = program.stderr.length
  program.child.kill('SIGHUP')
  const outcome = /Reloaded server configuration|Failed to reload server configuration: (.*)/
  const said = await until(() => outcome.exec(program.stderr.slice(before)), 'the outcome of the reload')
  return said[1]
}

async function runNatsServer(command: string, configText: string, args: readonly string[]) {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('nats.conf'), configText)
  return await runProgram({ command, args: ['-c', 'nats.conf', ...args], cwd: folder.path })
}

async function readPortsFile(folder: string): Promise<Record<string, string[]> | undefined> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.ports'))
  return file === undefined ? undefined : JSON.parse(await readFile(`${folder}/${file}`, 'utf8'))
}

function addressIn(urls: readonly string[] | undefined): Address {
  return { host: '127.0.0.1', port: Number(new URL(urls?.[0] ?? '').port) }
}

function withListen(configText: string): string {
  return `listen: "127.0.0.1:-1"\n${configText}\n`
}
