import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { NatsServerOptions } from '#config'
import type { Logger } from '#kit'
import type { ListenAddress } from '#net'
import type { ProtocolTrace } from '#ops'
import { type NatsServerWorld, type RunningNatsServer, runNatsServer } from '../../src/commands/nats-server/index.ts'
import { until } from '../helpers/wait.ts'

/** No process has it: the pid files and ports files of tests are told from each other by their folders. */
export const PID = 4_000_123

/** A NATS server that listens nowhere and keeps what it is told. */
export class FakeNatsServer implements RunningNatsServer {
  readonly addresses: RunningNatsServer['addresses']
  readonly serverId = 'NFAKE'
  readonly options: NatsServerOptions
  readonly logger: Logger
  readonly trace: ProtocolTrace
  readonly reloads: NatsServerOptions[] = []
  readonly duck = Promise.withResolvers<void>()
  isLameDuck = false
  isClosed = false
  /** What the next reload fails with. */
  reloadError: Error | undefined

  constructor(options: NatsServerOptions, { logger, trace }: { logger: Logger; trace: ProtocolTrace }) {
    const bound = ({ host, port }: ListenAddress, free: number) => ({ host, port: port || free })
    const { http, https } = options.monitoring ?? {}
    this.options = options
    this.logger = logger
    this.trace = trace
    this.addresses = {
      nats: bound(options.nats, 4001),
      websockets: options.websockets.map((listener, at) => bound(listener, 4100 + at)),
      leafnodes: options.leafnodes.listener && bound(options.leafnodes.listener, 4301),
      monitoring: { http: http && bound(http, 4201), https: https && bound(https, 4202) },
    }
  }

  async reload(options: NatsServerOptions): Promise<readonly string[]> {
    if (this.reloadError) throw this.reloadError
    this.reloads.push(options)
    return [`nats.maxPayloadBytes: 1 -> ${options.nats.maxPayloadBytes}`]
  }

  lameDuck(): Promise<void> {
    this.isLameDuck = true
    return this.duck.promise
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

/** The program in a world of its own. */
export class NatsServerRun {
  stdout = ''
  stderr = ''
  /** The server's log, where it goes to standard error. */
  log = ''
  readonly signals = new EventEmitter()
  readonly killed: [pid: number, signal: string][] = []
  readonly exitCode: Promise<number>
  server: FakeNatsServer | undefined

  constructor(args: readonly string[], change: Partial<NatsServerWorld> = {}) {
    this.exitCode = runNatsServer(args, {
      start: async (options, tools) => {
        this.server = new FakeNatsServer(options, tools)
        return this.server
      },
      loadTls: async () => undefined,
      protocolVersion: '2.9.25',
      belfryVersion: '0.1.0',
      env: {},
      cwd: '/',
      stdout: this.#writer('stdout'),
      stderr: this.#writer('stderr'),
      signals: this.signals,
      pid: PID,
      kill: (pid, signal) => void this.killed.push([pid, signal]),
      log: { destination: this.#writer('log'), pid: PID },
      ...change,
    })
    // Whoever starts one may look at it before it ends.
    this.exitCode.catch(() => undefined)
  }

  /** Resolves when the log says so; rejects when the program ends before. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = this.exitCode.then((code) => `exit code ${code}`, String)
    const end = await Promise.race([until(() => pattern.exec(this.log), `${pattern} in the log`), ended])
    if (typeof end !== 'string') return end
    return pattern.exec(this.log) ?? assert.fail(`${end} before ${pattern}: ${this.stderr}${this.log}`)
  }

  async isReady(): Promise<FakeNatsServer> {
    await this.logged(/Server is ready/)
    return this.server!
  }

  /** The texts of the log, without pid and time. */
  get logTexts(): string[] {
    return this.log.split('\n').map((line) => line.replace(/^\[\d+\] (?:\S+ \S+ )?(?=\[[A-Z]{3}\])/, ''))
  }

  signal(name: NodeJS.Signals): void {
    this.signals.emit(name, name)
  }

  #writer(stream: 'stdout' | 'stderr' | 'log') {
    return {
      write: (text: string) => {
        this[stream] += text
      },
    }
  }
}
