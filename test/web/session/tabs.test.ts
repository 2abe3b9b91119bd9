import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { getProfile } from '../../../web/src/api/account.ts'
import { PASSWORD, register } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { Browser, type Tab, untilKind } from './browser.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ vault: {} })
})
after(() => server.close())

const MINUTE = 60_000

/** A browser with two tabs, both of which show the vault. */
async function twoTabs(browser: Browser): Promise<{ email: string; first: Tab; second: Tab }> {
  const email = `${randomUUID()}@example.com`
  await register({ server: server.webUrl, email })
  const first = browser.open()
  await first.session.logIn({ email, password: PASSWORD })
  const second = browser.open()
  assert.equal(second.session.state.value.kind, 'locked')
  assert.equal(first.session.state.value.kind, 'unlocked')
  await second.session.unlock(PASSWORD)
  return { email, first, second }
}

test('all tabs lock together, and each is opened by itself', async () => {
  using browser = new Browser(server.webUrl)
  const { first, second } = await twoTabs(browser)
  first.session.lock()
  await untilKind(second.session.state, 'locked')
  await first.session.unlock(PASSWORD)
  assert.equal(second.session.state.value.kind, 'locked')
})

test('all tabs log out together', async () => {
  using browser = new Browser(server.webUrl)
  const { first, second } = await twoTabs(browser)
  first.session.logOut()
  assert.deepEqual(await untilKind(second.session.state, 'signed-out'), { kind: 'signed-out', why: 'logged-out' })
  assert.equal(second.api.tokens.value, null)
  assert.equal(
    [...browser.stored.keys()].some((name) => name.endsWith(':account')),
    false,
  )
})

test('a tab that learns that the session is over tells the others why', async () => {
  using browser = new Browser(server.webUrl)
  const { first, second } = await twoTabs(browser)
  first.api.tokens.value = null
  assert.deepEqual(await untilKind(second.session.state, 'signed-out'), { kind: 'signed-out', why: 'revoked' })
})

test('a login in one tab leads the others, which are signed out, to the locked vault', async () => {
  using browser = new Browser(server.webUrl)
  const { email, first, second } = await twoTabs(browser)
  first.session.logOut()
  await untilKind(second.session.state, 'signed-out')
  const other = `${randomUUID()}@example.com`
  await register({ server: server.webUrl, email: other })
  await first.session.logIn({ email: other, password: PASSWORD })
  assert.equal((await untilKind(second.session.state, 'locked')).email, other)
  await second.session.unlock(PASSWORD)
  assert.equal((await getProfile(second.api)).email, other)
  assert.notEqual(other, email)
})

test('two tabs renew their tokens from one refresh token', async () => {
  using browser = new Browser(server.webUrl)
  const { email, first, second } = await twoTabs(browser)
  browser.clock.advance(3 * 60 * MINUTE)
  for (const tab of [first, second, first]) {
    tab.api.tokens.value = { ...tab.api.tokens.value!, expiresAtMs: 0 }
    assert.equal((await getProfile(tab.api)).email, email)
  }
})

test('input in one tab keeps the others open', async () => {
  using browser = new Browser(server.webUrl)
  const { first, second } = await twoTabs(browser)
  for (let minutes = 0; minutes < 40; minutes += 10) {
    browser.clock.advance(10 * MINUTE)
    const heard = browser.nextHeard()
    first.session.noteInput()
    await heard
  }
  assert.equal(second.session.state.value.kind, 'unlocked')
  browser.clock.advance(15 * MINUTE)
  assert.equal(first.session.state.value.kind, 'locked')
  assert.equal(second.session.state.value.kind, 'locked')
})

test('what is preferred in one tab is preferred in all, and none overwrites what another has set', async () => {
  using browser = new Browser(server.webUrl)
  const first = browser.open().session.preferences
  const second = browser.open().session.preferences
  for (const set of [
    () => {
      first.theme.value = 'dark'
    },
    () => {
      second.autoLockMinutes.value = null
    },
    () => {
      first.autoLockAction.value = 'log-out'
    },
  ]) {
    const heard = browser.nextHeard()
    set()
    await heard
  }
  const third = browser.open().session.preferences
  for (const { theme, autoLockMinutes, autoLockAction } of [first, second, third]) {
    assert.deepEqual([theme.value, autoLockMinutes.value, autoLockAction.value], ['dark', null, 'log-out'])
  }
})

test('a vault that nobody uses is locked, or left, as its user wants it', async () => {
  using browser = new Browser(server.webUrl)
  const { first } = await twoTabs(browser)
  first.session.preferences.autoLockMinutes.value = 1
  browser.clock.advance(MINUTE)
  assert.equal(first.session.state.value.kind, 'locked')
  await first.session.unlock(PASSWORD)
  first.session.preferences.autoLockAction.value = 'log-out'
  browser.clock.advance(MINUTE)
  assert.equal(first.session.state.value.kind, 'signed-out')
})

test('where nothing can be stored, one can log in, lock and unlock all the same', async () => {
  using browser = new Browser(server.webUrl)
  browser.storage = () => {
    throw new DOMException('no', 'SecurityError')
  }
  const email = `${randomUUID()}@example.com`
  await register({ server: server.webUrl, email })
  const { session, api } = browser.open()
  await session.logIn({ email, password: PASSWORD })
  session.lock()
  await session.unlock(PASSWORD)
  browser.clock.advance(3 * 60 * MINUTE)
  assert.equal((await getProfile(api)).email, email)
  const reloaded = browser.open()
  assert.deepEqual(reloaded.session.state.value, { kind: 'signed-out' })
})
