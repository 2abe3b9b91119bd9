import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError } from '#kit'

/** Environment variables by name; `process.env` is one. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Maps, arrays and braces inside one another. */
export const MAX_DEPTH = 100
const MAX_INCLUDE_DEPTH = 16
/** Files read for one configuration, counting every `include`: files that include the next twice would never end. */
const MAX_FILES = 256
const MAX_FILE_BYTES = 4 * 1024 * 1024

/** What all files of one configuration share while they are read. */
export class Reading {
  readonly environment: Environment
  /** Names of the environment variables whose text is being parsed just now: to meet one again is a cycle. */
  readonly variablesBeingParsed = new Set<string>()
  readonly #cwd: string
  #files = 0
  #includeDepth = 0

  constructor(environment: Environment, cwd: string) {
    this.environment = environment
    this.#cwd = cwd
  }

  /** The text of `file`, a path as written, relative to the working directory. */
  readFile(file: string): string {
    if (++this.#files > MAX_FILES) throw new ConfigError(`more than ${MAX_FILES} files are included`)
    return readTextFile(resolve(this.#cwd, file), file)
  }

  /** Runs `parse` one level of `include` deeper. */
  included<T>(parse: () => T): T {
    if (this.#includeDepth >= MAX_INCLUDE_DEPTH) {
      throw new ConfigError(`files include one another more than ${MAX_INCLUDE_DEPTH} levels deep`)
    }
    this.#includeDepth++
    try {
      return parse()
    } finally {
      this.#includeDepth--
    }
  }
}

/** The UTF-8 text of a file of at most `MAX_FILE_BYTES`. Messages call it `name`. */
export function readTextFile(path: string, name: string): string {
  const bytes = readBounded(path, name)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ConfigError(`${name}: the file is not UTF-8 text`, { cause })
  }
}

/** Not by its size: a pipe, as the shell makes one of `<(command)`, has none. */
function readBounded(path: string, name: string): Buffer {
  const chunks: Buffer[] = []
  let length = 0
  try {
    const descriptor = openSync(path, 'r')
    try {
      for (;;) {
        const chunk = Buffer.allocUnsafe(64 * 1024)
        const taken = readSync(descriptor, chunk)
        if (taken === 0) return Buffer.concat(chunks)
        chunks.push(chunk.subarray(0, taken))
        length += taken
        if (length > MAX_FILE_BYTES) throw new ConfigError(`${name}: the file is larger than ${MAX_FILE_BYTES} bytes`)
      }
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(error as NodeJS.ErrnoException, name)
  }
}

/** In nats-server's words, which are Go's. */
function unreadable(error: NodeJS.ErrnoException, name: string): ConfigError {
  const reasons: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'is a directory',
  }
  const action = error.code === 'EISDIR' ? 'read' : 'open'
  return new ConfigError(`${action} ${name}: ${reasons[error.code ?? ''] ?? error.message}`, { cause: error })
}
