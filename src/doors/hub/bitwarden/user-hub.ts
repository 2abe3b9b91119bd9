import type { IncomingMessage } from 'node:http'
import type { Account, Message } from '#core'
import type { Clock, Logger } from '#kit'
import { nameIn } from '#notify'
import type { Heard } from '#store'
import type { HubProtocol } from '#wire/signalr'
import type { HubConnection } from '../connection/connection.ts'
import { BAD_TOKEN, NO_TOKEN } from '../endpoint/admission.ts'
import { accessToken } from '../endpoint/token.ts'
import type { Guest, Hub, Refusal } from '../hub.ts'
import type { HubEvent } from '../hub-event.ts'
import { CatchUp } from './catch-up.ts'
import { Hearing } from './hearing.ts'
import { NotificationEncoder, syncVaultEvent } from './notification-encoder.ts'
import { Organizations, type OrganizationsOf } from './organizations.ts'
import { Revocation } from './revocation.ts'
import { type Attendance, type HubSession, UserGuest, userGuestOf } from './user-guest.ts'

/** Undefined when the token does not stand for a session, whatever the reason. */
export type Authenticate = (token: string) => Promise<HubSession | undefined>

export interface UserHubOptions {
  /** Where it is said that sessions have ended. */
  readonly account: Account
  readonly authenticate: Authenticate
  /** Where it is kept how far devices have heard. Default: nowhere, so nobody is told of what was missed. */
  readonly heard?: Pick<Heard, 'find' | 'findMany' | 'mark'> | undefined
  /** Until then all that was told on other machines was told here. Milliseconds since the Unix epoch; default: up to now. */
  readonly heardAllUntilMs?: (() => number) | undefined
  /** Of users whose sessions are in our database. Default: nobody's organizations ever change. */
  readonly organizationsOf?: OrganizationsOf | undefined
  /** The installation whose notifications everybody here hears. Default: none. */
  readonly installationId?: string | undefined
  /** Publishes what all instances are to hear. Default: it is not answered who hears. */
  readonly say?: ((subject: string, payload: Buffer) => void) | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** What most clients speak. */
  readonly protocol: HubProtocol
}

/** The hub every logged-in device listens on: `/notifications/hub`. `attend` comes before anything else. */
export class UserHub implements Hub {
  readonly name = 'user'
  readonly #options: UserHubOptions
  readonly #encoder: NotificationEncoder
  #revocation: Revocation | undefined
  #organizations: Organizations | undefined
  #catchUp: CatchUp | undefined
  #hearing: Hearing | undefined

  constructor(options: UserHubOptions) {
    this.#options = options
    this.#encoder = new NotificationEncoder(options.protocol, options.logger)
  }

  /** Looks after those who are in, until `close`. */
  attend(attendance: Attendance): void {
    const { account, heard, heardAllUntilMs, organizationsOf, say, clock, logger } = this.#options
    const common = { account, attendance, clock, logger }
    this.#revocation = new Revocation(common)
    this.#organizations = organizationsOf && new Organizations({ ...common, organizationsOf })
    this.#catchUp = heard && new CatchUp({ ...common, heard, heardAllUntilMs })
    this.#hearing = say && new Hearing({ ...common, say })
  }

  /** When nobody is in any more. Resolves when it is written how far everybody has heard. */
  async close(): Promise<void> {
    this.#revocation?.close()
    this.#organizations?.close()
    this.#hearing?.close()
    await this.#catchUp?.close()
  }

  /** See `HubDoor.lookAtAll`. */
  async lookAtAll(sinceMs: number, tellsAgain: boolean): Promise<void> {
    const concerned = (await this.#catchUp?.lookAtAll(sinceMs, tellsAgain)) ?? []
    for (const userId of concerned) this.#organizations?.lookUp(userId)
  }

  async admit(request: IncomingMessage): Promise<Guest | Refusal> {
    const token = accessToken(request)
    if (token === undefined) return NO_TOKEN
    let session: HubSession | undefined
    let changesBefore: number
    do {
      // What was read of a session that ends meanwhile may be out of date.
      changesBefore = this.#changesOfSessions
      session = await this.#options.authenticate(token)
    } while (session !== undefined && changesBefore !== this.#changesOfSessions)
    return session === undefined ? BAD_TOKEN : new UserGuest(session, this.#options.installationId)
  }

  translate(message: Message): HubEvent | undefined {
    this.#catchUp?.onTold(message.subject)
    return this.#encoder.encode(message)
  }

  get caughtUp(): number {
    return this.#catchUp?.told ?? 0
  }

  typeOf({ subject }: Message): string {
    return nameIn(subject)
  }

  /** Events are hints to sync, so one hint to sync everything makes up for any number of them. */
  substitute(guest: Guest): HubEvent {
    return syncVaultEvent((guest as UserGuest).accountId, this.#options.clock.now())
  }

  onOpen(connection: HubConnection): void {
    if (!userGuestOf(connection).isKept) return
    this.#hearing?.onOpen(connection)
    void this.#catchUp?.onOpen(connection)
  }

  onHeard(connection: HubConnection): void {
    this.#hearing?.onHeard(connection)
  }

  onEnding(connection: HubConnection): void {
    if (!userGuestOf(connection).isKept) return
    this.#hearing?.onEnding(connection)
    this.#catchUp?.onEnding(connection)
  }

  get #changesOfSessions(): number {
    return (this.#revocation?.count ?? 0) + (this.#organizations?.count ?? 0)
  }
}
