import type { X509Certificate } from 'node:crypto'
import type { Clock, Logger, Timer } from '#kit'
import { type CertifiedListener, namesOf } from './certified-listener.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** So many days before the end the log speaks of it. 0: it has come. */
const WARN_AT_DAYS = [14, 7, 3, 1, 0]

export interface ExpiryTools {
  readonly listeners: () => readonly CertifiedListener[]
  readonly clock: Clock
  readonly logger: Logger
}

/** Says in the log that a certificate runs out, two weeks before and again as the day comes nearer. */
export class ExpiryWarnings {
  readonly #tools: ExpiryTools
  readonly #timer: Timer
  /** By listener and certificate, what was said last. */
  #said = new Map<string, number>()

  constructor(tools: ExpiryTools) {
    this.#tools = tools
    this.#timer = tools.clock.every(HOUR_MS, () => this.look())
    this.look()
  }

  /** What happens every hour. */
  look(): void {
    const { listeners, clock } = this.#tools
    const said = new Map<string, number>()
    for (const { name, certificates } of listeners()) {
      for (const certificate of certificates) {
        const daysLeft = (certificate.validToDate.getTime() - clock.now()) / DAY_MS
        const step = WARN_AT_DAYS.findLast((days) => daysLeft <= days)
        if (step === undefined) continue
        const key = `${name} ${certificate.fingerprint256}`
        said.set(key, step)
        if (this.#said.get(key) !== step) this.#warn(name, certificate, step, Math.ceil(daysLeft))
      }
    }
    this.#said = said
  }

  close(): void {
    this.#timer.cancel()
  }

  #warn(listener: string, certificate: X509Certificate, step: number, daysLeft: number): void {
    const fields = { listener, names: namesOf(certificate), expires: certificate.validToDate.toISOString() }
    const { logger } = this.#tools
    if (step === 0) logger.error(fields, 'certificate has expired')
    else logger.warn({ ...fields, daysLeft }, 'certificate expires soon')
  }
}
