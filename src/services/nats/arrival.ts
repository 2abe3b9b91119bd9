import type { NatsDoor } from '#doors/nats'
import type { Logger } from '#kit'
import type { AddressLimit, Admission, RemoteAddress, TrustCheck } from '#net'

/** Of the listener by which somebody comes. */
export interface ArrivalOptions {
  readonly door: NatsDoor
  readonly limit: AddressLimit
  /** Who may speak for others; asked when it is known who connected. */
  isTrusted: TrustCheck
  /** Told of those who are one too many. */
  readonly refusals: Logger
}

/**
 * Somebody who has connected to a WebSocket listener: the places that are taken by it while it is no client yet. One of
 * the door's, from the beginning; and one of its address, as soon as that is known: a proxy that is trusted speaks for
 * others, and only its requests say for whom.
 */
export class Arrival implements Admission {
  readonly #options: ArrivalOptions
  readonly #leaveDoor: () => void
  #hasLeft = false
  #place: { readonly address: string; readonly leave: () => void } | undefined

  private constructor(options: ArrivalOptions, leaveDoor: () => void) {
    this.#options = options
    this.#leaveDoor = leaveDoor
  }

  /** `undefined` when it is one too many. */
  static enter(remote: RemoteAddress, options: ArrivalOptions): Arrival | undefined {
    const leaveDoor = options.door.reserve()
    if (leaveDoor !== undefined) return new Arrival(options, leaveDoor)
    options.refusals.warn({ ...remote, reason: 'Maximum Connections Exceeded' }, 'connection refused')
    return undefined
  }

  identify(remote: RemoteAddress): boolean {
    const { isTrusted, refusals } = this.#options
    if (isTrusted(remote.address) || this.#takePlace(remote.address)) return true
    refusals.error({ ...remote, reason: TOO_MANY_FROM_ADDRESS }, 'websocket handshake error')
    return false
  }

  /**
   * It asks for an upgrade in the name of `address`: whether there is a place for that. The door's place is free from
   * now on, for the client that the door will count in the same turn.
   */
  becomeClientOf(address: string): boolean {
    this.#leaveDoor()
    // A reload may have changed whom a proxy may speak for.
    return this.#place?.address === address || this.#takePlace(address)
  }

  leave(): void {
    this.#hasLeft = true
    this.#leaveDoor()
    this.#place?.leave()
    this.#place = undefined
  }

  #takePlace(address: string): boolean {
    this.#place?.leave()
    // Nobody would give it back.
    const leave = this.#hasLeft ? undefined : this.#options.limit.enter(address)
    this.#place = leave && { address, leave }
    return leave !== undefined
  }
}

export const TOO_MANY_FROM_ADDRESS = 'too many connections from this address'
