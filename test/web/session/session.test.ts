import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { getProfile } from '../../../web/src/api/account.ts'
import { Refused, Unauthorized, Unreachable } from '../../../web/src/api/errors.ts'
import { WrongPasswordError } from '../../../web/src/model/account-keys.ts'
import { login, PASSWORD, register } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { Browser, type Tab, untilKind } from './browser.ts'

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

async function logIn({ session }: Tab, email: string, password = PASSWORD) {
  assert.deepEqual(await session.logIn({ email, password }), { kind: 'done' })
  const state = session.state.value
  assert.equal(state.kind, 'unlocked')
  return state as typeof state & { kind: 'unlocked' }
}

test('whoever logs in has the user key; after a reload the password opens it again, without the server', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  let tab = browser.open()
  assert.deepEqual(tab.session.state.value, { kind: 'signed-out' })
  const { userKey, userId } = await logIn(tab, ` ${email.toUpperCase()} `)
  const elsewhere = await login({ server: server.webUrl, email })
  assert.equal(await userKey.decryptText(elsewhere.encrypt('text')), 'text')
  tab[Symbol.dispose]()

  tab = browser.open()
  assert.deepEqual(tab.session.state.value, { kind: 'locked', email, userId })
  const { fetch } = browser
  browser.fetch = () => Promise.reject(new TypeError('offline'))
  await assert.rejects(tab.session.unlock('wrong'), WrongPasswordError)
  await tab.session.unlock(PASSWORD)
  const unlocked = await untilKind(tab.session.state, 'unlocked')
  assert.deepEqual(unlocked.userKey.bytes, userKey.bytes)
  await assert.rejects(getProfile(tab.api), Unreachable)
  browser.fetch = fetch
  assert.equal((await getProfile(tab.api)).email, email)
})
