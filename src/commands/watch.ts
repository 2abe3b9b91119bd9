import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { whyNoHub } from '#doctor'
import { ConfigError, printable } from '#kit'
import { type Notification, NotificationType } from '#notify'
import { ClientSession, Refused, reasonOf } from '#vault'
import { DEFAULT_SERVER } from './default-server.ts'
import { readPassword } from './password.ts'
import { CONNECTION_FAILED, listenOnHub } from './watch/hub-listener.ts'
import { toJsonLine, toLine } from './watch/print.ts'

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000

interface WatchFlags {
  readonly server: string
  readonly passwordFile?: string
  readonly code?: string
  readonly json?: true
}

/** `belfry watch`: a second device for whoever wants to see the events of an account arrive. */
export function watchCommand(): Command {
  return new Command('watch')
    .description('log in as a device of its own and print what devices are told, as it arrives')
    .argument('<email>', 'account to log in to; the password comes from BELFRY_PASSWORD, a file, or the terminal')
    .option('--server <url>', 'address of the server', DEFAULT_SERVER)
    .option('--password-file <file>', 'file that holds the master password')
    .option('--code <code>', "code of the account's authenticator app, where it has two-step login")
    .option('--json', 'print JSON lines')
    .action(async (email: string, flags: WatchFlags) => {
      const password = await readPassword(`Master password for ${email}`, flags.passwordFile)
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      // The reader of a pipe went away: there is nobody to print for.
      process.stdout.on('error', () => stop.abort())
      await watch({
        server: flags.server,
        email,
        password,
        code: flags.code,
        signal: stop.signal,
        onEvent: (notification, at) => {
          process.stdout.write(`${flags.json ? toJsonLine(notification, at) : toLine(notification, at)}\n`)
        },
        onStatus: (status) => process.stderr.write(`belfry: ${printable(status)}\n`),
      })
    })
}

export interface WatchOptions {
  /** `http:` or `https:`, with the path the server may have. */
  readonly server: string
  readonly email: string
  readonly password: string
  /** Of the authenticator app. */
  readonly code?: string | undefined
  /** Ends it. */
  readonly signal: AbortSignal
  /** `at` is when it arrived. */
  onEvent(notification: Notification, at: Date): void
  /** How the connection fares, in words. */
  onStatus(status: string): void
}

/**
 * Hands on every event of the account until it is told to stop, and reconnects when the connection is lost. Throws a
 * `ConfigError` when the server does not let it in, or logs it out.
 */
export async function watch({ server, signal, onEvent, onStatus, ...account }: WatchOptions): Promise<void> {
  const { email } = account
  const base = serverAddress(server)
  const session = await logIn(base, account)
  const url = `${base}/notifications/hub`
  let retryMs = FIRST_RETRY_MS
  let mustBeNew = false
  while (!signal.aborted) {
    let isReady = false
    let isLoggedOut = false
    const ended = new AbortController()
    let reason: string
    try {
      const accessToken = await session.accessToken({ mustBeNew })
      reason = await listenOnHub({
        url: url.replace(/^http/, 'ws'),
        accessToken,
        signal: AbortSignal.any([signal, ended.signal]),
        onReady: () => {
          isReady = true
          onStatus(`watching ${email} at ${base}; stop with Ctrl-C`)
        },
        onNotification: (notification) => {
          onEvent(notification, new Date())
          if (notification.Type !== NotificationType.LogOut) return
          isLoggedOut = true
          ended.abort()
        },
      })
      const isUnexplained = !isReady && reason === CONNECTION_FAILED && !signal.aborted
      if (isUnexplained) reason = (await whyNoHub({ server: base, accessToken, signal })) ?? reason
    } catch (error) {
      if (error instanceof Refused) throw loggedOut(base, error)
      reason = reasonOf(error)
    }
    if (isLoggedOut) throw loggedOut(base)
    if (signal.aborted) return
    // A handshake that came to nothing may be due to the token: the next attempt brings another.
    mustBeNew = !isReady
    if (isReady) retryMs = FIRST_RETRY_MS
    onStatus(`${reason}; trying again in ${Math.round(retryMs / 1000)} s`)
    await delay(retryMs, undefined, { signal }).catch(() => {})
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
  }
}

async function logIn(
  server: string,
  account: Pick<WatchOptions, 'email' | 'password' | 'code'>,
): Promise<ClientSession> {
  try {
    return await ClientSession.login({ server, ...account, deviceName: 'belfry watch' })
  } catch (error) {
    const reason = reasonOf(error)
    const remedy = /two factor required/i.test(reason) ? ' Give the code of its authenticator app with --code.' : ''
    throw new ConfigError(`Cannot log in to ${server}: ${reason}${remedy}`, { cause: error })
  }
}

function serverAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new ConfigError(`--server: "${text}" is no http:// or https:// address`)
  }
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

function loggedOut(server: string, cause?: Refused): ConfigError {
  const words = cause === undefined ? '' : `: ${cause.message}`
  return new ConfigError(`${server} has logged this device out${words}`, { cause })
}
