import { closeSync, fstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { ConfigError } from '#kit'
import { goQuote } from '#wire/nats'
import { goFileError } from './go-file-error.ts'
import { backupSuffix } from './line.ts'

/** As nats-server makes its log files. */
const MODE = 0o640

/** `backupSuffix`, which no other file beside the log should end with. */
const BACKUP_SUFFIX = /^\d{4}(?:\.\d\d){5}\.\d{9}$/

export interface LogFileOptions {
  readonly file: string
  /** A file longer than this is put aside; 0 means never. */
  readonly sizeLimitBytes: number
  /** The current file included; 0 keeps all. */
  readonly maxFiles: number
  /** Milliseconds since the epoch, for the names of files put aside. */
  readonly now: () => number
  /** A line about the log file itself, as it is to be written. */
  readonly line: (level: 'INF' | 'ERR', text: string) => string
  /** The log cannot be written; told once, until it can be again. */
  readonly onTrouble: (text: string) => void
}

/**
 * A log file that is put aside under the time of day when it grows too long, as nats-server does. Writing never throws:
 * a disk that is full must not end the server, so lines are lost until there is room.
 */
export class LogFile {
  readonly #options: LogFileOptions
  #fd: number
  #bytes: number
  #limitBytes: number
  #isInTrouble = false

  /** @throws ConfigError when the file cannot be opened. */
  constructor(options: LogFileOptions) {
    this.#options = options
    this.#limitBytes = options.sizeLimitBytes
    try {
      this.#fd = openSync(options.file, 'a', MODE)
    } catch (error) {
      throw new ConfigError(`error opening file: ${goFileError(error)}`, { cause: error })
    }
    this.#bytes = fstatSync(this.#fd).size
    if (this.#isTooLong()) this.#rotate()
  }

  write(line: string): void {
    this.#append(line)
    if (this.#isTooLong()) this.#rotate()
  }

  /** Goes on in a new file of the name: somebody has moved the old one away. */
  reopen(): void {
    try {
      const fd = openSync(this.#options.file, 'a', MODE)
      closeSync(this.#fd)
      this.#fd = fd
      this.#bytes = fstatSync(fd).size
      this.#limitBytes = this.#options.sizeLimitBytes
    } catch (error) {
      this.#append(this.#options.line('ERR', `Cannot re-open the log file: ${goFileError(error)}`))
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  #append(line: string): void {
    const bytes = Buffer.from(line)
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written)
      this.#bytes += bytes.length
      this.#isInTrouble = false
    } catch (error) {
      if (!this.#isInTrouble) this.#options.onTrouble(`Cannot write the log file: ${goFileError(error)}`)
      this.#isInTrouble = true
    }
  }

  /** Only of files that can be put aside: a limit is no reason to rename /dev/stdout. */
  #isTooLong(): boolean {
    return this.#limitBytes > 0 && this.#bytes > this.#limitBytes && fstatSync(this.#fd).isFile()
  }

  #rotate(): void {
    const { file, line, now, maxFiles } = this.#options
    const backup = `${file}.${backupSuffix(now())}`
    try {
      renameSync(file, backup)
    } catch (error) {
      // Somebody else's logrotate was here, or the folder is closed: later, and not at every line.
      this.#limitBytes = Math.max(this.#limitBytes, this.#bytes) * 2
      this.#append(
        line('ERR', `Cannot put the log file aside: ${goFileError(error)}; next at ${this.#limitBytes} bytes`),
      )
      return
    }
    this.reopen()
    this.#append(line('INF', `Rotated log, backup saved as ${goQuote(backup)}`))
    if (maxFiles > 0) this.#removeOldest(maxFiles - 1)
  }

  #removeOldest(kept: number): void {
    const { file, line } = this.#options
    const folder = path.dirname(file)
    const prefix = `${path.basename(file)}.`
    try {
      const backups = readdirSync(folder)
        .filter((name) => name.startsWith(prefix) && BACKUP_SUFFIX.test(name.slice(prefix.length)))
        .sort()
      for (const name of backups.slice(0, Math.max(0, backups.length - kept))) {
        rmSync(path.join(folder, name))
        this.#append(line('INF', `Purged log file ${goQuote(name)}`))
      }
    } catch (error) {
      this.#append(line('ERR', `Cannot remove old log files: ${goFileError(error)}`))
    }
  }
}
