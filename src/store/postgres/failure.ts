import { ConfigError } from '#kit'
import { describeAddress, type PostgresAddress } from './address.ts'

/** Says in one line why the database cannot be used. Every message about opening names it in the same way. */
export function cannotOpen(address: PostgresAddress, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(`Cannot open the database ${describeAddress(address)}: ${reason}`, { cause })
}

/** A value that PostgreSQL has no place for: a text with a NUL in it, too long, a number that is too large. */
export class UnstorableValue extends Error {
  readonly code = 'UNSTORABLE_VALUE'
  override name = 'UnstorableValue'
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const INVALID_AUTHORIZATION = '28000'
const INVALID_PASSWORD = '28P01'
const UNKNOWN_DATABASE = '3D000'
const INSUFFICIENT_PRIVILEGE = '42501'
const TOO_MANY_CONNECTIONS = '53300'
/** Shut down by the administrator, crashed beside another connection, not up yet, the database dropped, idle too long. */
const GONE = ['57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '25P04']
/** After a failover connections to the old primary live on, and the new one is found by connecting again. */
const READ_ONLY = '25006'
const CONNECTION_EXCEPTIONS = '08'
/** No space on the disk, no memory; a file cannot be read or written. */
const UNABLE = ['53', '58']
const DATA_EXCEPTIONS = '22'
/** The lock timeout and the statement timeout. */
const LATE = ['55P03', '57014']

/** SQLSTATE, or the code of Node's error; undefined when there is none. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** What the server itself said, as against what befell the connection to it. */
const isSaidByServer = (error: unknown) => error instanceof Error && 'severity' in error

/** Whether the error ends the connection on which it came. */
export function isLost(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  if (!isSaidByServer(error)) return true
  return GONE.includes(code) || code === READ_ONLY || code.startsWith(CONNECTION_EXCEPTIONS)
}

/** Whether the server could not do it in time, or not as things are; the connection stays. */
export function isHindered(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  return LATE.includes(code) || UNABLE.includes(code.slice(0, 2))
}

/** Whether the error of one who wanted a connection says that the server is not there, rather than busy. */
export function isAway(error: unknown): boolean {
  if (isSaidByServer(error)) return isLost(error)
  // Of a proxy that cannot reach it either, and ends the connection.
  return PASSING.includes(codeOf(error) ?? '') || (codeOf(error) === undefined && /terminated/i.test(`${error}`))
}

export const isUnstorable = (error: unknown) => codeOf(error)?.startsWith(DATA_EXCEPTIONS) === true

/** Whether the server may simply not be up yet, or have no place just now. */
export function mayPass(error: unknown): boolean {
  if (isSaidByServer(error)) return isLost(error) || codeOf(error) === TOO_MANY_CONNECTIONS
  return (
    PASSING.includes(codeOf(error) ?? '') || (codeOf(error) === undefined && /terminated|timeout/i.test(`${error}`))
  )
}

/** Of Node: nobody listens, nobody answers, the name is not known (yet), the socket is not there (yet). */
const PASSING = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']
PASSING.push('EAI_AGAIN', 'ENOENT')

/** An attempt at several addresses of a host has no text of its own. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error && error.message) || (codeOf(error) ?? 'unknown error')

/** What a failure to connect or to make the schema means, as the line that the operator reads. */
export function explain(address: PostgresAddress, error: unknown): unknown {
  if (error instanceof ConfigError) return error
  const { message } = error as Error
  const { user, database } = address
  switch (codeOf(error)) {
    case INVALID_AUTHORIZATION:
      return cannotOpen(address, `it does not let user "${user}" in: ${message}`, error)
    case INVALID_PASSWORD:
      return cannotOpen(
        address,
        `it does not let user "${user}" in: ${message}; in the URL special characters are written as %XX`,
        error,
      )
    case UNKNOWN_DATABASE:
      return cannotOpen(address, 'there is no database of this name; create it, empty', error)
    case INSUFFICIENT_PRIVILEGE:
      return cannotOpen(
        address,
        `user "${user}" may not do what is needed: ${message}; let it own the database "${database}" and what is in it`,
        error,
      )
    default:
      // Of the driver, which has no codes for these.
      if (/password must be a/.test(message)) {
        return cannotOpen(
          address,
          `it asks user "${user}" for a password: write it into the URL, or set PGPASSWORD`,
          error,
        )
      }
      if (/does not support SSL/.test(message)) {
        return cannotOpen(address, 'it does not support SSL: switch that on there, or write sslmode=disable', error)
      }
      return cannotOpen(address, message || (codeOf(error) ?? 'unknown error'), error)
  }
}
