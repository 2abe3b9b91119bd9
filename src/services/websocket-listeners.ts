import type { ListenAddress } from '#net'
import { isSameAddress, type ReloadStep } from './port.ts'
import type { WebsocketRules, WebsocketSurroundings } from './websocket-entrance.ts'
import { WebsocketListener } from './websocket-listener.ts'

/** All `websocket {}` blocks. */
export class WebsocketListeners {
  readonly #surroundings: WebsocketSurroundings
  /** In the order of the options. */
  #listeners: readonly WebsocketListener[] = []
  /** Of blocks that are no more; they may have connections that are saying goodbye. */
  readonly #removed: WebsocketListener[] = []

  constructor(surroundings: WebsocketSurroundings) {
    this.#surroundings = surroundings
  }

  get addresses(): readonly ListenAddress[] {
    return this.#listeners.map(({ address }) => address)
  }

  get areListening(): boolean {
    return this.#listeners.every(({ isListening }) => isListening)
  }

  /**
   * A block whose address is still asked for is the listener that it was; the others are moved, one for one, as far as
   * there are any. Rejects with a `ConfigError` when an address cannot be had; nothing has changed then.
   */
  async prepare(blocks: readonly WebsocketRules[]): Promise<ReloadStep> {
    const left = [...this.#listeners]
    const kept = blocks.map(({ options }) => take(left, ({ wanted }) => isSameAddress(wanted, options)))
    const steps: ReloadStep[] = []
    const next: WebsocketListener[] = []
    try {
      for (const [i, rules] of blocks.entries()) {
        const listener = kept[i] ?? left.shift()
        if (listener === undefined) {
          const opened = await WebsocketListener.open(rules, this.#surroundings)
          steps.push({ install: () => {}, undo: () => opened.close(0) })
          next.push(opened)
        } else {
          steps.push(await listener.prepare(rules))
          next.push(listener)
        }
      }
    } catch (error) {
      await Promise.all(steps.map((step) => step.undo()))
      throw error
    }
    return {
      install: () => {
        for (const step of steps) step.install()
        for (const listener of left) listener.remove()
        this.#removed.push(...left)
        this.#listeners = next
      },
      undo: async () => {
        await Promise.all(steps.map((step) => step.undo()))
      },
    }
  }

  /** They take no more connections; those that are there live on. */
  stop(): void {
    for (const listener of this.#listeners) listener.stop()
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([...this.#listeners, ...this.#removed].map((listener) => listener.close(graceMs)))
  }
}

/** Removes and returns the first that fits. */
function take<T>(items: T[], fits: (item: T) => boolean): T | undefined {
  const at = items.findIndex(fits)
  return at === -1 ? undefined : items.splice(at, 1)[0]
}
