import { chmod, lstat, realpath, rm } from 'node:fs/promises'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { ConfigError, type Logger } from '#kit'
import { readBody } from '#net'
import type { AdjustableLogger } from '#ops'
import { askControl, MAX_PATH_BYTES, NotListening } from './ask-control.ts'
import { answerControl, type Controlled } from './control-requests.ts'

/** How long who asks may take, and the server that is asked whether it lives. */
const REQUEST_TIMEOUT_MS = 5_000

const MAX_BODY_BYTES = 4 * 1024

const SETTING = 'control_socket (BELFRY_CONTROL_SOCKET)'

/** What the socket belongs to, and what is told of it. */
export interface ControlSocketOptions {
  /** `undefined`: there is to be none. */
  readonly path: string | undefined
  readonly dataFolder: string
  readonly databaseKind: 'sqlite' | 'postgres'
}

/** A place for the control socket that nobody uses, or none. */
export interface ClaimedSocket {
  /** Undefined: there will be no socket. */
  readonly path: string | undefined
  /** Why not, where one was asked for. */
  readonly reason?: string
  readonly options: ControlSocketOptions
}

/**
 * Sees whether another server listens at the socket: before the database is opened. Rejects with a `ConfigError` when it
 * runs on the same data folder with SQLite, of which each would take the database for its own.
 */
export async function claimControlSocket(options: ControlSocketOptions): Promise<ClaimedSocket> {
  const { path, dataFolder, databaseKind } = options
  const none = (reason: string): ClaimedSocket => ({ path: undefined, reason, options })
  if (path === undefined) return { path, options }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return none(`its path is longer than ${MAX_PATH_BYTES} bytes: ${path}`)
  let other: { pid: number; startedAt: string; dataFolder: string }
  try {
    const { status } = (await askControl(path, { path: '/status', timeoutMs: REQUEST_TIMEOUT_MS })) as {
      status: typeof other
    }
    other = status
  } catch (error) {
    if (!(error instanceof NotListening)) {
      return none(`what listens at ${path} does not answer: ${(error as Error).message}`)
    }
    return removeStale(path).then(
      () => ({ path, options }),
      (error: Error) => none(`${path}: ${error.message}`),
    )
  }
  const who = `process ${other.pid}, since ${other.startedAt}`
  if (databaseKind === 'sqlite' && (await isSameFolder(other.dataFolder, dataFolder))) {
    throw new ConfigError(
      `Another Belfry (${who}) runs on the data folder "${dataFolder}", and one SQLite database can have only one: ` +
        'stop it, or give this one a DATA_FOLDER of its own',
    )
  }
  return none(`another Belfry (${who}) has ${path}`)
}

/** Where the commands of the operator reach a running server: HTTP with JSON, for the owner of the process alone. */
export class ControlSocket {
  readonly #server: http.Server

  private constructor(server: http.Server) {
    this.#server = server
  }

  /**
   * `undefined`, with a line in the log, where there can be none: everything else works without it. Rejects as
   * `claimControlSocket` does when another server has taken it since it was claimed.
   */
  static async open(
    claimed: ClaimedSocket,
    controlled: Controlled,
    logger: Logger | AdjustableLogger,
  ): Promise<ControlSocket | undefined> {
    const { path } = claimed
    const none = (reason: string) => {
      const without = 'belfry reload, status and log-level do not work; signals do'
      logger.warn({ reason, setting: SETTING, without }, 'no control socket')
      return undefined
    }
    if (path === undefined) return claimed.reason === undefined ? undefined : none(claimed.reason)
    const server = http.createServer(
      { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => handle(request, response, controlled, logger),
    )
    server.maxConnections = 32
    try {
      await listen(server, path)
      await chmod(path, 0o600)
      return new ControlSocket(server)
    } catch (error) {
      server.close()
      // When two start at the same moment nobody listens for either at first, and the system lets only one of them in.
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE') return none(`${path}: ${message}`)
      return ControlSocket.open(await claimControlSocket(claimed.options), controlled, logger)
    }
  }

  /** Takes the socket away; whoever is being answered still is. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeIdleConnections()
    })
  }
}

/** A server that was killed leaves its socket. What is none is nobody's to remove. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error('there is a file of this name that is no socket')
  await rm(path, { force: true })
}

/** Nobody else may connect, not even in the moment before the mode is set. */
function listen(server: http.Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  const umask = process.umask(0o177)
  try {
    server.listen({ path }, () => {
      server.off('error', reject)
      // One that breaks later is no reason to end.
      server.on('error', () => {})
      resolve()
    })
  } finally {
    process.umask(umask)
  }
  return promise
}

function handle(request: IncomingMessage, response: ServerResponse, controlled: Controlled, logger: Logger): void {
  const what = `${request.method} ${request.url}`
  answerControl(what, () => bodyOf(request), controlled).then(
    ({ status, body }) => {
      response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' })
      response.end(JSON.stringify(body))
    },
    (error: unknown) => {
      // Who asked has gone before all was said.
      if (request.errored) return
      logger.error({ error }, 'control socket: request failed')
      response.destroy()
    },
  )
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body = await readBody(request, MAX_BODY_BYTES)
  try {
    const value: unknown = JSON.parse(String(body))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {}
  throw new ConfigError('the request has to be a JSON object of at most 4 KiB')
}

async function isSameFolder(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((folder) => realpath(folder).catch(() => folder)))
  return one === other
}
