import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InProcessClient, Message } from '#core'
import type { Clock, Logger } from '#kit'
import { accountStat } from '../monitoring/accounts.ts'
import type { JsonObject } from '../monitoring/json.ts'
import type { ProcessUsage } from '../monitoring/process-usage.ts'
import { BadRequest } from '../monitoring/query.ts'
import { Overloaded, type Pace, Scans } from '../monitoring/scans.ts'
import type { MonitoringSource } from '../monitoring/source.ts'
import { accountConnectionsAdvisory } from './advisories.ts'
import { AnswerTooLong, encodeAnswer, writeAnswer } from './answer.ts'
import {
  ACCOUNT_PING_SERVICES,
  ACCOUNT_SERVICES,
  type MonitoringService,
  SERVER_SERVICES,
} from './monitoring-services.ts'
import { accountIn, type SystemPublisher } from './publisher.ts'
import { type OptionNames, RequestOptions } from './request-options.ts'
import { type ConnectionRights, requestInfoOf, userInfo } from './user-info.ts'

/** What operators may do with a server from its system account. */
export interface ServerControl {
  /** Ends a connection. Whether there was one. */
  kick(cid: number): boolean
  /** Tells one client to look for another server: `unable` when it would not understand. */
  sendAway(cid: number): 'told' | 'unknown' | 'unable'
  /** Reads the configuration anew. Rejects with what is wrong with it. */
  reload(): Promise<void>
}

/** Of several messages all but the last go to `tell`; `undefined`: no answer is due. */
export type AnswerClaims = (
  subject: string,
  payload: Buffer,
  tell: (answer: Buffer) => void,
) => Promise<Buffer | undefined>

export interface SystemServicesOptions {
  /** In the system account. */
  readonly client: InProcessClient
  readonly publisher: SystemPublisher
  readonly source: MonitoringSource
  readonly control: ServerControl
  /** Of a client that is connected. */
  readonly rightsOf: (cid: number) => ConnectionRights | undefined
  /** In operator mode: answers requests about account JWTs; with `undefined` not at all. */
  readonly answerClaims?: AnswerClaims | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** The message of `STATSZ`; and to all who are subscribed to it. */
  statsz(): JsonObject
  tellStatsz(): void
  usage(): ProcessUsage
}

const CLAIMS_SUBJECTS = [
  '$SYS.REQ.CLAIMS.UPDATE',
  '$SYS.REQ.CLAIMS.DELETE',
  '$SYS.REQ.CLAIMS.LIST',
  '$SYS.REQ.CLAIMS.PACK',
  '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP',
  '$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE',
  '$SYS.ACCOUNT.*.CLAIMS.UPDATE',
]

/** Requests that may wait for those before them. */
const MAX_WAITING = 256

/** A command that could not be carried out, in the words that its sender is told. */
class CommandFailed extends Error {
  override name = 'CommandFailed'
}

/** What can be asked of the server in the system account. */
export class SystemServices {
  readonly #options: SystemServicesOptions
  readonly #scans: Scans
  readonly #unsubscribe: (() => void)[] = []
  /** Settled when the requests so far are answered. Never rejects. */
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0
  #isClosed = false

  constructor(options: SystemServicesOptions) {
    this.#options = options
    this.#scans = new Scans(options.clock)
    const own = `$SYS.REQ.SERVER.${options.source.server().id}`
    // Each under its exact subjects: who asks for what there is not hears at once that there are no responders.
    this.#serveMonitoring(own)
    this.#serveCommands(own)
    for (const subject of ['$SYS.REQ.SERVER.PING', '$SYS.REQ.SERVER.PING.STATSZ', `${own}.STATSZ`]) {
      this.#on(subject, (message) => this.#answerStatsz(message))
    }
    for (const subject of ['$SYS.REQ.SERVER.PING.IDZ', `${own}.IDZ`])
      this.#on(subject, (message) => this.#answerId(message))
    this.#on('$SYS.REQ.ACCOUNT.*.CONNS', (message) => this.#answerConnections(message))
    this.#on('$SYS.REQ.USER.*.INFO', (message) => this.#answerUserInfo(message))
    if (options.answerClaims === undefined) return
    for (const subject of CLAIMS_SUBJECTS) {
      this.#on(subject, (message) => this.#inTurn(message, () => this.#answerClaims(message)))
    }
  }

  close(): void {
    this.#isClosed = true
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  #serveMonitoring(own: string): void {
    for (const [name, service] of Object.entries(SERVER_SERVICES)) {
      for (const subject of [`${own}.${name}`, `$SYS.REQ.SERVER.PING.${name}`]) this.#serve(subject, service)
    }
    for (const [name, service] of Object.entries(ACCOUNT_SERVICES)) this.#serve(`$SYS.REQ.ACCOUNT.*.${name}`, service)
    for (const [name, service] of Object.entries(ACCOUNT_PING_SERVICES)) {
      this.#serve(`$SYS.REQ.ACCOUNT.PING.${name}`, service)
    }
  }

  #serve(subject: string, service: MonitoringService): void {
    this.#on(subject, (message) => {
      const account = accountIn(message.subject)
      // An account that is called so could not be told from all of them.
      const isOfAll = account === 'PING' && subject.includes('*') && subject.endsWith('.STATZ')
      if (message.reply === '' || isOfAll) return
      this.#inTurn(message, () =>
        this.#answer(message, service.options, async (options) => {
          const { source, clock, usage } = this.#options
          const scan = <T>(work: (pace: Pace) => Promise<T>) => this.#scans.run(work, () => !this.#isClosed)
          const data = await service.answer(options, { source, nowMs: clock.now(), scan, usage }, account)
          return data && { data }
        }),
      )
    })
  }

  #serveCommands(own: string): void {
    const { control } = this.#options
    const connection: OptionNames = { cid: { type: 'integer' } }
    const command = (name: string, names: OptionNames, run: (options: RequestOptions) => unknown) => {
      this.#on(`${own}.${name}`, (message) =>
        this.#inTurn(message, () =>
          this.#answer(message, names, async (options) => {
            await run(options)
            return {}
          }),
        ),
      )
    }
    command('KICK', connection, (options) => {
      if (!control.kick(options.integer('cid') ?? 0)) throw new CommandFailed('no such client or leafnode id')
    })
    command('LDM', connection, (options) => {
      const outcome = control.sendAway(options.integer('cid') ?? 0)
      if (outcome === 'unknown') throw new CommandFailed('no such client id')
      if (outcome === 'told') return
      throw new CommandFailed('client does not support Lame Duck Mode or is not ready to receive the notification')
    })
    command('RELOAD', {}, async () => {
      try {
        await control.reload()
      } catch (error) {
        throw new CommandFailed(error instanceof Error ? error.message : String(error), { cause: error })
      }
    })
  }

  #on(subject: string, handler: (message: Message) => void): void {
    this.#unsubscribe.push(this.#options.client.subscribe(subject, handler))
  }

  /** One request after the other, each in a turn of the event loop of its own. Those that are too many get no answer. */
  #inTurn({ subject }: Message, work: () => Promise<void>): void {
    const { logger } = this.#options
    if (this.#waiting >= MAX_WAITING) {
      logger.debug({ subject }, 'system request dropped')
      return
    }
    this.#waiting++
    this.#turn = this.#turn.then(async () => {
      try {
        await nextTurn()
        if (!this.#isClosed) await work()
      } catch (error) {
        logger.error({ error, subject }, 'system request failed')
      } finally {
        this.#waiting--
      }
    })
  }

  /** `make` resolves with the fields beside `server`; with `undefined` nothing is answered. */
  async #answer(
    message: Message,
    names: OptionNames,
    make: (options: RequestOptions) => Promise<JsonObject | undefined>,
  ): Promise<void> {
    const { client, publisher } = this.#options
    const options = this.#optionsFor(message, names)
    if (options === undefined) return
    let answer: Buffer
    try {
      const fields = await make(options)
      if (fields === undefined || message.reply === '') return
      answer = await writeAnswer({ server: publisher.stamp(), ...fields })
    } catch (error) {
      publisher.send(message.reply, { server: publisher.stamp(), ...refusalOf(error) })
      return
    }
    const { payload, headers } = await encodeAnswer(answer, message.body.subarray(0, message.headerBytes))
    client.publish(message.reply, payload, '', headers)
  }

  /** `undefined` when there is nothing to answer: it is meant for other servers, or was refused here. */
  #optionsFor({ payload, reply }: Message, names: OptionNames): RequestOptions | undefined {
    const { publisher, source } = this.#options
    try {
      const options = new RequestOptions(payload, names)
      return options.concerns(source.server()) ? options : undefined
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      publisher.send(reply, { server: publisher.stamp(), error: { code: 400, description: error.message } })
      return undefined
    }
  }

  /** Without a reply subject, all who are subscribed to it hear it. */
  #answerStatsz(message: Message): void {
    const { publisher, statsz, tellStatsz } = this.#options
    if (this.#optionsFor(message, {}) === undefined) return
    if (message.reply === '') tellStatsz()
    else publisher.send(message.reply, statsz())
  }

  #answerId({ reply }: Message): void {
    const { publisher, source } = this.#options
    const { name, host, id } = source.server()
    publisher.send(reply, { name, host, id })
  }

  #answerConnections({ subject, reply }: Message): void {
    const { publisher, source } = this.#options
    const name = accountIn(subject)
    const account = Iterator.from(source.accounts()).find((one) => one.name === name)
    if (account === undefined || account.clients + account.leafNodes === 0) return
    publisher.send(reply, accountConnectionsAdvisory(publisher.head(), accountStat(account)))
  }

  #answerUserInfo({ reply, body, headerBytes }: Message): void {
    const { publisher, clock, rightsOf } = this.#options
    const info = requestInfoOf(body.subarray(0, headerBytes))
    const fields =
      info === undefined
        ? { error: { code: 400 } }
        : { data: userInfo(info, publisher.tagOf(info.acc), rightsOf(info.id) ?? {}, clock.now()) }
    publisher.send(reply, { server: publisher.stamp(), ...fields })
  }

  async #answerClaims({ subject, reply, payload }: Message): Promise<void> {
    const { client, answerClaims } = this.#options
    const tell = (answer: Buffer) => {
      if (reply !== '') client.publish(reply, answer)
    }
    const answer = await answerClaims?.(subject, payload, tell)
    if (answer !== undefined) tell(answer)
  }
}

/** What a request is answered that failed, as nats-server puts it. Throws what is nobody's fault but ours. */
function refusalOf(error: unknown): JsonObject {
  if (error instanceof CommandFailed) return { error: { code: 500, description: error.message } }
  if (error instanceof BadRequest || error instanceof AnswerTooLong) {
    return { data: null, error: { code: 500, description: error.message } }
  }
  if (error instanceof Overloaded) return { data: null, error: { code: 503, description: error.message } }
  throw error
}
