import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '#kit'
import type { PostgresAddress } from './address.ts'

/** Of what a program says of its failure, this much is shown. Characters. */
const MOST_TOLD = 2000

export interface ProgramRun {
  readonly command: 'pg_dump' | 'pg_restore'
  readonly args: readonly string[]
  /** Default: it connects to nobody. */
  readonly connection?: {
    readonly address: PostgresAddress
    /** Where a file may stand that only its owner can read. */
    readonly workFolder: string
  }
}

/**
 * Runs a program that comes with PostgreSQL, from the PATH; resolves with what it wrote to stdout. Rejects with a ConfigError
 * when it is not installed or fails, in its own words.
 */
export async function runPostgresProgram({ command, args, connection }: ProgramRun): Promise<string> {
  if (connection === undefined) return run(command, args)
  const { address, workFolder } = connection
  const passFile = path.join(workFolder, `${randomUUID()}.pgpass`)
  if (address.password !== undefined) await writeFile(passFile, passLine(address.password), { mode: 0o600, flag: 'wx' })
  try {
    return await run(command, [...args, '--no-password', `--dbname=${connectionString(address, passFile)}`])
  } finally {
    await rm(passFile, { force: true })
  }
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
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

/**
 * How libpq is told what the URL says: not the password, since everybody on the machine can read a command line. That stands in a
 * file, and whoever has none there is looked for as libpq does.
 */
function connectionString(address: PostgresAddress, passFile: string): string {
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
    passfile: address.password === undefined ? undefined : passFile,
  }
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return given.map(([name, value]) => `${name}='${value!.replace(/[\\']/g, '\\$&')}'`).join(' ')
}

/** https://www.postgresql.org/docs/current/libpq-pgpass.html */
const passLine = (password: string) => `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`

/** libpq knows its own word for them from PostgreSQL 16 on. */
function systemAuthorities(): string {
  const file = '/etc/ssl/certs/ca-certificates.crt'
  return existsSync(file) ? file : 'system'
}
