import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { endAllSessions } from '../../../web/src/api/account.ts'
import { Refused } from '../../../web/src/api/errors.ts'
import { PASSWORD, registerAndLogin } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { Browser } from './browser.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ vault: {} })
})
after(() => server.close())

async function loggedIn(browser: Browser) {
  const device = await registerAndLogin({ server: server.webUrl })
  const { api, session } = browser.open()
  await session.logIn({ email: device.email, password: PASSWORD })
  return { api, session, secret: { masterPasswordHash: device.passwordHash } }
}

test('whoever ends all sessions has logged out themselves, also where the hub tells of it first', async () => {
  using browser = new Browser(server.webUrl)
  const { api, session, secret } = await loggedIn(browser)
  await session.endBy(async () => {
    await endAllSessions(api, secret)
    session.logOut('revoked')
  })
  assert.deepEqual(session.state.value, { kind: 'signed-out', why: 'logged-out' })
})

test('what the server refuses ends nothing, and whoever ends the session later is told', async () => {
  using browser = new Browser(server.webUrl)
  const { api, session } = await loggedIn(browser)
  await assert.rejects(
    session.endBy(() => endAllSessions(api, { masterPasswordHash: 'wrong' })),
    Refused,
  )
  assert.equal(session.state.value.kind, 'unlocked')
  session.logOut('revoked')
  assert.deepEqual(session.state.value, { kind: 'signed-out', why: 'revoked' })
})
