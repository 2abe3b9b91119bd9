import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type RunningProgram, runProgram, startProgram } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { ROOT } from './page.ts'

export interface RunOptions {
  /** What it reads from stdin. */
  readonly input?: string
  /** The exit code that it has to end with; default 0. */
  readonly code?: number
  /** Added to the environment of the place. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Default 60 s. */
  readonly deadlineMs?: number
  /** Default `sh`. */
  readonly shell?: string
}

/** Of other Belfrys that whoever runs the tests may have set up: they would end up in ours. */
const FOREIGN_VARIABLE =
  /^(BELFRY_|ROCKET_|DATABASE_|DATA_FOLDER$|DOMAIN$|WEB_VAULT_|SMTP_|PUSH_|ENV_FILE$|CONFIG_FILE$|NODE_TEST)/

/**
 * Where the commands of a page are run: a folder of its own, which is the working directory and `HOME`, with `belfry`
 * on the PATH, `bin/belfry` in it, and small programs in place of those that Debian does not have (`programs/`).
 */
export class Place implements AsyncDisposable {
  readonly folder: TemporaryFolder
  /** Added to the environment of this process. */
  readonly env: Record<string, string | undefined>
  readonly #replacements: [from: string | RegExp, to: string][] = []
  readonly #running: RunningProgram[] = []

  static async prepare(): Promise<Place> {
    const folder = await temporaryFolder()
    await mkdir(folder.join('.programs'))
    await symlink(path.join(ROOT, 'bin/belfry'), folder.join('.programs/belfry'))
    await mkdir(folder.join('bin'))
    await symlink(path.join(ROOT, 'bin/belfry'), folder.join('bin/belfry'))
    return new Place(folder)
  }

  private constructor(folder: TemporaryFolder) {
    this.folder = folder
    const foreign = Object.keys(process.env).filter((name) => FOREIGN_VARIABLE.test(name))
    const programs = [
      folder.join('.programs'),
      path.join(import.meta.dirname, 'programs'),
      path.dirname(process.execPath),
    ]
    this.env = {
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      HOME: folder.path,
      PATH: [...programs, process.env.PATH, '/usr/sbin', '/sbin'].join(path.delimiter),
    }
  }

  /** From here on, commands have `to` where the page has `from`: a port that is free, a folder that may be written. */
  replace(from: string | RegExp, to: string): void {
    this.#replacements.push([from, to])
  }

  /** With what stands here for what the page says. */
  translate(text: string): string {
    return this.#replacements.reduce(
      (result, [from, to]) => result.replaceAll(from instanceof RegExp ? global(from) : from, to),
      text,
    )
  }

  /** Puts a program on the PATH: a shell script. */
  async program(name: string, script: string): Promise<void> {
    const file = this.folder.join('.programs', name)
    await writeFile(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o755)
  }

  /** Writes a file below the folder, as `translate` has it. Its path. */
  async file(name: string, text: string): Promise<string> {
    const file = this.folder.join(name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, this.translate(text))
    return file
  }

  /** Runs a script to its end. Each of its commands has to do well, unless another exit code is asked for. */
  async run(script: string, options: RunOptions = {}): Promise<{ stdout: string; stderr: string }> {
    const { code = 0, env, input, deadlineMs = 60_000, shell = 'sh' } = options
    const text = this.translate(script)
    const exit = await runProgram(
      {
        command: shell,
        args: ['-ec', text],
        cwd: this.folder.path,
        env: { ...this.env, ...env },
        ...(input !== undefined && { input }),
      },
      deadlineMs,
    )
    if (exit.code === code) return exit
    throw new Error(`Exit code ${exit.code ?? exit.signal} instead of ${code}:\n${text}\n${exit.stdout}${exit.stderr}`)
  }

  /**
   * Runs a script whose last command stays: a server. Resolves when it has said `ready`; it is ended with the place.
   */
  async start(script: string, ready: RegExp, env: RunOptions['env'] = {}): Promise<RunningProgram> {
    const lines = this.translate(script)
      .replace(/\s+#[^\n'"]*$/, '')
      .split('\n')
    const last = lines.findLastIndex((line, at) => !lines[at - 1]?.endsWith('\\') && line.trim() !== '')
    // In place of the shell, so that a signal reaches it. `exec` takes no variables, `env` does.
    const text = lines.with(last, `exec env ${lines[last]}`).join('\n')
    const program = await startProgram({
      command: 'sh',
      args: ['-ec', text],
      cwd: this.folder.path,
      env: { ...this.env, ...env },
      ready,
    })
    this.#running.push(program)
    return program
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running.reverse()) await program[Symbol.asyncDispose]()
    await this.folder[Symbol.asyncDispose]()
  }
}

function global(pattern: RegExp): RegExp {
  return pattern.global ? pattern : new RegExp(pattern, `${pattern.flags}g`)
}
