import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type RunningProgram, startProgram } from '../../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import type { Place } from './app.ts'

// A handshake that is refused makes SignalR's client for Node throw where nobody can catch it: apps give up before that.
const CONFIGURATION = `listen: "127.0.0.1:-1"
web { listen: "127.0.0.1:-1", https: false }
hub { handshake_timeout: "5m" }
`

/** A server in a process of its own, which ends and begins again over the same data. Its time passes faster than ours. */
export class FastServer implements Place, AsyncDisposable {
  readonly #factor: number
  readonly #sinceMs = Date.now()
  readonly #folder: TemporaryFolder
  #program!: RunningProgram
  #port = 0

  /** `factor`: how much faster. */
  static async start(factor: number): Promise<FastServer> {
    const server = new FastServer(factor, await temporaryFolder())
    await server.begin()
    return server
  }

  private constructor(factor: number, folder: TemporaryFolder) {
    this.#factor = factor
    this.#folder = folder
  }

  get ports(): readonly number[] {
    return [this.#port]
  }

  readonly at = 0

  /** What its clock says. Milliseconds since the Unix epoch. */
  now(): number {
    return Math.floor(this.#sinceMs + (Date.now() - this.#sinceMs) * this.#factor)
  }

  /** `fetch` to wherever it listens now; the host in the URL does not matter. */
  readonly fetch: typeof globalThis.fetch = (input, init) => {
    const { pathname, search } = new URL(String(input))
    return fetch(`http://127.0.0.1:${this.#port}${pathname}${search}`, init)
  }

  async begin(): Promise<void> {
    const root = path.resolve(import.meta.dirname, '../../..')
    await writeFile(this.#folder.join('belfry.conf'), CONFIGURATION)
    this.#program = await startProgram({
      command: process.execPath,
      args: [
        '--disable-warning=ExperimentalWarning',
        `--import=${path.join(import.meta.dirname, 'fast-time.ts')}`,
        path.join(root, 'src/main.ts'),
        '-c',
        'belfry.conf',
      ],
      cwd: this.#folder.path,
      env: {
        FAST_TIME: `${this.#factor} ${this.#sinceMs}`,
        LOG_LEVEL: 'warn',
        DATA_FOLDER: this.#folder.join('data'),
        PASSWORD_ITERATIONS: '100000',
        LOGIN_RATELIMIT_MAX_BURST: '10000',
      },
      ready: /Stop with Ctrl-C/,
    })
    const [, port] = await this.#program.saying(/http:\/\/127\.0\.0\.1:(\d+)/)
    this.#port = Number(port)
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#program.child.kill(signal)
    await this.#program.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
    await this.#folder[Symbol.asyncDispose]()
  }
}
