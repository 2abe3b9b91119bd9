import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { until } from '../helpers/wait.ts'
import { startMailServer } from '../vault/mail/mail-server.ts'

test('the letters of a whole server leave by the mail server of its settings, and link to its domain', async () => {
  await using mailServer = await startMailServer()
  await using server = await startTestServer({
    vault: {
      domain: 'https://vault.example.com/there',
      smtpHost: '127.0.0.1',
      smtpPort: mailServer.port,
      smtpSecurity: 'off',
      smtpFrom: 'vault@example.com',
      smtpFromName: 'The vault',
      smtpUsername: 'belfry',
      smtpPassword: 'mail-secret',
      smtpAuthMechanism: ['login'],
      heloName: 'vault.example.com',
    },
  })
  await registerAndLogin({ server: `${server.webUrl}/there`, email: 'ada@example.com' })
  await until(() => mailServer.delivered.length >= 2, 'the letters of welcome and of a new device')
  for (const { from, to, mechanism, helo, message } of mailServer.delivered) {
    assert.deepEqual(
      [from, to, mechanism, helo],
      ['vault@example.com', ['ada@example.com'], 'LOGIN', 'vault.example.com'],
    )
    assert.deepEqual(message.from, { address: 'vault@example.com', name: 'The vault' })
    assert.ok(message.html?.includes('https://vault.example.com/there'), message.html)
  }
})
