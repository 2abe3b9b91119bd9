import type { Clock, Timer } from '#kit'
import { HEARTBEAT_MS, type HubTimes } from '../connection/connection-rules.ts'
import type { HubSnapshot } from '../hub-counts.ts'
import { Drain } from './drain.ts'
import type { HubEndpoint } from './endpoint.ts'

/** Hubs that live and end together: one heartbeat, one farewell. */
export class Endpoints {
  readonly #all: readonly HubEndpoint[]
  readonly #clock: Clock
  readonly #heartbeat: Timer
  #drain: Drain | undefined
  #gone: Promise<void> | undefined
  #isOver = false

  constructor(endpoints: readonly HubEndpoint[], clock: Clock) {
    this.#all = endpoints
    this.#clock = clock
    this.#heartbeat = clock.every(HEARTBEAT_MS, () => {
      for (const endpoint of endpoints) endpoint.beat()
    })
  }

  /** Transports that are open or closing. */
  get connectionCount(): number {
    return this.#all.reduce((sum, { connections }) => sum + connections.size, 0)
  }

  keepTimes(times: HubTimes): void {
    for (const endpoint of this.#all) endpoint.keepTimes(times)
  }

  snapshots(): readonly HubSnapshot[] {
    return this.#all.map((endpoint) => endpoint.snapshot())
  }

  /**
   * Takes nobody in any more and says farewell to the connections one by one over `windowMs`; until then they hear as
   * ever. Resolves when they are gone; one that does not answer is cut. Repeated, it goes on with the new window.
   */
  drain(windowMs: number): Promise<void> {
    for (const endpoint of this.#all) endpoint.closeDoors()
    this.#drain ??= new Drain(
      this.#all.flatMap((endpoint) => [...endpoint.connections]),
      this.#clock,
    )
    if (!this.#isOver) this.#drain.begin(windowMs)
    this.#gone ??= this.#end()
    return this.#gone
  }

  async #end(): Promise<void> {
    await Promise.all(this.#all.map(({ connections }) => connections.empty()))
    this.#isOver = true
    this.#drain?.cancel()
    this.#heartbeat.cancel()
  }
}
