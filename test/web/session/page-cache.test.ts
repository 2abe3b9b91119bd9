/** Pages that browsers keep as they are when one leaves them, and show again when one goes back. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { followInput } from '../../../web/src/session/follow-input.ts'
import type { Session } from '../../../web/src/session/session.ts'
import { PASSWORD, register } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { Browser } from './browser.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ vault: {} })
})
after(() => server.close())

async function newAccount(): Promise<string> {
  const email = `${randomUUID()}@example.com`
  await register({ server: server.webUrl, email })
  return email
}

const stateOf = ({ state }: Session) => state.value.kind

/** The window of a session. */
function windowOf(session: Session): { turn(type: 'pagehide' | 'pageshow', persisted: boolean): void } {
  const page = new EventTarget()
  followInput(session, [page])
  return { turn: (type, persisted) => void page.dispatchEvent(Object.assign(new Event(type), { persisted })) }
}

test('whoever goes back to a page that was left finds the vault locked, as after a reload', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  const { session } = browser.open()
  await session.logIn({ email, password: PASSWORD })
  const other = browser.open()
  await other.session.unlock(PASSWORD)
  const page = windowOf(session)
  page.turn('pageshow', false)
  assert.equal(stateOf(session), 'unlocked')

  page.turn('pagehide', true)
  assert.equal(stateOf(session), 'locked')
  page.turn('pageshow', true)
  assert.equal(stateOf(session), 'locked')
  assert.equal(stateOf(other.session), 'unlocked', 'nobody has left that one')
  await session.unlock(PASSWORD)
})

test('who has logged out, or in, while a page was put away is known when it is taken out', async () => {
  using browser = new Browser(server.webUrl)
  const { session, api } = browser.open()
  const page = windowOf(session)
  await session.logIn({ email: await newAccount(), password: PASSWORD })
  page.turn('pagehide', true)
  const { stored } = browser
  const account = [...stored.keys()].find((name) => name.endsWith(':account'))!

  // It hears nothing there.
  const kept = stored.get(account)!
  stored.delete(account)
  page.turn('pageshow', true)
  assert.deepEqual(session.state.value, { kind: 'signed-out', why: 'logged-out' })
  assert.equal(api.tokens.value, null)

  stored.set(account, JSON.stringify({ ...JSON.parse(kept), email: 'bob@example.com', userId: 'bob' }))
  page.turn('pageshow', true)
  assert.deepEqual(session.state.value, { kind: 'locked', email: 'bob@example.com', userId: 'bob' })
})
