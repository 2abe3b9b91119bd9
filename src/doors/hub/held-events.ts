import { NotificationType } from '#notify'
import type { EncodedNotification } from './encoder.ts'

/** What a connection is told when it can be told again. */
export interface Release {
  readonly frames: readonly Buffer[]
  /** The device was told to log out after it had missed something: there is nothing more to say to it. */
  readonly endsSession: boolean
}

/**
 * Events for a device that cannot take them now. Up to a number of them wait as they are; with one more they all become
 * a single `SyncVault`, since each is only a hint to sync. `LogOut` is more than that and always kept.
 */
export class HeldEvents {
  readonly #maxEvents: number
  #frames: Buffer[] = []
  #isCoalesced = false
  #logOut: Buffer | undefined

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents
  }

  add({ type, frame }: EncodedNotification): void {
    if (type === NotificationType.LogOut) {
      this.#logOut = frame
    } else if (!this.#isCoalesced) {
      if (this.#frames.length < this.#maxEvents) {
        this.#frames.push(frame)
      } else {
        this.#isCoalesced = true
        this.#frames = []
      }
    }
  }

  /** Hands out what is held and forgets it. A device that is to log out need not sync first. */
  release(syncVault: () => Buffer): Release {
    const logOut = this.#logOut
    const frames = this.#isCoalesced ? [syncVault()] : this.#frames
    this.#frames = []
    this.#isCoalesced = false
    this.#logOut = undefined
    return logOut === undefined ? { frames, endsSession: false } : { frames: [logOut], endsSession: true }
  }
}
