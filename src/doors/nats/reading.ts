import type { Clock } from '#kit'
import type { Carrier } from '#net'

/** Whether a carrier is read from: it is while nobody holds it. */
export class Reading {
  readonly #carrier: Carrier
  #holds = 0
  #isTimed = false
  #isEnded = false

  constructor(carrier: Carrier) {
    this.#carrier = carrier
  }

  hold(): void {
    if (this.#holds++ === 0 && !this.#isEnded) this.#carrier.pause(true)
  }

  release(): void {
    if (--this.#holds === 0 && !this.#isEnded) this.#carrier.pause(false)
  }

  /** Nobody can hold it any more: the peer's farewell has to be read. */
  end(): void {
    if (this.#holds > 0) this.#carrier.pause(false)
    this.#isEnded = true
  }

  /** Repeating it before the time is over does nothing, and returns false. */
  holdFor(ms: number, clock: Clock): boolean {
    if (this.#isTimed) return false
    this.#isTimed = true
    this.hold()
    clock.after(ms, () => {
      this.#isTimed = false
      this.release()
    })
    return true
  }
}
