/** Imports against a whole server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isObject, objectsOf } from '../../../web/src/api/json.ts'
import { getSync } from '../../../web/src/api/vault.ts'
import { type Item, newItem } from '../../../web/src/model/item.ts'
import type { Import } from '../../../web/src/vault/import/import.ts'
import { ImportStopped, sendImport } from '../../../web/src/vault/import/send-import.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { registerAndLogIn, type SignedIn } from '../api/signed-in.ts'

/** Characters that a note may have: encrypted it has nearly the 10,000 that the server takes. */
const LONGEST_NOTE = 7_000

let server: TestServer
let alice: SignedIn
let userId: string

before(async () => {
  server = await startTestServer({ vault: {} })
  alice = await registerAndLogIn({ base: server.webUrl })
  const { profile } = await getSync(alice.api)
  userId = isObject(profile) ? String(profile.id) : ''
})
after(() => server?.close())

const note = (name: string, notes: string | null = null): Item => ({
  ...newItem(name, { type: 'secureNote', secureNote: { rest: { type: 0 } } }),
  notes,
})

function importOf(folders: readonly string[], items: readonly (readonly [Item, number | null])[]): Import {
  return {
    format: 'bitwarden-json',
    folders: folders.map((name) => ({ id: null, name })),
    items: items.map(([item, folder]) => ({ item, folder })),
    remarks: [],
  }
}

async function send(found: Import, onShare: (share: number) => void = () => {}): Promise<void> {
  const { userKey } = alice
  await sendImport(alice.api, found, { userKey, userId, folders: [], onShare })
}

/** Folders with how many items each has. */
async function counts(): Promise<Record<string, number>> {
  const { folders, ciphers } = await getSync(alice.api)
  const names = new Map<unknown, string>()
  for (const { id, name } of objectsOf(folders)) names.set(id, await alice.userKey.decryptText(String(name)))
  const found: Record<string, number> = Object.fromEntries([...names.values()].map((name) => [name, 0]))
  for (const { folderId } of objectsOf(ciphers)) {
    const name = names.get(folderId) ?? 'none'
    found[name] = (found[name] ?? 0) + 1
  }
  return found
}

test('folders alone are imported', async () => {
  await send(importOf(['Empty'], []))
  assert.deepEqual(await counts(), { Empty: 0 })
})

test('more than one request takes is imported in several, and each folder once', async () => {
  const notes = 'x'.repeat(LONGEST_NOTE)
  const items = Array.from({ length: 1_200 }, (_, index) => [note(`Note ${index}`, notes), index % 3 || null] as const)
  const shares: number[] = []
  await send(
    importOf(
      ['A', 'B', 'C'],
      items.map(([item, place]) => [item, place]),
    ),
    (share) => shares.push(share),
  )
  assert.deepEqual(await counts(), { Empty: 0, A: 0, B: 400, C: 400, none: 400 })
  // By item while they are encrypted; then after each of two requests.
  assert.deepEqual([shares.length, shares[1_199], shares.at(-1)], [1_202, 0.5, 1])
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  )
})

test('what the server declines is told by name, with what had been imported before', async () => {
  const before = await counts()
  const long = note('Too long', 'x'.repeat(20_000))
  await assert.rejects(
    send(
      importOf(
        [],
        [
          [note('Short'), null],
          [long, null],
        ],
      ),
    ),
    (error) => {
      assert.ok(error instanceof ImportStopped)
      assert.deepEqual([error.imported, error.faults.map(({ name }) => name)], [0, ['Too long']])
      return true
    },
  )
  assert.deepEqual(await counts(), before)
})

test('a server that goes away is the cause', async () => {
  await server.close()
  await assert.rejects(send(importOf([], [[note('x'), null]])), (error) => {
    assert.ok(error instanceof ImportStopped && error.cause instanceof Error)
    assert.deepEqual([error.imported, error.faults, error.cause.name], [0, [], 'Unreachable'])
    return true
  })
})
