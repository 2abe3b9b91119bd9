/** The hub alone, which can be made to say everything that servers say. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { Api } from '../../../web/src/api/client.ts'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { Live } from '../../../web/src/live/live.ts'
import type { Notification } from '../../../web/src/model/notification.ts'
import type { SessionState } from '../../../web/src/session/state.ts'
import { Cell } from '../../../web/src/state/cell.ts'
import { ALICE, BOB, type HubServer, startHub } from '../../doors/hub/hub-server.ts'
import { until } from '../../helpers/wait.ts'
import { untilCell } from '../vault/client.ts'

const OWN = 'own-device'
const ID = '33333333-3333-4333-8333-333333333333'
const AT = new Date('2024-01-02T03:04:05.678Z')

beforeEach(() => {
  for (const method of ['info', 'warn'] as const) mock.method(console, method, () => {})
})
afterEach(() => mock.restoreAll())

interface Heard extends AsyncDisposable {
  readonly hub: HubServer
  readonly live: Live
  readonly state: Cell<SessionState>
  /** What the vault was told to do. */
  readonly applied: Notification[]
  readonly syncs: () => number
  /** How often a token was asked for. */
  readonly tokens: () => number
  readonly loggedOut: string[]
}

async function hear(options: Parameters<typeof startHub>[0] = {}): Promise<Heard> {
  const hub = await startHub(options)
  const applied: Notification[] = []
  const loggedOut: string[] = []
  let [syncs, tokens] = [0, 0]
  const unlocked = {
    kind: 'unlocked',
    email: 'alice@example.com',
    userId: ALICE,
    userKey: SymmetricKey.random(),
  } as const
  const state = new Cell<SessionState>(unlocked)
  const api = {
    base: new URL(`http://127.0.0.1:${hub.port}/`),
    device: { identifier: OWN },
    accessToken: async () => `${ALICE}/${OWN}/${tokens++}`,
    request: async () => ({ data: [] }),
  }
  const live = new Live({
    // What it asks of a server, and no more.
    api: api as unknown as Api,
    session: { state, logOut: (why) => void loggedOut.push(why ?? 'logged-out') },
    vault: { applyEvent: async (notification) => void applied.push(notification), sync: async () => void syncs++ },
  })
  await untilCell(live.state, (value) => value === 'connected', 'the connection')
  const dispose = async () => {
    live.close()
    await hub[Symbol.asyncDispose]()
  }
  const counts = { syncs: () => syncs, tokens: () => tokens }
  return { hub, live, state, applied, loggedOut, ...counts, [Symbol.asyncDispose]: dispose }
}

const cipher = { id: ID, userId: ALICE, organizationId: null, revisionDate: AT }
const mine = { id: ID, userId: ALICE, revisionDate: AT }

test('every change is handed on as it is said, in order', async () => {
  await using heard = await hear()
  const { notifier } = heard.hub
  const options = { recipients: [ALICE], contextId: 'other' }
  notifier.cipher('SyncCipherCreate', cipher, options)
  notifier.cipher('SyncCipherUpdate', cipher, options)
  notifier.cipher('SyncLoginDelete', cipher, options)
  for (const name of ['SyncFolderCreate', 'SyncFolderUpdate', 'SyncFolderDelete'] as const) {
    notifier.folder(name, mine, OWN)
  }
  for (const name of ['SyncSendCreate', 'SyncSendUpdate', 'SyncSendDelete'] as const) notifier.send(name, mine, null)
  for (const name of ['SyncCiphers', 'SyncVault', 'SyncSettings'] as const) notifier.account(name, ALICE, AT, null)
  // Nobody's business here.
  notifier.folder('SyncFolderCreate', { ...mine, userId: BOB }, null)
  await until(() => heard.applied.length >= 12, 'all of them')
  const changed = (noun: string, contextId: string | null) => ({
    ...{ contextId, kind: 'changed', noun, id: ID, revisionMs: AT.getTime() },
  })
  const removed = (noun: string, contextId: string | null) => ({ contextId, kind: 'removed', noun, id: ID })
  const account = { contextId: null, kind: 'account' }
  assert.deepEqual(heard.applied, [
    ...[changed('item', 'other'), changed('item', 'other'), removed('item', 'other')],
    ...[changed('folder', OWN), changed('folder', OWN), removed('folder', OWN)],
    ...[changed('send', null), changed('send', null), removed('send', null)],
    ...[account, account, account],
  ])
  assert.equal(heard.syncs(), 1, 'that after the connection was made')
})

test('when the keys of organizations have changed, all is synced, and another connection made with another token', async () => {
  await using heard = await hear()
  assert.equal(heard.tokens(), 1)
  heard.hub.notifier.account('SyncOrgKeys', ALICE, AT, null)
  await untilCell(heard.live.state, (state) => state === 'connecting', 'the end of the first')
  await untilCell(heard.live.state, (state) => state === 'connected', 'the second')
  assert.deepEqual(heard.applied, [{ contextId: null, kind: 'organizations' }])
  assert.deepEqual([heard.tokens(), heard.syncs()], [2, 2])
})

test('whoever is logged out by another device is; what this one has done to the account is its own business', async () => {
  await using heard = await hear()
  heard.hub.notifier.account('LogOut', ALICE, AT, OWN)
  await untilCell(heard.live.state, (state) => state === 'connecting', 'the end of the connection')
  await untilCell(heard.live.state, (state) => state === 'connected', 'the next')
  assert.deepEqual(heard.loggedOut, [])
  heard.hub.notifier.account('LogOut', ALICE, AT, 'other')
  await until(() => heard.loggedOut.length === 1, 'the end')
  assert.deepEqual(heard.loggedOut, ['revoked'])
})

test('requests to be let in are there until they are answered, or of no more interest', async () => {
  await using heard = await hear()
  const { notifier } = heard.hub
  const { loginRequests } = heard.live
  const ask = (id: string) => notifier.authRequest({ id, userId: ALICE }, null)
  ask(ID)
  ask(ID)
  ask(BOB)
  await untilCell(loginRequests, (ids) => ids.length === 2, 'two of them')
  assert.deepEqual(loginRequests.value, [ID, BOB])
  notifier.authRequestResponse({ id: ID, userId: ALICE }, null)
  await untilCell(loginRequests, (ids) => ids.length === 1, 'the answer')
  heard.live.forgetLoginRequest(BOB)
  assert.deepEqual(loginRequests.value, [])
  ask(ID)
  await untilCell(loginRequests, (ids) => ids.length === 1, 'another')
  heard.state.value = { kind: 'signed-out' }
  assert.deepEqual([loginRequests.value, heard.live.state.value], [[], 'off'])
  await heard.hub.everyoneGone()
})

test('a server that ends each connection is not asked again and again without a pause', async () => {
  await using heard = await hear()
  const sinceMs = performance.now()
  for (let i = 0; i < 4; i++) {
    heard.hub.notifier.account('SyncOrgKeys', ALICE, AT, null)
    await untilCell(heard.live.state, (state) => state === 'connecting', 'the end')
    await untilCell(heard.live.state, (state) => state === 'connected', 'the next')
  }
  // A quarter of a second at least, then twice that, and so on.
  assert.ok(performance.now() - sinceMs > 250 + 500 + 1_000 + 2_000)
})
