import type { LeafProfile, LeafProfileHolder, ListenerProfile, ProfileHolder } from '#doors/nats'
import type { ListenAddress } from '#net'
import { type AnyPort, isSameAddress } from '../port.ts'
import { inSteps, type ReloadStep } from '../reload/reload-step.ts'
import type { WebsocketRules, WebsocketSurroundings } from './websocket-entrance.ts'
import { WebsocketListener } from './websocket-listener.ts'

/** All `websocket {}` blocks. */
export class WebsocketListeners {
  readonly #surroundings: WebsocketSurroundings
  /** In the order of the options. */
  #listeners: readonly WebsocketListener[] = []
  /** Of blocks that are no more; they may have connections that are saying goodbye. */
  readonly #removed = new Set<WebsocketListener>()

  constructor(surroundings: WebsocketSurroundings) {
    this.#surroundings = surroundings
  }

  get addresses(): readonly ListenAddress[] {
    return this.#listeners.map(({ address }) => address)
  }

  get areListening(): boolean {
    return this.#listeners.every(({ port }) => port.isListening)
  }

  /** Rejects with a `ConfigError` when an address cannot be had; nothing has changed then. */
  prepare(blocks: readonly WebsocketRules[]): Promise<ReloadStep> {
    return inSteps(async (add) => {
      const { pairs, left } = this.#pair(blocks)
      const next: WebsocketListener[] = []
      for (const [rules, listener] of pairs) {
        if (listener === undefined) {
          const opened = await WebsocketListener.open(rules, this.#surroundings)
          add({ install: () => {}, undo: () => opened.close(0) })
          next.push(opened)
        } else {
          add(await listener.prepare(rules))
          next.push(listener)
        }
      }
      const install = () => {
        for (const listener of left) this.#remove(listener)
        this.#listeners = next
      }
      add({ install, undo: async () => {} })
    })
  }

  /** Ports at addresses that none of the blocks asks for. */
  leaving(blocks: readonly WebsocketRules[]): readonly AnyPort[] {
    return this.#listeners
      .map(({ port }) => port)
      .filter(({ wanted }) => !blocks.some(({ options }) => isSameAddress(wanted, options)))
  }

  /** What their clients would be judged by. */
  supposing(blocks: readonly WebsocketRules[]): ReadonlyMap<ProfileHolder, ListenerProfile> {
    const { pairs, left } = this.#pair(blocks)
    return new Map([
      ...pairs.flatMap(([rules, listener]) => (listener === undefined ? [] : [listener.supposing(rules)])),
      ...left.map((listener) => listener.supposing(undefined)),
    ])
  }

  /** What leaf nodes that came in by them would be judged by, where those who came in by the port are by `ofPort`. */
  supposingLeafs(
    blocks: readonly WebsocketRules[],
    ofPort: LeafProfile | undefined,
  ): ReadonlyMap<LeafProfileHolder, LeafProfile> {
    const { pairs, left } = this.#pair(blocks)
    const staying = pairs.flatMap(([rules, listener]) => (listener === undefined ? [] : [{ rules, listener }]))
    return new Map([
      ...staying.map(({ rules, listener }) => listener.entrance.supposingLeafs(ofPort, rules)),
      ...left.map((listener) => listener.entrance.supposingLeafs(ofPort, undefined)),
    ])
  }

  /** They take no more connections; those that are there live on. */
  stop(): void {
    for (const listener of this.#listeners) listener.stop()
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([...this.#listeners, ...this.#removed].map((listener) => listener.close(graceMs)))
  }

  /**
   * A block whose address is still asked for is the listener that it was; the others are moved, one for one, as far as
   * there are any.
   */
  #pair(blocks: readonly WebsocketRules[]) {
    const left = [...this.#listeners]
    const kept = blocks.map(({ options }) => take(left, ({ port }) => isSameAddress(port.wanted, options)))
    const pairs = blocks.map((rules, i) => [rules, kept[i] ?? left.shift()] as const)
    return { pairs, left }
  }

  #remove(listener: WebsocketListener): void {
    listener.remove()
    this.#removed.add(listener)
    void listener.ended.then(() => this.#removed.delete(listener))
  }
}

/** Removes and returns the first that fits. */
function take<T>(items: T[], fits: (item: T) => boolean): T | undefined {
  const at = items.findIndex(fits)
  return at === -1 ? undefined : items.splice(at, 1)[0]
}
