import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '#kit'
import type { Account } from './account.ts'
import type { ServiceExport } from './account-definition.ts'
import { type Journey, mayCross, type ServiceCrossing } from './crossing.ts'
import { Generations } from './generations.ts'
import { Message } from './message.ts'
import { NOBODY } from './peer.ts'
import type { LatencySample } from './service-latency.ts'
import { Subscription } from './subscription.ts'

/** Requests of one account that another has not answered yet: so many can be answered, when there are more the oldest cannot. */
const MIN_AWAITED = 65_536

/** nats-server's `DEFAULT_SERVICE_EXPORT_RESPONSE_THRESHOLD`. */
const DEFAULT_THRESHOLD_MS = 120_000

const MIN_SWEEP_INTERVAL_MS = 50

export interface Expected {
  /** Where the requestor waits, in its account. */
  readonly reply: string
  readonly service: ServiceExport
  /** Told how it ends. */
  readonly sample?: LatencySample | undefined
}

interface Awaited extends Expected {
  expiresAtMs: number
}

/**
 * The way back for answers: subjects `_R_.…` in the account of the service, of which each leads to the reply subject of
 * one request. They cannot be guessed, and end with the answer, or the last one, or with the threshold of the export.
 */
export class ServiceResponses implements ServiceCrossing {
  readonly kind = 'service'
  readonly #exporter: Account
  readonly #requestor: Account
  readonly #clock: Clock
  readonly #prefix = `_R_.${randomBytes(6).toString('base64url')}.`
  readonly #subscription = new Subscription(NOBODY, `${this.#prefix}>`, '', '', this)
  /** By `_R_.…`, as they were asked or answered last. */
  readonly #awaited = new Generations<Awaited>(MIN_AWAITED)
  #sweepTimer: Timer | undefined

  constructor({ exporter, requestor, clock }: { exporter: Account; requestor: Account; clock: Clock }) {
    this.#exporter = exporter
    this.#requestor = requestor
    this.#clock = clock
    exporter.attach(this.#subscription)
  }

  get size(): number {
    return this.#awaited.size
  }

  /** Returns the subject at which the service is to answer a request with this reply subject. */
  expect(expected: Expected): string {
    const subject = this.#prefix + randomBytes(9).toString('base64url')
    this.#await(subject, { ...expected, expiresAtMs: 0 })
    return subject
  }

  /** Nobody was there to answer it. */
  giveUp(subject: string): void {
    this.#awaited.get(subject)?.sample?.failed('nobodyServes')
    this.#awaited.delete(subject)
  }

  close(): void {
    this.#sweepTimer?.cancel()
    this.#awaited.clear()
    this.#exporter.detach(this.#subscription)
  }

  /** An answer is always said to have been delivered, as in nats-server: who answers too late is not told. */
  carry(message: Message, journey: Journey): boolean {
    const { from, echoes, hop, budget } = journey
    const { subject, body, headerBytes } = message
    const awaited = this.#awaited.get(subject)
    if (awaited === undefined || awaited.expiresAtMs <= this.#clock.now()) return true
    const { service, sample } = awaited
    if (!mayCross(journey, service)) return true

    const back = message.reply === '' ? undefined : this.#requestor.responsesTo(this.#exporter)
    const reply = back?.expect({ reply: message.reply, service }) ?? ''
    const answer = new Message(this.#requestor.mapped(awaited.reply), body, reply, headerBytes)
    const next = { service, shares: false, info: undefined, previous: hop, budget }
    const isDelivered = this.#requestor.carryOn(answer, { from, echoes, hop: next }) > 0
    if (!isDelivered) back?.giveUp(reply)
    if (isDelivered) sample?.answered(from)
    else sample?.failed('nobodyWaits')

    this.#awaited.delete(subject)
    // The last of several answers is an empty one.
    const isLast = service.responseType === 'single' || body.length === 0
    if (isDelivered && !isLast) this.#await(subject, awaited)
    return true
  }

  #await(subject: string, awaited: Awaited): void {
    const thresholdMs = awaited.service.responseThresholdMs ?? DEFAULT_THRESHOLD_MS
    awaited.expiresAtMs = this.#clock.now() + thresholdMs
    this.#awaited.set(subject, awaited)
    this.#sweepTimer ??= this.#clock.after(Math.max(thresholdMs, MIN_SWEEP_INTERVAL_MS), this.#sweep)
  }

  readonly #sweep = (): void => {
    const now = this.#clock.now()
    let nextMs = Infinity
    for (const [subject, { expiresAtMs, sample }] of this.#awaited) {
      if (expiresAtMs > now) {
        nextMs = Math.min(nextMs, expiresAtMs)
        continue
      }
      this.#awaited.delete(subject)
      sample?.failed('noAnswer')
    }
    this.#sweepTimer =
      nextMs === Infinity ? undefined : this.#clock.after(Math.max(nextMs - now, MIN_SWEEP_INTERVAL_MS), this.#sweep)
  }
}
