import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { ConfigError } from '#kit'
import type { PostgresAddress } from './address.ts'

/** Of what a program says of its failure, this much is shown. Characters. */
const MOST_TOLD = 2000

export interface ProgramRun {
  readonly command: 'pg_dump' | 'pg_restore'
  readonly args: readonly string[]
  /** Where to connect; default: nowhere. */
  readonly address?: PostgresAddress
}

/**
 * Runs a program that comes with PostgreSQL, from the PATH; resolves with what it wrote to stdout. Rejects with a ConfigError
 * when it is not installed or fails, in its own words.
 */
export async function runPostgresProgram({ command, args, address }: ProgramRun): Promise<string> {
  if (address === undefined) return run(command, args)
  const { password } = address
  // Not on the command line, which everybody on the machine can read. Who gives none has one where libpq looks for it.
  const variables = password === undefined ? {} : { PGPASSWORD: password }
  return run(command, [...args, '--no-password', `--dbname=${connectionString(address)}`], variables)
}

async function run(command: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(command, args, { env: { ...process.env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, MOST_TOLD)
  })
  child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? notInstalled(command) : error))
  child.once('close', (code, signal) => {
    if (code === 0) resolve(stdout)
    else reject(new ConfigError(`${command} failed: ${stderr.trim() || (signal ?? `exit code ${code}`)}`))
  })
  const end = () => child.kill()
  process.once('exit', end)
  try {
    return await promise
  } finally {
    process.off('exit', end)
  }
}

/** The number before the first dot of the release; throws as `runPostgresProgram`. */
export async function majorVersionOf(command: ProgramRun['command']): Promise<number> {
  const text = await runPostgresProgram({ command, args: ['--version'] })
  return Number(/(\d+)/.exec(text)?.[1] ?? 0)
}

const notInstalled = (command: string) =>
  new ConfigError(`${command} is not installed, or not on the PATH; on Debian it comes with postgresql-client`)

/** How libpq is told what the URL says, save for the password. */
function connectionString(address: PostgresAddress): string {
  const { sslMode, sslRootCert } = address
  const isVerified = sslMode === 'verify-ca' || sslMode === 'verify-full'
  const values = {
    host: address.host,
    port: String(address.port),
    dbname: address.database,
    user: address.user,
    sslmode: sslMode,
    sslrootcert: sslRootCert ?? (isVerified ? systemAuthorities() : undefined),
    sslcert: address.sslCert,
    sslkey: address.sslKey,
    application_name: address.applicationName,
    options: address.options,
  }
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return given.map(([name, value]) => `${name}='${value!.replace(/[\\']/g, '\\$&')}'`).join(' ')
}

/** libpq knows its own word for them from PostgreSQL 16 on. */
function systemAuthorities(): string {
  const file = '/etc/ssl/certs/ca-certificates.crt'
  return existsSync(file) ? file : 'system'
}
