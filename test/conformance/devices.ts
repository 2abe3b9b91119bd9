/** Devices of a Bitwarden user, as the real clients: the official CLI, and the apps' connection to the hub. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { HttpTransportType, type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import { freePort, type RunningProgram, startProgram } from '../helpers/processes.ts'

const run = promisify(execFile)

const PROGRAM = createRequire(import.meta.url).resolve('@bitwarden/cli/build/bw.js')
const PROMPT_END = new URL('prompt-end.ts', import.meta.url).href

/** One `bw` with its own application data, which goes when it is disposed of. */
export class BitwardenCli implements AsyncDisposable {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv

  static async install(certificateAuthorityFile: string): Promise<BitwardenCli> {
    const folder = await mkdtemp(path.join(tmpdir(), 'belfry-bw-'))
    return new BitwardenCli(folder, {
      PATH: process.env.PATH,
      HOME: folder,
      BITWARDENCLI_APPDATA_DIR: folder,
      BW_NOINTERACTION: 'true',
      NODE_EXTRA_CA_CERTS: certificateAuthorityFile,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      NODE_OPTIONS: `--import ${PROMPT_END}`,
      // The CLI's own libraries warn about themselves on stderr.
      NODE_NO_WARNINGS: '1',
    })
  }

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#env = env
  }

  /** Runs one command and answers with what it printed. Rejects with what it said when it fails. */
  async run(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [PROGRAM, ...args], { env: this.#env, timeout: 60_000 })
    return stdout.trim()
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever the command prints.
  async json(...args: string[]): Promise<any> {
    return JSON.parse(await this.run(...args))
  }

  /** Logs in and keeps the session for the commands that follow. `more`: how, if not by the password alone. */
  async login(server: string, email: string, password: string, ...more: string[]): Promise<void> {
    await this.run('config', 'server', server)
    this.#env.BW_SESSION = await this.run('login', email, password, '--raw', ...more)
  }

  /** Logs in as a program does, and opens the vault. */
  async loginByApiKey(server: string, key: { id: string; secret: string }, password: string): Promise<void> {
    await this.run('config', 'server', server)
    Object.assign(this.#env, { BW_CLIENTID: key.id, BW_CLIENTSECRET: key.secret })
    await this.run('login', '--apikey')
    await this.unlock(password)
  }

  async unlock(password: string): Promise<void> {
    this.#env.BW_SESSION = await this.run('unlock', password, '--raw')
  }

  /** A file of its own. */
  file(name: string): string {
    return path.join(this.#folder, name)
  }

  /** The same program once more, which stays and takes its commands by HTTP: each is done in no time. */
  async serve(): Promise<ServedCli> {
    const port = await freePort()
    const args = [PROGRAM, 'serve', '--hostname', '127.0.0.1', '--port', String(port)]
    const ready = { port, host: '127.0.0.1' }
    const program = await startProgram({
      command: process.execPath,
      args,
      env: this.#env,
      ready,
      readyDeadlineMs: 60_000,
    })
    return new ServedCli(program, `http://127.0.0.1:${port}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** `bw serve` of one user who is logged in. */
export class ServedCli implements AsyncDisposable {
  readonly #program: RunningProgram
  readonly #url: string

  constructor(program: RunningProgram, url: string) {
    this.#program = program
    this.#url = url
  }

  /** What a command answers; a list as the list itself. Throws with what it says when it fails. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the command answers.
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const isForm = body instanceof FormData
    const response = await fetch(this.#url + path, {
      method,
      ...(body !== undefined && !isForm && { headers: { 'Content-Type': 'application/json' } }),
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    })
    if (!response.headers.get('content-type')?.includes('json')) return Buffer.from(await response.arrayBuffer())
    const answer = (await response.json()) as {
      success: boolean
      message?: string
      data?: { object: string; data: unknown }
    }
    if (!answer.success) throw new Error(`${method} ${path}: ${answer.message}`)
    return answer.data?.object === 'list' ? answer.data.data : answer.data
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]()
  }
}

/** What `ReceiveMessage` brings. */
export interface HubEvent {
  readonly ContextId: string | null
  readonly Type: number
  // biome-ignore lint/suspicious/noExplicitAny: each type has its own.
  readonly Payload: Record<string, any>
}

/** A hub connection set up as the Bitwarden apps set it up, which keeps what it hears until it is asked for. */
export class HubDevice implements AsyncDisposable {
  readonly connection: HubConnection
  readonly #events: HubEvent[] = []
  readonly #waiting: ((event: HubEvent) => void)[] = []

  static async connect(server: string, accessToken: string): Promise<HubDevice> {
    const device = new HubDevice(server, accessToken)
    await device.connection.start()
    return device
  }

  constructor(server: string, accessToken: string) {
    this.connection = new HubConnectionBuilder()
      .withUrl(`${server}/notifications/hub`, {
        accessTokenFactory: () => accessToken,
        skipNegotiation: true,
        transport: HttpTransportType.WebSockets,
      })
      .withHubProtocol(new MessagePackHubProtocol())
      .configureLogging(LogLevel.None)
      .build()
    this.connection.on('ReceiveMessage', (event: HubEvent) => {
      const waiting = this.#waiting.shift()
      if (waiting) waiting(event)
      else this.#events.push(event)
    })
  }

  /** The next event in order, waited for if need be. */
  async next(deadlineMs = 5_000): Promise<HubEvent> {
    const event = this.#events.shift()
    if (event) return event
    const { promise, resolve, reject } = Promise.withResolvers<HubEvent>()
    this.#waiting.push(resolve)
    const timer = setTimeout(() => reject(new Error(`no event within ${deadlineMs} ms`)), deadlineMs)
    return promise.finally(() => clearTimeout(timer))
  }

  /** Events that came and were not asked for. */
  get unread(): readonly HubEvent[] {
    return this.#events
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.stop()
  }
}
