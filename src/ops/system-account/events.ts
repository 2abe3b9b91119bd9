import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Broker, DEFAULT_ACCOUNT } from '#core'
import { type Clock, type Timer, toByteString } from '#kit'
import { accountStat } from '../monitoring/accounts.ts'
import type { JsonObject } from '../monitoring/json.ts'
import type { MonitoringSource } from '../monitoring/source.ts'
import { accountConnectionsAdvisory, connectAdvisory, disconnectAdvisory } from './advisories.ts'
import type { ObservedConnection } from './observed.ts'
import type { SystemPublisher } from './publisher.ts'

export interface SystemEventsOptions {
  readonly publisher: SystemPublisher
  readonly broker: Broker
  readonly source: MonitoringSource
  readonly clock: Clock
  /** The message of `STATSZ`. */
  statsz(): JsonObject
}

/** Statistics come often at first, then less and less, as from nats-server. */
const FIRST_STATSZ_MS = 250
const STATSZ_MS = 10_000
/** How often it is repeated how many connections an account has. */
const CONNECTIONS_HEARTBEAT_MS = 30_000
/** Accounts that are looked at in one turn of the event loop. */
const ACCOUNTS_PER_TURN = 256

/** What the server says in the system account without being asked. Nothing is made that nobody is subscribed to. */
export class SystemEvents {
  readonly #options: SystemEventsOptions
  readonly #subject: string
  readonly #heartbeat: Timer
  #statszTimer: Timer
  #isClosed = false

  constructor(options: SystemEventsOptions) {
    const { source, clock } = options
    this.#options = options
    this.#subject = `$SYS.SERVER.${source.server().id}`
    this.#statszTimer = this.#plannedStatsz(FIRST_STATSZ_MS)
    this.#heartbeat = clock.every(CONNECTIONS_HEARTBEAT_MS, () => void this.#repeatConnections())
  }

  loggedIn(connection: ObservedConnection): void {
    const { publisher } = this.#options
    const { account } = connection
    this.#tellConnections(account)
    publisher.tell(`$SYS.ACCOUNT.${toByteString(account)}.CONNECT`, () =>
      connectAdvisory({ ...publisher.head(), connection, accountTag: publisher.tagOf(account) }),
    )
  }

  left(connection: ObservedConnection): void {
    const account = connection.account || DEFAULT_ACCOUNT
    this.#tellConnections(account)
    this.#tellDisconnect(`$SYS.ACCOUNT.${toByteString(account)}.DISCONNECT`, connection)
  }

  /** `why` is for the owners of `calloutAccount` alone, whose service refused it; of others' it would tell too much. */
  loginRefused(connection: ObservedConnection, why: string, calloutAccount?: string): void {
    const { publisher } = this.#options
    const refused = { ...connection, reason: connection.reason ?? 'Authentication Failure' }
    this.#tellDisconnect(`${this.#subject}.CLIENT.AUTH.ERR`, refused)
    const told = calloutAccount === undefined ? refused : { ...connection, reason: capitalized(why) }
    publisher.tellIn(calloutAccount ?? DEFAULT_ACCOUNT, '$SYS.ACCOUNT.CLIENT.AUTH.ERR', () => this.#disconnect(told))
  }

  tellStatsz(): void {
    this.#options.publisher.tell(`${this.#subject}.STATSZ`, () => this.#options.statsz())
  }

  /** The server is about to send its clients away. */
  lameDuck(): void {
    const { publisher } = this.#options
    publisher.tell(`${this.#subject}.LAMEDUCK`, () => publisher.stamp())
  }

  /** Says goodbye; to be called while subscribers can still be told. */
  close(): void {
    const { publisher } = this.#options
    this.#isClosed = true
    this.#statszTimer.cancel()
    this.#heartbeat.cancel()
    publisher.tell(`${this.#subject}.SHUTDOWN`, () => publisher.stamp())
  }

  #tellDisconnect(subject: string, connection: ObservedConnection): void {
    this.#options.publisher.tell(subject, () => this.#disconnect(connection))
  }

  #disconnect(connection: ObservedConnection): JsonObject {
    const { publisher } = this.#options
    return disconnectAdvisory({ ...publisher.head(), connection, accountTag: publisher.tagOf(connection.account) })
  }

  /** How many connections an account has now; nats-server does not tell it of the one of those who name none. */
  #tellConnections(account: string): void {
    if (account === DEFAULT_ACCOUNT) return
    const { publisher, source } = this.#options
    const token = toByteString(account)
    // The first is what it was called before, under which tools still look for it.
    const subjects = [`$SYS.SERVER.ACCOUNT.${token}.CONNS`, `$SYS.ACCOUNT.${token}.SERVER.CONNS`]
    if (!subjects.some((subject) => publisher.isHeard(subject))) return
    const snapshot = Iterator.from(source.accounts()).find(({ name }) => name === account)
    if (snapshot === undefined) return
    const { id, nowMs } = publisher.head()
    const statistics = accountStat(snapshot)
    for (const subject of subjects) {
      publisher.tell(subject, () => accountConnectionsAdvisory({ id, nowMs, server: publisher.stamp() }, statistics))
    }
  }

  async #repeatConnections(): Promise<void> {
    let looked = 0
    for (const { name, connectionCount } of [...this.#options.broker.accounts()]) {
      if (++looked % ACCOUNTS_PER_TURN === 0) await nextTurn()
      if (this.#isClosed) return
      if (connectionCount > 0) this.#tellConnections(name)
    }
  }

  #plannedStatsz(afterMs: number): Timer {
    return this.#options.clock.after(afterMs, () => {
      this.#statszTimer = this.#plannedStatsz(Math.min(2 * afterMs, STATSZ_MS))
      this.tellStatsz()
    })
  }
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
