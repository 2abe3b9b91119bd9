import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sessions, Tickets, Tokens } from '#auth'
import type { Clock, Logger, Tally } from '#kit'
import type { GuardedGet } from '#net'
import type { Notifier } from '#notify'
import type { Store } from '#store'
import type { Afterwards } from './afterwards.ts'
import type { VaultFiles } from './files/folders.ts'
import type { Limits } from './limits.ts'
import type { Mailer } from './mail/letters.ts'
import type { ShareLimit } from './rate-limit.ts'
import type { VaultSettings } from './settings.ts'

/** What the vault is built on. */
export interface VaultSurroundings {
  readonly store: Store
  readonly tokens: Tokens
  readonly tickets: Tickets
  readonly sessions: Sessions
  /** Told after the change was committed, never before. */
  readonly notifier: Pick<
    Notifier,
    | 'cipher'
    | 'folder'
    | 'account'
    | 'send'
    | 'authRequest'
    | 'authRequestResponse'
    | 'devicesRevoked'
    | 'devicesChanged'
  >
  /** `undefined`: there is no mail server, and so every e-mail address counts as proven. */
  readonly mailer: Mailer | undefined
  readonly files: VaultFiles
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: VaultSettings
  /** What `/api/config` says of Web Push. Default: that there is none. */
  readonly webPush?: WebPushAnnouncement | undefined
  /** Who is at the other end, behind the proxies that are trusted. */
  readonly clientAddress: (request: IncomingMessage) => string
  /** Fetches from servers that strangers name. Default: over the network, by the rules of the settings. */
  readonly guardedGet?: GuardedGet | undefined
  /**
   * Takes what is no route of ours and a file of a web vault, `/` among them; `false` when it is neither. Default: there is
   * no web vault.
   */
  readonly webVault?: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /** Where logins are counted, by what became of them (`identity/count-logins.ts`). Default: nowhere. */
  readonly logins?: Tally | undefined
  /** Default: limits are for this instance alone. */
  readonly shareLimit?: ShareLimit | undefined
  /**
   * Answers a login with `client_credentials` of a client that is no user, undefined for all others. Default: there are
   * only users.
   */
  readonly otherGrant?: ((form: LoginFields) => Promise<OtherGrantAnswer | undefined>) | undefined
}

export interface WebPushAnnouncement {
  /**
   * What browsers subscribe with: an uncompressed point of P-256 in base64url, without padding. Undefined at times when no
   * push service can be reached: an extension that knows of Web Push listens to nothing else.
   */
  readonly publicKey: string | undefined
  /** Whether what has subscribed at that endpoint can be told at the moment. */
  isReachable(endpoint: string): boolean
}

/** What the routes work with. */
export interface VaultContext extends VaultSurroundings {
  readonly limits: Limits
  /** Where work goes on that no answer waits for. */
  readonly afterwards: Afterwards
}

/** The fields of a login, by their names. */
export interface LoginFields {
  get(name: string): string | undefined
}

interface OtherGrantAnswer {
  /** HTTP. */
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * The date of a change to something last changed at `previous`: now, but always later than that. Clients drop an
 * event whose date is not newer than their copy, so two changes within one millisecond need two dates.
 */
export function nextRevision(previous: Date, clock: Clock): Date {
  return new Date(Math.max(clock.now(), previous.getTime() + 1))
}
