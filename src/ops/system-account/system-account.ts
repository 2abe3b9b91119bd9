import type { Broker, InProcessClient } from '#core'
import type { Clock, Logger } from '#kit'
import type { JsonObject } from '../monitoring/json.ts'
import { ProcessMeter } from '../monitoring/process-usage.ts'
import type { MonitoringSource } from '../monitoring/source.ts'
import { SystemEvents } from './events.ts'
import type { ObservedConnection } from './observed.ts'
import { SystemPublisher } from './publisher.ts'
import { statsz } from './statsz.ts'
import { type AnswerClaims, type ServerControl, SystemServices } from './system-services.ts'
import type { ConnectionRights } from './user-info.ts'

export interface SystemAccountOptions {
  /** In the system account. */
  readonly client: InProcessClient
  readonly broker: Broker
  readonly source: MonitoringSource
  readonly control: ServerControl
  /** Of a client that is connected. */
  readonly rightsOf: (cid: number) => ConnectionRights | undefined
  /** In operator mode: answers requests about account JWTs; with `undefined` not at all. */
  readonly answerClaims?: AnswerClaims | undefined
  readonly clock: Clock
  readonly randomBytes: (count: number) => Buffer
  readonly logger: Logger
}

/** What the server does in its system account; an observer of the doors, which tell it of every client. */
export interface SystemAccount {
  loggedIn(connection: ObservedConnection): void
  /** It has ended: `stopMs` and `reason` are there. */
  left(connection: ObservedConnection): void
  /** `reason` says more than that of the connection, and is told in `calloutAccount` only, whose service refused it. */
  loginRefused(connection: ObservedConnection, reason: string, calloutAccount?: string): void
  /** The server is about to send its clients away. */
  lameDuck(): void
  /** Who speaks, and which of its messages this is: `server` in what is said in its name. */
  stamp(): object
  /** Says goodbye; to be called while subscribers can still be told. */
  close(): void
}

/**
 * What the server says in the system account, and what it answers there (`spec/nats.md` §2.8): events about clients,
 * statistics, monitoring, and commands of its operators. Where nobody is subscribed, nothing is made.
 */
export function createSystemAccount(options: SystemAccountOptions): SystemAccount {
  const { source } = options
  const publisher = new SystemPublisher(options)
  const meter = new ProcessMeter()
  const usage = () => meter.read()
  const message = (): JsonObject => ({ server: publisher.stamp(), statsz: statsz(source, usage()) })
  const events = new SystemEvents({ ...options, publisher, statsz: message })
  const services = new SystemServices({
    ...options,
    publisher,
    statsz: message,
    tellStatsz: () => events.tellStatsz(),
    usage,
  })
  return {
    loggedIn: (connection) => events.loggedIn(connection),
    left: (connection) => events.left(connection),
    loginRefused: (...refusal) => events.loginRefused(...refusal),
    lameDuck: () => events.lameDuck(),
    stamp: () => publisher.stamp(),
    close() {
      services.close()
      events.close()
    },
  }
}
