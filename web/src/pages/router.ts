import { Cell } from '../state/cell.ts'
import { hrefOf, type PageName, parseRoute, type Route } from './route.ts'

/** Whether one may leave: asked of whoever has something that would be lost. */
export type Guard = () => boolean | Promise<boolean>

/** As much of a window as it takes. */
export interface Frame {
  readonly location: { hash: string }
  readonly history: {
    pushState(state: unknown, title: string, url: string): void
    replaceState(state: unknown, title: string, url: string): void
  }
  addEventListener(type: 'hashchange', listener: () => void): void
}

/** The page that is shown, and the way to others. It follows the window's address. */
export class Router {
  readonly route: Cell<Route>
  readonly #frame: Frame
  readonly #guards = new Set<Guard>()
  /** The address of what is shown. */
  #hash: string
  #isAsking = false

  constructor(frame: Frame) {
    this.#frame = frame
    this.#hash = frame.location.hash
    this.route = new Cell(parseRoute(this.#hash))
    frame.addEventListener('hashchange', () => void this.#follow())
  }

  /** Goes to a page, by an entry of its own in the browser's history. */
  go(page: PageName, ...path: readonly string[]): void {
    this.#frame.location.hash = hrefOf(page, ...path)
  }

  /** Goes there in place of where one is: Back does not lead here again. Nobody is asked. */
  replace(page: PageName, ...path: readonly string[]): void {
    this.#frame.history.replaceState(null, '', hrefOf(page, ...path))
    this.#show()
  }

  /** Has somebody asked before another page is shown, until what is returned is called. */
  guard(mayLeave: Guard): () => void {
    this.#guards.add(mayLeave)
    return () => void this.#guards.delete(mayLeave)
  }

  async #follow() {
    const { location, history } = this.#frame
    if (this.#isAsking || location.hash === this.#hash) return
    this.#isAsking = true
    const mayLeave = await this.#mayLeave()
    this.#isAsking = false
    // Which way one came is not known: the old address is put on top.
    if (mayLeave) this.#show()
    else history.pushState(null, '', this.#hash || '#/')
  }

  async #mayLeave(): Promise<boolean> {
    for (const guard of [...this.#guards]) {
      if (!(await guard())) return false
    }
    return true
  }

  #show() {
    this.#hash = this.#frame.location.hash
    this.route.value = parseRoute(this.#hash)
  }
}
