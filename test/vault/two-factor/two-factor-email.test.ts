import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'
import { logInAgain, setUpApp, withCode } from './second-factor.ts'

let vault: TestVault
before(async () => {
  vault = await startVault({ sendsMail: true })
})
after(() => vault[Symbol.asyncDispose]())

const secretOf = ({ passwordHash }: TestDevice) => ({ masterPasswordHash: passwordHash })
const codesFor = (email: string): string[] =>
  vault.letters.filter(({ to, name }) => to === email && name === 'twofactor_email').map(({ data }) => data.token)
const lastCode = (email: string) => codesFor(email).at(-1)!
/** Six other digits. */
const wrongCode = (code: string) => [...code].map((digit) => (Number(digit) + 1) % 10).join('')

/** Somebody whose codes go to an address of its own. */
async function withEmail() {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const email = `codes-${randomUUID()}@example.com`
  assert.equal((await device.post('/api/two-factor/send-email', { ...secretOf(device), email })).status, 200)
  const body = { ...secretOf(device), email, token: lastCode(email) }
  const { status, json } = await device.put('/api/two-factor/email', body)
  assert.deepEqual([status, json.email], [200, { enabled: true, email }])
  return { device, email }
}
const sendLogin = async (body: Json) =>
  (
    await vault.fetch(`${vault.server}/api/two-factor/send-email-login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  )
    .json()
    .catch(() => undefined) as Promise<Json | undefined>

test('a login is asked for a code by mail with the address half hidden, and the code opens the account', async () => {
  const { device, email } = await withEmail()
  const { json } = await logInAgain(vault, device, { version: '2026.9.0' })
  assert.deepEqual(json.TwoFactorProviders2, { 1: { Email: `co${'*'.repeat(40)}@example.com` } })
  assert.equal(codesFor(email).length, 1)
  assert.equal(
    await sendLogin({ email: device.email, ...secretOf(device), deviceIdentifier: device.deviceId }),
    undefined,
  )
  assert.equal(codesFor(email).length, 2)
  assert.match(lastCode(email), /^\d{6}$/)
  assert.equal((await logInAgain(vault, device, withCode(1, lastCode(email)))).status, 200)
  // It is used up.
  assert.equal((await logInAgain(vault, device, withCode(1, lastCode(email)))).status, 400)
})

for (const [version, isSent] of [
  [undefined, true],
  ['2025.4.2', true],
  ['2025.5.0', false],
  ['2026.9.0', false],
] as const) {
  test(`a client of version ${version} ${isSent ? 'gets a code at once' : 'asks for the code itself'}`, async () => {
    const { device, email } = await withEmail()
    await logInAgain(vault, device, version === undefined ? {} : { version })
    assert.equal(codesFor(email).length, isSent ? 2 : 1)
  })
}

test('no code is sent at once where there is another factor as well', async () => {
  const { device, email } = await withEmail()
  await setUpApp(vault, device)
  const { json } = await logInAgain(vault, device)
  assert.deepEqual(json.TwoFactorProviders, ['0', '1'])
  assert.equal(codesFor(email).length, 1)
})

test('a code is lost by three wrong ones, by its time, and by the next code', async () => {
  const { device, email } = await withEmail()
  const send = async () => {
    await sendLogin({ email: device.email, ...secretOf(device) })
    return lastCode(email)
  }
  const messages: string[] = []
  const lost = await send()
  for (const code of [...Array<string>(3).fill(wrongCode(lost)), lost]) {
    messages.push((await logInAgain(vault, device, withCode(1, code))).json.message)
  }
  assert.deepEqual(messages.slice(0, 3), Array(3).fill('Token is invalid!'))
  assert.match(messages[3]!, /^No token available/)

  const late = await send()
  vault.advance(601_000)
  assert.equal((await logInAgain(vault, device, withCode(1, late))).json.message, 'Token has expired')

  const former = await send()
  const code = await send()
  if (former !== code) assert.equal((await logInAgain(vault, device, withCode(1, former))).status, 400)
  assert.equal((await logInAgain(vault, device, withCode(1, code))).status, 200)
})

test('of two logins with one code at once a single one works', async () => {
  const { device, email } = await withEmail()
  await sendLogin({ email: device.email, ...secretOf(device) })
  const code = withCode(1, lastCode(email))
  const answers = await Promise.all([1, 2, 3].map(() => logInAgain(vault, device, code)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400])
})

test('whoever asks for a code without the password gets the answer that everybody gets', async () => {
  const { device, email } = await withEmail()
  const answers = await Promise.all([
    sendLogin({ email: device.email, masterPasswordHash: 'wrong' }),
    sendLogin({ email: 'nobody@example.com', masterPasswordHash: 'wrong' }),
  ])
  assert.equal(answers[0]?.message, 'Username or password is incorrect. Try again')
  assert.deepEqual(answers[1], answers[0])
  for (const body of [{ email: device.email }, { deviceIdentifier: device.deviceId }, {}]) {
    assert.equal((await sendLogin(body))?.message, 'No password hash has been submitted.')
  }
  const stranger = { authRequestId: randomUUID(), authRequestAccessCode: 'x', deviceIdentifier: device.deviceId }
  assert.match((await sendLogin({ email: device.email, ...stranger }))?.message, /access code is incorrect/)
  assert.equal(codesFor(email).length, 1)
})

test('codes are asked for as rarely as logins', async () => {
  await using strict = await startVault({ sendsMail: true, loginRateLimit: { seconds: 60, maxBurst: 2 } })
  const ask = async () =>
    (
      await strict.fetch(`${strict.server}/api/two-factor/send-email-login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email: 'nobody@example.com', masterPasswordHash: 'x' }),
      })
    ).status
  assert.deepEqual([await ask(), await ask(), await ask()], [400, 400, 429])
})

test('an address that has not proven that it gets codes changes nothing', async () => {
  const { device, email } = await withEmail()
  const other = `other-${randomUUID()}@example.com`
  const put = (email: string, token: string) =>
    device.put('/api/two-factor/email', { ...secretOf(device), email, token })
  assert.match((await put(other, '123456')).json.message, /^No token available/)
  await device.post('/api/two-factor/send-email', { ...secretOf(device), email: other })
  const token = lastCode(other)
  assert.equal((await put(other, wrongCode(token))).status, 400)
  assert.equal((await device.post('/api/two-factor/get-email', secretOf(device))).json.email.email, email)
  // The code is for that address.
  assert.equal((await put(email, token)).status, 400)
  assert.equal((await device.post('/api/two-factor/get-email', secretOf(device))).json.email.email, email)
  await device.post('/api/two-factor/send-email', { ...secretOf(device), email: other })
  assert.equal((await put(other, lastCode(other))).status, 200)
  assert.equal((await device.post('/api/two-factor/get-email', secretOf(device))).json.email.email, other)
})

test('a user has so many letters sent, and only to addresses', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const send = async (email: string) =>
    (await device.post('/api/two-factor/send-email', { ...secretOf(device), email })).status
  assert.equal(await send('no address'), 400)
  const statuses: number[] = []
  for (let round = 0; round < 11; round++) statuses.push(await send(`a${round}-${device.userId}@example.com`))
  assert.equal(statuses.at(0), 200)
  assert.equal(statuses.at(-1), 429)
})

test('where codes by mail are off, nobody is asked for one and none can be set up', async () => {
  await using silent = await startVault()
  const device = await registerAndLogin({ fetch: silent.fetch })
  const { status, json } = await device.post('/api/two-factor/send-email', {
    ...secretOf(device),
    email: 'a@example.com',
  })
  assert.deepEqual([status, json.message], [400, 'Email 2FA is disabled'])
  await silent.sql(
    `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data, last_used) VALUES ('m', '${device.userId}', 1, true,
     '{"email":"a@example.com","last_token":null,"token_sent":1,"attempts":0}', 0)`,
  )
  assert.match((await logInAgain(silent, device)).json.message, /offers none of the two-step login methods/)
})

test('a row of Vaultwarden, with a code that it has sent, opens the account', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const sent = Math.floor(vault.context.clock.now() / 1000)
  await vault.sql(
    `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data, last_used)
     VALUES ('v-${device.userId}', '${device.userId}', 1, true,
     '{"email":"bob@example.com","last_token":"012345","token_sent":${sent},"attempts":0}', 0)`,
  )
  const asked = await logInAgain(vault, device, { version: '2026.9.0' })
  assert.deepEqual(asked.json.TwoFactorProviders2, { 1: { Email: '***@example.com' } })
  assert.equal((await logInAgain(vault, device, withCode(1, '012345'))).status, 200)
})

test('codes stand in no log, also when they cannot be sent', async () => {
  const { device, email } = await withEmail()
  const mailer = vault.context.mailer!
  const { send } = mailer
  let code = ''
  mailer.send = async (_to, _name, data) => {
    code = (data as Json).token
    throw new Error('no route to host')
  }
  const failed = await sendLogin({ email: device.email, ...secretOf(device) })
  mailer.send = send
  assert.match(failed?.message, /could not be sent/)
  const log = JSON.stringify([vault.logged, failed])
  for (const secret of [code, lastCode(email)]) assert.ok(secret.length === 6 && !log.includes(`"${secret}"`))
})
