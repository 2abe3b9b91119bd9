import { ConfigError } from '#kit'

/** Says in one line why the database cannot be used. Every message about opening names the file in the same way. */
export function cannotOpen(databaseFile: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(`Cannot open the database "${databaseFile}": ${reason}`, { cause })
}

/** Extended result code of SQLite (https://sqlite.org/rescode.html) that `error` carries; undefined for other errors. */
export function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? (error.errcode as number) : undefined
}

/** Primary result codes, the low byte of an extended one. */
export const READ_ONLY = 8
export const BUSY = 5
const IO_ERROR = 10
const CORRUPT = 11
const FULL = 13
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26

const REASONS: Readonly<Record<number, string>> = {
  [READ_ONLY]: 'it is read-only; the file and its folder must be writable',
  [BUSY]: 'another program has locked it',
  [IO_ERROR]: 'reading or writing it failed',
  [CORRUPT]: 'the file is damaged',
  [FULL]: 'the disk is full',
  [CANNOT_OPEN]: 'permission denied; the file and its folder must be readable and writable',
  [NOT_A_DATABASE]: 'the file is not an SQLite database',
}

/** Whether the database could not do it as things are, and may again later. */
export const isHindered = (error: unknown): boolean => HINDRANCES.includes((resultCode(error) ?? 0) & 0xff)

const HINDRANCES = [BUSY, READ_ONLY, IO_ERROR, FULL, CANNOT_OPEN]

/** An error of SQLite or the system while opening, as the line that the operator reads. Others come back as they are. */
export function explain(databaseFile: string, error: unknown): unknown {
  const code = resultCode(error) ?? resultCode((error as Error).cause)
  if (code === undefined) {
    const { syscall, code: name, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) return error
    return cannotOpen(databaseFile, name === 'EACCES' ? 'permission denied' : message, error)
  }
  return cannotOpen(databaseFile, REASONS[code & 0xff] ?? (error as Error).message, error)
}
