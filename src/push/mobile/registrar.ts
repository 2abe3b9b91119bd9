import { randomUUID } from 'node:crypto'
import type { Clock, Logger } from '#kit'
import type { Memberships, Phone, PushRegistration, PushRegistrations, Store } from '#store'
import { type Difference, differenceOf, type UnknownPhone } from './difference.ts'
import type { RelayAnswer, RelayClient, RelaySettings } from './relay-client.ts'
import { registerBody } from './relay-payload.ts'

export interface RegistrarOptions {
  readonly settings: Pick<RelaySettings, 'relayUri' | 'installationId'>
  readonly relay: Pick<RelayClient, 'ask'>
  readonly store: Pick<Store, 'exclusively'> & {
    readonly pushRegistrations: PushRegistrations
    readonly memberships: Pick<Memberships, 'confirmedOf'>
  }
  /** Whether anything is still to be told to the phones of that user. */
  readonly isWaiting: (userId: string) => boolean
  /** The relay has answered, whatever it said. */
  readonly onAnswer: () => void
  readonly clock: Clock
  readonly logger: Logger
}

/** How far the relay knows what it should of a user's phones. */
export type Leveled =
  | { readonly kind: 'level' }
  /** Something has to wait. */
  | { readonly kind: 'wait'; readonly afterMs: number }
  /** The relay does not take it now. */
  | { readonly kind: 'busy'; readonly why: string; readonly afterMs?: number }

const LEVEL: Leveled = { kind: 'level' }

/** While another instance is telling the relay of the same user. */
const ELSEWHERE_MS = 1_000
/** While pushes are under way that the phones of a user are still to get. */
const WAITING_MS = 10_000

/** Whatever the clock says: it may have been set. */
const LONGEST_WAIT_MS = 60 * 60_000

/** What fails so often, each time while the relay takes others, it never will take. */
const MAX_STRIKES = 5
/** Phones whose failures are remembered. */
const MAX_FAILING = 1_000

interface Failing {
  strikes: number
  /** How often the relay had answered when it failed last. */
  answersBefore: number
}

/** Brings what the relay knows of one user's phones in line with the database. */
export class Registrar {
  readonly #options: RegistrarOptions
  readonly #failing = new Map<string, Failing>()
  #answers = 0

  constructor(options: RegistrarOptions) {
    this.#options = options
  }

  /**
   * For all phones of that user, those first that have not failed before. The relay forgets none before `deletesFromMs`
   * (since the Unix epoch), and none that is still to be told something. Of all instances one does so at a time: of two
   * that tell the relay of the same phone, the one that comes last might have read first. Rejects when the database does
   * not answer, or `signal` is aborted.
   */
  async level(userId: string, deletesFromMs: number, signal: AbortSignal): Promise<Leveled> {
    const before = await this.#differenceOf(userId)
    const waitMs = this.#waitMs(userId, before, deletesFromMs)
    if (before.toRegister.length === 0 && waitMs > 0) return { kind: 'wait', afterMs: waitMs }
    if (before.toRegister.length === 0 && before.toDelete.length === 0) return LEVEL
    let leveled: Leveled = { kind: 'wait', afterMs: ELSEWHERE_MS }
    await this.#options.store.exclusively(`push registrations of ${userId}`, async (lost) => {
      leveled = await this.#tell(userId, deletesFromMs, AbortSignal.any([lost, signal]))
    })
    return leveled
  }

  async #differenceOf(userId: string): Promise<Difference> {
    const { store, settings, clock } = this.#options
    // First: a phone that comes meanwhile must not look like one that is gone.
    const registrations = await store.pushRegistrations.ofUser(userId)
    const phones = await store.pushRegistrations.phonesOf(userId)
    const organizationIds = phones.length === 0 ? [] : await store.memberships.confirmedOf(userId)
    return differenceOf({ phones, organizationIds, registrations }, settings, clock.now())
  }

  /** How long what is to be deleted has to wait; 0: not at all. */
  #waitMs(userId: string, { toDelete }: Difference, deletesFromMs: number): number {
    if (toDelete.length === 0) return 0
    const { clock, isWaiting } = this.#options
    const settlesMs = Math.min(deletesFromMs - clock.now(), LONGEST_WAIT_MS)
    if (settlesMs > 0) return settlesMs
    return isWaiting(userId) ? WAITING_MS : 0
  }

  async #tell(userId: string, deletesFromMs: number, signal: AbortSignal): Promise<Leveled> {
    const difference = await this.#differenceOf(userId)
    const failedBefore = ({ phone }: UnknownPhone) => (this.#failing.has(keyOf(phone)) ? 1 : 0)
    for (const unknown of difference.toRegister.toSorted((a, b) => failedBefore(a) - failedBefore(b))) {
      const answer = await this.#register(unknown, signal)
      if (answer?.kind === 'busy') return answer
    }
    const waitMs = this.#waitMs(userId, difference, deletesFromMs)
    if (waitMs > 0) return { kind: 'wait', afterMs: waitMs }
    for (const registration of difference.toDelete) {
      const answer = await this.#delete(registration, signal)
      if (answer.kind === 'busy') return answer
    }
    return LEVEL
  }

  /** Undefined: there is no such phone any more. */
  async #register(
    { phone, organizationIds, digest }: UnknownPhone,
    signal: AbortSignal,
  ): Promise<RelayAnswer | undefined> {
    const { store, settings, relay, logger } = this.#options
    const { userId, deviceId, pushToken, type } = phone
    const rows = store.pushRegistrations
    const pushId = await rows.claimPushId(userId, deviceId, phone.pushId ?? randomUUID())
    if (pushId === undefined) return undefined
    const save = (told: string, isRefused = false) => rows.save({ userId, deviceId, pushId, digest: told, isRefused })
    // Before the relay is told: should we die meanwhile, it is known that there may be something to be deleted.
    await save('')
    const body = registerBody(phone, { pushId, installationId: settings.installationId, organizationIds })
    const answer = this.#strike(phone, await relay.ask('register', body, signal))
    const fields = { user: userId, type }
    switch (answer.kind) {
      case 'done':
        await save(digest)
        logger.info(fields, 'phone registered with the push relay')
        break
      case 'refused':
        await save(digest, true)
        logger.warn({ ...fields, reason: answer.why }, 'push relay refuses a phone, which will not be told of changes')
        break
      case 'unknown':
        await rows.forgetToken(userId, deviceId, pushToken)
        await rows.delete(userId, deviceId, pushId)
        logger.info({ ...fields, reason: answer.why }, 'push relay knows no such phone; its token is forgotten')
        break
      case 'busy':
        break
    }
    return answer
  }

  async #delete(registration: PushRegistration, signal: AbortSignal): Promise<RelayAnswer> {
    const { store, relay, logger } = this.#options
    const { userId, deviceId, pushId } = registration
    const answer = this.#strike(registration, await relay.ask('delete', { id: pushId }, signal))
    if (answer.kind === 'busy') return answer
    await store.pushRegistrations.delete(userId, deviceId, pushId)
    if (answer.kind === 'refused') {
      logger.warn({ user: userId, reason: answer.why }, 'push relay refuses to forget a phone')
    } else {
      logger.info({ user: userId }, 'phone taken out of the push relay')
    }
    return answer
  }

  /** The answer; a refusal for what alone has failed again and again. */
  #strike(phone: Pick<Phone, 'userId' | 'deviceId'>, answer: RelayAnswer): RelayAnswer {
    const key = keyOf(phone)
    if (answer.kind !== 'busy') {
      this.#answers++
      this.#failing.delete(key)
      this.#options.onAnswer()
      return answer
    }
    const failing = this.#failing.get(key) ?? { strikes: 0, answersBefore: this.#answers }
    if (this.#answers > failing.answersBefore) failing.strikes++
    failing.answersBefore = this.#answers
    this.#failing.delete(key)
    if (failing.strikes >= MAX_STRIKES) return { kind: 'refused', why: answer.why }
    this.#failing.set(key, failing)
    for (const oldest of this.#failing.keys()) {
      if (this.#failing.size <= MAX_FAILING) break
      this.#failing.delete(oldest)
    }
    return answer
  }
}

const keyOf = ({ userId, deviceId }: Pick<Phone, 'userId' | 'deviceId'>) => `${userId} ${deviceId}`
