import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestDevice } from '../../helpers/account.ts'
import type { TestVault } from '../harness.ts'
import { type Belongings, makeBelongings, pathOf } from './everything.ts'
import type { Route } from './routes.ts'

export const nameOf = ({ method, path }: Route) => `${method} ${path}`
export const readsForms = ({ path }: Route) => path === '/identity/connect/token'
export const writes = ({ method }: Route) => method !== 'GET'

/** Somebody with one of everything. */
export interface Owner {
  readonly device: TestDevice
  readonly ids: Belongings
}

export interface Sent {
  readonly payload?: string | Buffer
  readonly type?: string
  readonly url?: string
  readonly headers?: Record<string, string>
}

/** Sends what no client sends, as somebody who is logged in. */
export class HostileClient {
  readonly #vault: TestVault
  #owner: Owner | undefined

  constructor(vault: TestVault) {
    this.#vault = vault
  }

  /** Anew when a route has put an end to the session, or to what there was. */
  async owner(): Promise<Owner> {
    if (this.#owner !== undefined) {
      const { device, ids } = this.#owner
      const paths = [`folders/${ids.folder}`, `sends/${ids.send}`, `ciphers/${ids.cipher}/attachment/${ids.attachment}`]
      const answers = await Promise.all(paths.map((path) => device.get(`/api/${path}`)))
      if (answers.every(({ status }) => status === 200)) return this.#owner
    }
    const email = `${randomUUID()}@example.com`
    await this.#vault.register(email)
    const device = await this.#vault.login(email)
    this.#owner = { device, ids: await makeBelongings(device) }
    return this.#owner
  }

  async send(route: Route, { device, ids }: Owner, sent: Sent) {
    const response = await this.#vault.app.inject({
      method: route.method as 'GET',
      url: sent.url ?? pathOf(route, ids),
      headers: {
        authorization: `Bearer ${device.accessToken}`,
        ...(sent.payload === undefined ? {} : { 'content-type': sent.type ?? 'application/json' }),
        ...sent.headers,
      },
      ...(sent.payload === undefined ? {} : { payload: sent.payload }),
    })
    return { status: response.statusCode, text: response.body }
  }

  /** Sends what must be refused with one of `statuses`, and looks whether anything has come of it. */
  async assertRefused(
    route: Route,
    statuses: readonly number[],
    requests: readonly (readonly [string, Sent])[],
  ): Promise<void> {
    const owner = await this.owner()
    const before = await this.#vault.dump()
    this.#vault.takeTold()
    for (const [what, sent] of requests) {
      const { status, text } = await this.send(route, owner, sent)
      assert.ok(statuses.includes(status), `${what} is answered ${status}: ${text.slice(0, 200)}`)
    }
    assert.deepEqual(await this.#vault.dump(), before)
    assert.deepEqual(this.#vault.takeTold(), [])
  }
}
