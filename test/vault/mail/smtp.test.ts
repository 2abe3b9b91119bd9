import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createMailer, type MailSettings } from '#vault'
import { TestAuthority } from '../../helpers/certificates.ts'
import { lineOf, recordingLogger } from '../../helpers/recording-logger.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { once } from '../../helpers/wait.ts'
import { mailSettings, startMailServer } from './mail-server.ts'

const LOGIN = { username: 'belfry', password: 'mail-secret' }

/** A mailer whose log the test reads. */
function startMailer(settings: MailSettings) {
  const lines: string[] = []
  const logger = recordingLogger((line) => lines.push(lineOf(line)))
  const mailer = createMailer(settings, { url: 'https://vault.example.com', logger })
  return { ...mailer, lines, [Symbol.asyncDispose]: () => mailer.close() }
}

async function certificates() {
  const folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  return { folder, authority, issue: (dnsNames: string[]) => authority.issue({ dnsNames }) }
}

test('a letter arrives in plain text and HTML, with its image, from the address of the settings', async () => {
  await using server = await startMailServer()
  await using mailer = startMailer(mailSettings({ port: server.port, heloName: 'vault.example.com' }))
  await mailer.send('alice@example.org', 'twofactor_email', { token: '123456' })
  const [letter] = server.delivered
  assert.ok(letter)
  assert.deepEqual(
    [letter.from, letter.to, letter.helo],
    ['vault@example.com', ['alice@example.org'], 'vault.example.com'],
  )
  const { message } = letter
  assert.deepEqual(message.from, { name: 'The Vault', address: 'vault@example.com' })
  assert.deepEqual(message.to, [{ name: '', address: 'alice@example.org' }])
  assert.equal(message.subject, 'Your login code')
  assert.match(message.text ?? '', /^123456$/m)
  assert.match(message.html ?? '', /<b [^>]*>123456<\/b>/)
  assert.match(message.messageId ?? '', /^<[0-9a-f-]{36}@example\.com>$/)
  assert.deepEqual(
    message.attachments.map(({ filename, mimeType, contentId }) => [filename, mimeType, contentId]),
    [['logo-gray.png', 'image/png', '<logo-gray.png>']],
  )
  assert.match(letter.source, /^Auto-Submitted: auto-generated/m)
})

test('where images are not to come along, the letter says where they are', async () => {
  await using server = await startMailServer()
  await using mailer = startMailer(mailSettings({ port: server.port }, { embedsImages: false }))
  await mailer.send('alice@example.org', 'welcome', {})
  const { html, attachments } = server.delivered[0]!.message
  assert.match(html ?? '', /src="https:\/\/vault\.example\.com\/vw_static\/logo-gray\.png"/)
  assert.deepEqual(attachments, [])
})

for (const security of ['starttls', 'force_tls'] as const) {
  test(`with ${security} a letter travels encrypted, and only to a server that proves its name`, async () => {
    const { folder, issue } = await certificates()
    await using _ = folder
    const certificate = await issue(['localhost'])
    const other = await issue(['mail.example.com'])
    const secure = security === 'force_tls'
    await using server = await startMailServer({ secure, key: certificate.key, cert: certificate.cert })
    await using misnamed = await startMailServer({ secure, key: other.key, cert: other.cert })
    const send = async (port: number, accepts: object) => {
      await using mailer = startMailer(mailSettings({ port, security, ...accepts }))
      await mailer.send('alice@example.org', 'welcome', {})
    }
    // Nobody knows the authority, so without further ado the certificate is not good.
    await assert.rejects(send(server.port, {}), /certificate/)
    await assert.rejects(send(misnamed.port, { acceptsInvalidHostnames: true }), /certificate/)
    await send(server.port, { acceptsInvalidCertificates: true })
    await send(misnamed.port, { acceptsInvalidCertificates: true, acceptsInvalidHostnames: true })
    assert.deepEqual(
      [...server.delivered, ...misnamed.delivered].map(({ isEncrypted }) => isEncrypted),
      [true, true],
    )
  })
}

test('a server that offers no STARTTLS is told nothing where it is required', async () => {
  await using server = await startMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
  await using mailer = startMailer(mailSettings({ port: server.port, security: 'starttls', ...LOGIN }))
  await assert.rejects(mailer.send('alice@example.org', 'welcome', {}))
  assert.deepEqual(server.delivered, [])
})

test('where TLS is off it is not begun, even if it is offered', async () => {
  await using server = await startMailServer()
  await using mailer = startMailer(mailSettings({ port: server.port }))
  await mailer.send('alice@example.org', 'welcome', {})
  assert.equal(server.delivered[0]?.isEncrypted, false)
})

for (const [wanted, offered, chosen] of [
  [[], ['PLAIN', 'LOGIN'], 'PLAIN'],
  [['login', 'plain'], ['PLAIN', 'LOGIN'], 'LOGIN'],
  [['xoauth2', 'plain'], ['PLAIN', 'LOGIN'], 'PLAIN'],
  [['xoauth2'], ['PLAIN', 'XOAUTH2'], 'XOAUTH2'],
] as const) {
  test(`of ${offered} it logs in by ${chosen} when the setting is "${wanted}"`, async () => {
    await using server = await startMailServer({ authMethods: [...offered] })
    await using mailer = startMailer(mailSettings({ port: server.port, ...LOGIN, authMechanisms: wanted }))
    await mailer.send('alice@example.org', 'welcome', {})
    assert.equal(server.delivered[0]?.mechanism, chosen)
  })
}

test('a login that fails, and a mechanism that is not offered, are errors without the password', async () => {
  await using server = await startMailServer({ authMethods: ['PLAIN'] })
  for (const authMechanisms of [[], ['plain'], ['login']] as const) {
    const settings = mailSettings({ port: server.port, username: 'belfry', password: 'not-this-one', authMechanisms })
    await using mailer = startMailer(settings)
    await assert.rejects(mailer.send('alice@example.org', 'welcome', {}), ({ message }: Error) => {
      assert.match(message, authMechanisms[0] === 'login' ? /none of the mechanisms login/ : /who are you/)
      return !message.includes('not-this-one')
    })
  }
})

test('what is said is logged where that is asked for, without passwords and what is in the letter', async () => {
  await using server = await startMailServer()
  for (const authMechanisms of [[], ['login'], ['plain']] as const) {
    await using mailer = startMailer(mailSettings({ port: server.port, debug: true, ...LOGIN, authMechanisms }))
    await mailer.send('alice@example.org', 'protected_action', { token: '987654' })
    const log = mailer.lines.join('\n')
    assert.match(log, /RCPT TO:<alice@example\.org>/)
    const secrets = ['mail-secret', Buffer.from('mail-secret').toString('base64'), '987654']
    for (const secret of [...secrets, Buffer.from('\0belfry\0mail-secret').toString('base64')]) {
      assert.ok(!log.includes(secret), `${secret} is in the log`)
    }
  }
})

test('a recipient that the server refuses is an error that says so', async () => {
  await using server = await startMailServer({
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such user'), { responseCode: 550 })),
  })
  await using mailer = startMailer(mailSettings({ port: server.port }))
  await assert.rejects(mailer.send('alice@example.org', 'welcome', {}), /no such user/)
})

test('nothing but one address is sent to', async () => {
  await using server = await startMailServer()
  await using mailer = startMailer(mailSettings({ port: server.port }))
  for (const to of ['a@example.com, b@example.com', 'a@example.com\r\nBcc: b@example.com', 'A <a@example.com>', 'a']) {
    await assert.rejects(mailer.send(to, 'welcome', {}))
  }
  assert.equal(server.delivered.length, 0)
})

test('a domain of another script is written in ASCII', async () => {
  await using server = await startMailServer()
  await using mailer = startMailer(mailSettings({ port: server.port, debug: true }))
  await mailer.send('alice@bücher.example', 'welcome', {})
  assert.match(server.delivered[0]?.source ?? '', /^To: alice@xn--bcher-kva\.example\r$/m)
  assert.match(mailer.lines.join('\n'), /RCPT TO:<alice@xn--bcher-kva\.example>/)
})

test('a server that says nothing costs a letter the timeout and no more, also one that waits for its turn', async () => {
  let connections = 0
  const silent = createServer(() => connections++).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  await using mailer = startMailer(mailSettings({ port, timeoutMs: 300 }))
  const began = performance.now()
  const sent = await Promise.allSettled(
    Array.from({ length: 30 }, () => mailer.send('alice@example.org', 'welcome', {})),
  )
  const tookMs = performance.now() - began
  silent.close()
  assert.ok(sent.every(({ status }) => status === 'rejected'))
  assert.match(String((sent[29] as PromiseRejectedResult).reason), /not taken within 0.3 s/)
  assert.ok(tookMs < 5000, `took ${tookMs} ms`)
  assert.ok(connections <= 8, `${connections} connections`)
})

test('a server that answers slowly, a byte at a time, is given up as well', async () => {
  const dribbling = createServer((socket) => {
    const timer = setInterval(() => socket.write('2'), 20)
    socket.on('close', () => clearInterval(timer)).on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(dribbling, 'listening')
  const { port } = dribbling.address() as { port: number }
  await using mailer = startMailer(mailSettings({ port, timeoutMs: 300 }))
  await assert.rejects(mailer.send('alice@example.org', 'welcome', {}), /not taken within 0.3 s/)
  dribbling.close()
})

test('a mailer that is closed finishes what it has and takes nothing more', async () => {
  await using server = await startMailServer()
  const mailer = startMailer(mailSettings({ port: server.port }))
  const letters = Array.from({ length: 20 }, () => mailer.send('alice@example.org', 'welcome', {}))
  await new Promise((resolve) => setImmediate(resolve))
  await Promise.all([mailer.close(), ...letters])
  assert.equal(server.delivered.length, 20)
  await assert.rejects(mailer.send('alice@example.org', 'welcome', {}), /closed/)
})

test('what a silent server has not taken can be given up, also what waits and what comes later', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const mailer = startMailer(mailSettings({ port, timeoutMs: 60_000 }))
  const letters = Array.from({ length: 20 }, () => mailer.send('alice@example.org', 'welcome', {}))
  const sent = Promise.allSettled(letters)
  await once(silent, 'connection')
  mailer.giveUp()
  const answers = [...(await sent), ...(await Promise.allSettled([mailer.send('alice@example.org', 'welcome', {})]))]
  for (const answer of answers) assert.match(String((answer as PromiseRejectedResult).reason), /the server closes/)
  await mailer.close()
  silent.close()
})
