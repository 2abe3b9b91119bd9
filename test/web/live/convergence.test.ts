import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { Refused } from '../../../web/src/api/errors.ts'
import { Conflict, Gone } from '../../../web/src/vault/errors.ts'
import { startTestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { Client, newEmail } from '../vault/client.ts'

beforeEach(() => void mock.method(console, 'info', () => {}))
afterEach(() => mock.restoreAll())

const OPERATIONS = 40

/** Numbers below `end` that look like chance. */
function numbersFrom(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (state * 48_271) % 0x7fffffff
    return state % end
  }
}

/** Everything that there is to do, on whatever there is; connections are lost meanwhile. */
async function work(client: Client, seed: number): Promise<void> {
  const { vault } = client
  const next = numbersFrom(seed)
  const one = () => vault.items.value[next(vault.items.value.length)]!.id
  const some = () => [...new Set([one(), one(), one()])]
  const operations: (() => unknown)[] = [
    () => client.create(`new ${next(1e6)}`),
    () => client.create(`new ${next(1e6)}`),
    () => client.rename(one(), `renamed ${next(1e6)}`),
    () => client.rename(one(), `renamed ${next(1e6)}`),
    () => vault.trash(some()),
    () => vault.restore(some()),
    () => vault.remove([one()]),
    () => vault.favorite(some(), next(2) === 0),
    async () => vault.move(some(), await vault.saveFolder({ id: null, name: `folder ${next(1e6)}` })),
    () => vault.folders.value[0] && vault.removeFolder(vault.folders.value[0].id),
    () => vault.archive(some()),
    () => client.wake('doubt'),
  ]
  for (let i = 0; i < OPERATIONS; i++) {
    const operation = vault.items.value.length < 4 ? operations[0]! : operations[next(operations.length)]!
    try {
      await operation()
    } catch (error) {
      // Somebody else was faster.
      if (![Conflict, Gone, Refused].some((expected) => error instanceof expected)) throw error
    }
  }
}

const byId = <T extends { readonly id: string }>(all: readonly T[]) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1))
const stateOf = ({ vault }: Client) => JSON.stringify([byId(vault.items.value), byId(vault.folders.value)])

test('whatever three tabs in two browsers do at once, all show in the end what the server has', async () => {
  await using server = await startTestServer({ vault: {} })
  const options = { url: server.webUrl, email: await newEmail(server.webUrl) }
  using first = await Client.open(options)
  using second = await Client.open({ ...options, browser: first.browser })
  using third = await Client.open(options)
  const all = [first, second, third]
  await Promise.all(all.map((client) => client.connected()))
  await Promise.all(all.map((client, i) => work(client, 1_000 + i)))
  using fresh = await Client.open({ ...options, isLive: false })
  assert.ok(fresh.vault.items.value.length > 0)
  for (const client of all) await until(() => stateOf(client) === stateOf(fresh), 'what the server has')
})
