import { chown, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { freePort, type RunningProgram, runProgram, startProgram } from './processes.ts'
import { requireProgram } from './programs.ts'
import { temporaryFolder } from './temp.ts'

export interface PostgresServerOptions {
  /** Listen on 127.0.0.1 too, and name that in URLs. Default: a Unix socket alone. */
  readonly tcp?: boolean
  /** Certificate and key as PEM, to offer TLS with. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** As in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** A PostgreSQL of the test's own, gone with all it holds at the end of its block. */
export interface PostgresServer extends AsyncDisposable {
  /** Where its files are. */
  readonly folder: string
  /** The URL of a new database: an empty one, or a copy of another, which nobody may be using. */
  createDatabase(template?: string): Promise<string>
  /** The URL of a database by its name. */
  url(database: string): string
  /** Runs a statement in a transaction beside, which stays open until it is released. */
  hold(url: string, statement: string): Promise<{ release(): Promise<void> }>
  /** Ends it, with what its clients are doing; the files stay. */
  stop(signal?: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>
  /** Starts it again, with other settings if given. */
  start(settings?: Readonly<Record<string, string | number>>): Promise<void>
  restart(): Promise<void>
}

/** Its superuser, who needs no password. */
const SUPERUSER = 'postgres'

/** Nothing here has to survive a power cut; what was committed survives the end of the process all the same. */
const FAST = { fsync: 'off', full_page_writes: 'off', max_connections: 200 }

/** Starts one. For tests under `{ skip: requireProgram('postgres').skip }`. */
export async function startPostgres({
  tcp = false,
  tls,
  settings = {},
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const data = folder.join('data')
  const postgres = requireProgram('postgres').path
  const account = await unprivileged()
  if (account) await chown(folder.path, account.uid, account.gid)

  const initdb = path.join(path.dirname(postgres), 'initdb')
  const init = ['-D', data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  const made = await runProgram({ command: initdb, args: init, cwd: folder.path, ...account })
  if (made.code !== 0) throw new Error(`initdb failed:\n${made.stdout}${made.stderr}`)

  const tlsSettings: Record<string, string> = {}
  if (tls) {
    const files = { ssl_cert_file: folder.join('server.pem'), ssl_key_file: folder.join('server-key.pem') }
    await writeFile(files.ssl_cert_file, tls.cert)
    await writeFile(files.ssl_key_file, tls.key, { mode: 0o600 })
    if (account) for (const file of Object.values(files)) await chown(file, account.uid, account.gid)
    Object.assign(tlsSettings, { ssl: 'on', ...files })
  }

  const port = tcp ? await freePort() : 5432
  let program: RunningProgram | undefined
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    await program?.stop(signal)
    program = undefined
  }
  const start = async (changes = settings) => {
    const all = {
      ...FAST,
      listen_addresses: tcp ? '127.0.0.1' : '',
      unix_socket_directories: folder.path,
      port,
      ...tlsSettings,
      ...changes,
    }
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const ready = /database system is ready to accept connections/
    program = await startProgram({
      command: postgres,
      args: ['-D', data, ...args],
      cwd: folder.path,
      ready,
      ...account,
    })
  }
  cleanup.defer(() => stop('SIGQUIT'))
  await start()

  const host = tcp ? '127.0.0.1' : 'localhost'
  const socket = tcp ? '' : `?host=${encodeURIComponent(folder.path)}`
  const url = (database: string) => `postgresql://${SUPERUSER}@${host}:${port}/${database}${socket}`
  let databases = 0
  let turn = Promise.resolve()
  // One at a time: nobody may use a template while it is copied, not even somebody else who copies it.
  const createDatabase = (template = 'template0') => {
    const name = `test_${++databases}`
    turn = turn.then(() => asAdmin(url('postgres'), `CREATE DATABASE ${name} TEMPLATE ${template}`))
    return turn.then(() => url(name))
  }
  const kept = cleanup.move()
  return {
    folder: folder.path,
    createDatabase,
    url,
    hold,
    stop,
    start,
    async restart() {
      await stop()
      await start()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

async function hold(url: string, statement: string): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client(url)
  // The server may end first.
  client.on('error', () => undefined)
  await client.connect()
  await client.query(`BEGIN; ${statement}`)
  return { release: () => client.end() }
}

/** Whom PostgreSQL runs as where the tests run as root, whom it refuses; undefined where they do not. */
export async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = await readFile('/etc/passwd', 'utf8')
  const [, uid, gid] =
    /^postgres:[^:]*:(\d+):(\d+):/m.exec(accounts) ?? /^nobody:[^:]*:(\d+):(\d+):/m.exec(accounts) ?? []
  if (uid === undefined)
    throw new Error('PostgreSQL refuses to run as root, and there is neither "postgres" nor "nobody"')
  return { uid: Number(uid), gid: Number(gid) }
}
