import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { once, until, within } from '../helpers/wait.ts'
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

test('a mail server that does not answer keeps neither logins nor the end of the server waiting', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const connected = once(silent, 'connection')
  const server = await startTestServer({
    vault: { smtpHost: '127.0.0.1', smtpPort: port, smtpSecurity: 'off', smtpFrom: 'vault@example.com' },
  })
  try {
    await within(registerAndLogin({ server: server.webUrl, email: 'ada@example.com' }), 'registration and login')
    await connected
  } finally {
    await within(server.close(), 'the end', 5_000)
    silent.close()
  }
})
