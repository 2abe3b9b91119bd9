import { type ChildProcess, spawn } from 'node:child_process'
import net from 'node:net'
import { atLastMoment } from './last-moment.ts'
import { once, until, within } from './wait.ts'

/**
 * How long a program may take to end on SIGTERM before it is killed. Apache kills its children after nine seconds; without
 * it they would live on, and hold our pipes.
 */
const STOP_DEADLINE_MS = 15_000

/** Of what a program says, this much of the end is kept. Characters. */
const OUTPUT_LIMIT = 256 * 1024

export interface ProgramOptions {
  readonly command: string
  readonly args?: readonly string[]
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string | undefined
  /** Whom it runs as, if not as we do. */
  readonly uid?: number
  readonly gid?: number
  /** What it reads from stdin; default: nothing, and the end at once. */
  readonly input?: string | undefined
  /** What shows that the program is up: a line that it prints, or a TCP port that answers. Default: that it was started. */
  readonly ready?: RegExp | { readonly port: number; readonly host?: string }
  /** Default 20 s. */
  readonly readyDeadlineMs?: number
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program under test: ended and waited for at the end of its block. */
export class RunningProgram implements AsyncDisposable {
  readonly child: ChildProcess
  /** Resolves when the program has ended and all that it said was read. */
  readonly exited: Promise<Exit>
  #stdout = ''
  #stderr = ''
  #hasEnded = false

  constructor({ command, args = [], env, input, ...options }: ProgramOptions) {
    const stdin = input === undefined ? 'ignore' : 'pipe'
    const { cwd, uid, gid } = options
    this.child = spawn(command, args, {
      env: { ...process.env, ...env },
      cwd,
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      stdio: [stdin, 'pipe', 'pipe'],
    })
    // A program may end without having read it all.
    this.child.stdin?.on('error', () => undefined).end(input)
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-OUTPUT_LIMIT)
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-OUTPUT_LIMIT)
    })
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => resolve({ code, signal }))
    })
    const callOff = atLastMoment(() => this.child.kill('SIGKILL'))
    this.exited
      .catch(() => undefined)
      .finally(() => {
        this.#hasEnded = true
        callOff()
      })
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Both streams, for messages. */
  get output(): string {
    return this.#stdout + this.#stderr
  }

  /** The match of `pattern` in what the program has said or says within the deadline; rejects when it ends before. */
  async saying(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray> {
    const match = () => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr)
    return this.#untilOrEnd(match, `${pattern} in the output`, deadlineMs)
  }

  /** Resolves when something listens on the port; rejects when the program ends before. */
  async listening(port: number, host = '127.0.0.1', deadlineMs?: number): Promise<void> {
    await this.#untilOrEnd(() => canConnect(port, host), `a listener on ${host}:${port}`, deadlineMs)
  }

  /** Ends the program, by force when it does not go by itself. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.child.kill(signal)
    try {
      return await within(this.exited, 'the program to end', STOP_DEADLINE_MS)
    } catch {
      this.child.kill('SIGKILL')
      return this.exited
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined) // it never started
  }

  async #untilOrEnd<T>(
    check: () => T | false | null | Promise<T | false>,
    what: string,
    deadlineMs?: number,
  ): Promise<T> {
    const answer = await until(
      async () => {
        const found = await check()
        return found ? { found } : this.#hasEnded && { found: undefined }
      },
      what,
      deadlineMs,
    )
    if (answer.found !== undefined) return answer.found
    const { code, signal } = await this.exited
    throw new Error(`The program ended (${signal ?? `exit code ${code}`}) before ${what}:\n${this.output}`)
  }
}

/** Starts a program and waits until it is ready; a program that does not get there is gone when this rejects. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const { ready, readyDeadlineMs = 20_000 } = options
  const program = new RunningProgram(options)
  try {
    if (ready instanceof RegExp) await program.saying(ready, readyDeadlineMs)
    else if (ready) await program.listening(ready.port, ready.host, readyDeadlineMs)
    else await within(Promise.race([once(program.child, 'spawn'), program.exited]), 'the program to start')
    return program
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
}

/** Runs a program to its end. */
export async function runProgram(
  options: ProgramOptions,
  deadlineMs = 30_000,
): Promise<Exit & { stdout: string; stderr: string }> {
  await using program = new RunningProgram(options)
  const exit = await within(program.exited, `${options.command} ${(options.args ?? []).join(' ')}`, deadlineMs)
  return { ...exit, stdout: program.stdout, stderr: program.stderr }
}

/**
 * A port of 127.0.0.1 that was free a moment ago, for programs that cannot choose one themselves. None of those that the
 * system hands out (from 32768 on by default on Linux): such a port would be taken while a program that had it restarts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000)
    const server = net.createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

async function canConnect(port: number, host: string): Promise<boolean> {
  const socket = net.connect({ port, host })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  const answer = await promise
  socket.destroy()
  return answer
}
