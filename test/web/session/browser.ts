import { randomUUID } from 'node:crypto'
import type { Api } from '../../../web/src/api/client.ts'
import { openSession } from '../../../web/src/session/open-session.ts'
import type { Session } from '../../../web/src/session/session.ts'
import type { PageStorage } from '../../../web/src/session/shelf.ts'
import type { SessionState } from '../../../web/src/session/state.ts'
import type { Cell } from '../../../web/src/state/cell.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

export interface Tab extends Disposable {
  readonly api: Api
  readonly session: Session
}

/** What tabs of one browser share: a storage, a clock, and that they hear each other. */
export class Browser implements Disposable {
  /** What `localStorage` holds. */
  readonly stored = new Map<string, string>()
  /** Of this browser; it starts with the real time, because tokens have dates. */
  readonly clock = new FakeClock(Date.now())
  storage: () => PageStorage = () => ({
    getItem: (name) => this.stored.get(name) ?? null,
    setItem: (name, value) => void this.stored.set(name, value),
    removeItem: (name) => void this.stored.delete(name),
  })
  /** How this browser asks. */
  fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)
  readonly #base: URL
  readonly #id = randomUUID()
  readonly #tabs = new Set<Tab>()
  #heard = Promise.withResolvers<void>()

  constructor(base: string) {
    this.#base = new URL(`${base}/`)
  }

  /** Opens a tab. A reload is to close one, and to open another. */
  open(): Tab {
    const { api, session } = openSession({
      base: this.#base,
      storage: () => this.storage(),
      channel: (name) => {
        const channel = new BroadcastChannel(`${this.#id} ${name}`)
        channel.addEventListener('message', () => queueMicrotask(() => this.#heard.resolve()))
        return channel
      },
      userAgent: USER_AGENT,
      clock: this.clock,
      fetch: (input, init) => this.fetch(input, init),
    })
    const tab: Tab = {
      api,
      session,
      [Symbol.dispose]: () => {
        this.#tabs.delete(tab)
        session.close()
      },
    }
    this.#tabs.add(tab)
    return tab
  }

  /** Resolves when one of the tabs has heard something from another. */
  async nextHeard(): Promise<void> {
    this.#heard = Promise.withResolvers<void>()
    await this.#heard.promise
  }

  [Symbol.dispose](): void {
    for (const tab of [...this.#tabs]) tab[Symbol.dispose]()
  }
}

/** Waits until a session is in that state, and resolves with it. The test's own deadline is how long. */
export function untilKind<Kind extends SessionState['kind']>(
  state: Cell<SessionState>,
  kind: Kind,
): Promise<SessionState & { kind: Kind }> {
  return new Promise((resolve) => {
    const look = (value: SessionState) => {
      if (value.kind !== kind) return
      stop()
      resolve(value as SessionState & { kind: Kind })
    }
    const stop = state.listen(look)
    look(state.value)
  })
}
