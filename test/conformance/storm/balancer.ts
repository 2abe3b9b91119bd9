import type { Place } from './app.ts'

const LOOK_EVERY_MS = 200

/** How long an answer may take before the server counts as away. */
const PATIENCE_MS = 1_000

/** What stands before several servers: it sends each device to one of its own, and to another while that is away. */
export class Balancer implements Disposable {
  readonly #servers: readonly { readonly url: string; readonly port: number }[]
  readonly #isUp: boolean[]
  readonly #timer: NodeJS.Timeout

  constructor(servers: readonly { readonly url: string; readonly port: number }[]) {
    this.#servers = servers
    this.#isUp = servers.map(() => true)
    this.#timer = setInterval(() => servers.forEach((_, i) => void this.#look(i)), LOOK_EVERY_MS)
  }

  /** The servers as a device sees them whose own is the one of that index. */
  placeFor(own: number): Place {
    const at = () => this.#forDeviceOf(own)
    return {
      ports: this.#servers.map(({ port }) => port),
      get at() {
        return at()
      },
      now: Date.now,
      fetch: (input, init) => {
        const { pathname, search } = new URL(String(input))
        return fetch(`${this.#servers[at()]!.url}${pathname}${search}`, init)
      },
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #forDeviceOf(own: number): number {
    if (this.#isUp[own]) return own
    const other = this.#isUp.indexOf(true)
    return other < 0 ? own : other
  }

  async #look(i: number): Promise<void> {
    const answer = await fetch(`${this.#servers[i]!.url}/alive`, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(
      () => undefined,
    )
    await answer?.body?.cancel()
    this.#isUp[i] = answer?.status === 200
  }
}
