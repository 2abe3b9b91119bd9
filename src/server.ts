import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type LoadOptions, loadOptions, type Options, type Overrides } from '#config'
import type { Logger } from '#kit'
import { createLogger } from '#ops'
import { openListeners, type ServerAddresses } from './listeners.ts'
import { openRooms } from './rooms.ts'

/** Where the settings come from besides `Overrides`. */
export interface StartSources {
  /** In the NATS config language; relative to `cwd`. */
  readonly configFile?: string | undefined
  /** Default: none. The command line hands in `process.env`. */
  readonly env?: LoadOptions['env'] | undefined
  /** What relative paths start from. Default: the working directory. */
  readonly cwd?: string | undefined
  readonly logger?: Logger | undefined
}

/** A running Belfry. */
export interface Server extends AsyncDisposable {
  readonly options: Options
  readonly addresses: ServerAddresses
  /** The certificate that clients of the local HTTPS listener must trust; `undefined` when there is no such listener. */
  readonly certificateAuthorityFile: string | undefined
  /** Takes an upgrade of somebody else's HTTP server, by the paths of the web listener. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends every connection and closes everything, within five seconds; repeated calls wait for the same end. */
  close(): Promise<void>
}

/**
 * Starts a server. Rejects with a `ConfigError`, a line for each thing that is wrong: a setting, a folder that cannot
 * be used, an address that is taken. Nothing is left open then.
 */
export async function startServer(overrides: Overrides = {}, sources: StartSources = {}): Promise<Server> {
  const { configFile, env = {}, cwd = process.cwd() } = sources
  const { options, warnings } = loadOptions({ configFile, env, cwd, overrides })
  const logger = sources.logger ?? createLogger(options.log)
  for (const warning of warnings) logger.warn({ warning }, 'configuration')

  const rooms = await openRooms(options, logger)
  const listeners = await openListeners(options, rooms, logger).catch(async (error: unknown) => {
    await rooms.closeDoors()
    await rooms.close()
    throw error
  })

  let closed: Promise<void> | undefined
  const close = async () => {
    logger.info({}, 'closing')
    // Nobody new comes in, then those who are in leave, then the last request ends, then the database may close.
    const lastRequest = listeners.close()
    await rooms.closeDoors()
    await lastRequest
    await rooms.close()
    logger.info({}, 'closed')
  }
  const server: Server = {
    options,
    addresses: listeners.addresses,
    certificateAuthorityFile: listeners.certificateAuthorityFile,
    handleUpgrade: (request, socket, head) => rooms.upgrades.handle(request, socket, head),
    close: () => {
      closed ??= close()
      return closed
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
  return server
}

export type { ServerAddresses } from './listeners.ts'
