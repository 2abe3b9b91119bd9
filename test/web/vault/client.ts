import { Live } from '../../../web/src/live/live.ts'
import type { WakeUp } from '../../../web/src/live/wake-ups.ts'
import { newItem } from '../../../web/src/model/item.ts'
import type { Cell } from '../../../web/src/state/cell.ts'
import { Vault } from '../../../web/src/vault/vault.ts'
import { PASSWORD, register } from '../../helpers/account.ts'
import { within } from '../../helpers/wait.ts'
import { Browser, type Tab } from '../session/browser.ts'

export interface ClientOptions {
  /** Of the server. */
  readonly url: string
  readonly email: string
  /** Default: a browser of its own. */
  readonly browser?: Browser | undefined
  /** Whether it hears what others do. Default true. */
  readonly isLive?: boolean | undefined
  readonly silenceMs?: number | undefined
}

/** A tab of the web vault, without its pages. */
export class Client implements Disposable {
  readonly email: string
  readonly browser: Browser
  readonly tab: Tab
  readonly vault: Vault
  readonly live: Live | undefined
  /** What this browser has asked since then, in order: `GET api/sync`. */
  readonly requests: string[] = []
  /** What a browser would tell `live`. */
  wake: (why: WakeUp) => void = () => {}

  /** Opens the tab, and logs in where nobody is yet. Resolves when it has all that the server has. */
  static async open(options: ClientOptions): Promise<Client> {
    const client = new Client(options)
    const { session } = client.tab
    if (session.state.value.kind === 'locked') await session.unlock(PASSWORD)
    else await session.logIn({ email: options.email, password: PASSWORD })
    await untilCell(client.vault.status, (status) => status === 'ready', 'the vault')
    return client
  }

  private constructor({ url, email, browser = new Browser(url), isLive = true, silenceMs }: ClientOptions) {
    this.email = email
    this.browser = browser
    const { fetch } = browser
    browser.fetch = (input, init) => {
      this.requests.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname.slice(1)}`)
      return fetch(input, init)
    }
    this.tab = browser.open()
    const { api, session } = this.tab
    this.vault = new Vault({ api, session })
    const wakeUps = (wake: (why: WakeUp) => void) => {
      this.wake = wake
      return () => {}
    }
    const { vault } = this
    this.live = isLive
      ? new Live({ api, session, vault, wakeUps, ...(silenceMs === undefined ? {} : { silenceMs }) })
      : undefined
  }

  connected(): Promise<unknown> {
    return untilCell(this.live!.state, (state) => state === 'connected', 'the connection')
  }

  names(): string[] {
    return this.vault.items.value.map(({ name }) => name).sort()
  }

  /** Resolves when the items' names are these, in any order. */
  shows(...names: string[]): Promise<unknown> {
    const expected = JSON.stringify(names.sort())
    return untilCell(this.vault.items, () => JSON.stringify(this.names()) === expected, `${expected}`)
  }

  /** Creates an item; resolves with its id. */
  create(name: string): Promise<string> {
    return this.vault.save(newItem(name, { type: 'secureNote', secureNote: { rest: {} } }))
  }

  async rename(id: string, name: string): Promise<void> {
    await this.vault.save({ ...(await this.vault.open(id)), name })
  }

  [Symbol.dispose](): void {
    this.live?.close()
    this.vault.close()
    this.tab[Symbol.dispose]()
  }
}

export async function newEmail(url: string): Promise<string> {
  const email = `${crypto.randomUUID()}@example.com`
  await register({ server: url, email })
  return email
}

/** The first value that `isIt`, the one that there is included. */
export async function untilCell<T>(cell: Cell<T>, isIt: (value: T) => boolean, what: string): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  const stop = cell.listen((value) => {
    if (isIt(value)) resolve(value)
  })
  if (isIt(cell.value)) resolve(cell.value)
  return within(promise, what).finally(stop)
}
