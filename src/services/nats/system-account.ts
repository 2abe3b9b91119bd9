import { randomBytes } from 'node:crypto'
import type { OperatorMode } from '#auth'
import { type Broker, InProcessClient } from '#core'
import type { DoorObserver, LeafDoor, NatsDoor } from '#doors/nats'
import type { Clock, Logger } from '#kit'
import { createSystemAccount, type MonitoringSource, type SystemAccount } from '#ops'
import type { Authority } from './authority.ts'

export interface SystemAccountTools {
  readonly broker: Broker
  readonly clock: Clock
  readonly logger: Logger
  readonly authority: Authority
  readonly door: NatsDoor
  readonly leafDoor: LeafDoor
  readonly source: MonitoringSource
  /** What SIGHUP does. Rejects with what is wrong with the configuration. */
  reload(): Promise<void>
}

type Observed = Parameters<DoorObserver['left']>[0]

/** What the server says and answers in its system account, whichever that is by now. */
export class SystemAccountService implements DoorObserver {
  readonly #tools: SystemAccountTools
  #name = ''
  /** Who answers about the JWTs of accounts. */
  #operator: OperatorMode | undefined
  #current: SystemAccount | undefined

  constructor(tools: SystemAccountTools) {
    this.#tools = tools
  }

  /** To be called when the authority is another: moves to the account that is the system account now. */
  configure(): void {
    const { broker, clock, logger, authority, door, leafDoor, source, reload } = this.#tools
    const { operator } = authority
    if (this.#name === broker.systemAccount && this.#operator === operator) return
    this.#name = broker.systemAccount
    this.#operator = operator
    this.#current?.close()
    const onError = (error: unknown, subject: string) => logger.error({ error, subject }, 'system account failed')
    this.#current = createSystemAccount({
      client: new InProcessClient(broker.account(this.#name), onError),
      broker,
      clock,
      logger,
      randomBytes,
      source,
      control: {
        kick: (cid) => door.end(cid, 'Kicked') || leafDoor.end(cid, 'Kicked'),
        sendAway: (cid) => door.sendAway(cid),
        reload,
      },
      rightsOf: (cid) => door.snapshotOf(cid),
      answerClaims: operator && ((subject, payload, tell) => operator.answer(subject, payload, tell)),
    })
  }

  loggedIn(connection: Observed): void {
    this.#current?.loggedIn(connection)
  }

  left(connection: Observed): void {
    this.#current?.left(connection)
  }

  loginRefused(...refusal: Parameters<DoorObserver['loginRefused']>): void {
    this.#current?.loginRefused(...refusal)
  }

  /** `server` in what is said in its name. */
  stamp(): object {
    return this.#current?.stamp() ?? {}
  }

  lameDuck(): void {
    this.#current?.lameDuck()
  }

  close(): void {
    this.#current?.close()
    this.#current = undefined
  }
}
