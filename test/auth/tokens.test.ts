import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { Tokens } from '#auth'
import { type Clock, ConfigError, systemClock } from '#kit'
import { aDevice, aUser } from './rows.ts'

const folder = await mkdtemp(join(tmpdir(), 'belfry-auth-'))
after(() => rm(folder, { recursive: true }))
const keyFile = join(folder, 'rsa_key.pem')
const origin = 'https://vault.example.com'
const START = Date.parse('2026-01-02T03:04:05Z')
const GRANT = { clientId: 'cli', scope: ['api', 'offline_access'] }

let now = START
const clock: Clock = { ...systemClock, now: () => now }
const tokens = await Tokens.load({ keyFile, origin, clock })
const user = aUser()
const device = aDevice(user.id)

test('the key is made once, readable by its owner only, in the form Vaultwarden reads', async () => {
  const pem = await readFile(keyFile, 'utf8')
  assert.match(pem, /^-----BEGIN RSA PRIVATE KEY-----/)
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600)
  await Tokens.load({ keyFile, origin, clock })
  assert.equal(await readFile(keyFile, 'utf8'), pem)
})

test('an access token carries the claims of Vaultwarden and nothing else', async () => {
  now = START
  const { token, expiresInSeconds } = await tokens.issueAccess(user, device, GRANT)
  assert.equal(expiresInSeconds, 7200)
  assert.deepEqual(decodeProtectedHeader(token), { typ: 'JWT', alg: 'RS256' })
  assert.deepEqual(decodeJwt(token), {
    nbf: START / 1000,
    exp: START / 1000 + 7200,
    iss: 'https://vault.example.com|login',
    sub: user.id,
    premium: true,
    name: 'Alice',
    email: 'alice@example.com',
    email_verified: true,
    sstamp: user.securityStamp,
    device: device.id,
    devicetype: 'Linux CLI',
    client_id: 'cli',
    scope: ['api', 'offline_access'],
    amr: ['Application'],
  })
})

test('a token is good until 30 seconds after its end and from 30 seconds before its beginning', async () => {
  now = START
  const { token } = await tokens.issueAccess(user, device, GRANT)
  const isGoodAt = async (offsetSeconds: number) => {
    now = START + offsetSeconds * 1000
    return (await tokens.verifyAccess(token)) !== undefined
  }
  assert.equal(await isGoodAt(-31), false)
  assert.equal(await isGoodAt(-29), true)
  assert.equal(await isGoodAt(7229), true)
  assert.equal(await isGoodAt(7231), false)
})

test('white space in a token is ignored', async () => {
  now = START
  const { token } = await tokens.issueAccess(user, device, GRANT)
  assert.equal((await tokens.verifyAccess(` ${token.slice(0, 40)}\n${token.slice(40)} `))?.sub, user.id)
})

test('a token of one kind is not taken for another', async () => {
  now = START
  const { token } = await tokens.issueAccess(user, device, GRANT)
  const refresh = await tokens.issueRefresh(device)
  const register = await tokens.issueRegister({ sub: 'alice@example.com', name: 'Alice', verified: false })
  assert.equal(await tokens.verifyRefresh(token), undefined)
  assert.equal(await tokens.verifyAccess(refresh), undefined)
  assert.equal(await tokens.verifyAccess(register), undefined)
  assert.equal((await tokens.verifyRefresh(refresh))?.device_token, device.refreshToken)
  assert.deepEqual(await tokens.verifyRegister(register), { sub: 'alice@example.com', name: 'Alice', verified: false })
})

test('refresh tokens of phones live 90 days, others 30', async () => {
  now = START
  const phone = decodeJwt(await tokens.issueRefresh(aDevice(user.id, { type: 1 })))
  const laptop = decodeJwt(await tokens.issueRefresh(device))
  assert.deepEqual([phone.exp! - phone.nbf!, laptop.exp! - laptop.nbf!], [90 * 86_400, 30 * 86_400])
  assert.deepEqual([laptop.sub, laptop.token], ['password', null])
})

test('a token of another origin, another key, another algorithm or none is refused', async () => {
  now = START
  const { token } = await tokens.issueAccess(user, device, GRANT)
  const moved = await Tokens.load({ keyFile, origin: 'https://other.example.com', clock })
  const foreign = await Tokens.load({ keyFile: join(folder, 'other.pem'), origin, clock })
  assert.equal(await moved.verifyAccess(token), undefined)
  assert.equal(await foreign.verifyAccess(token), undefined)
  const [, payload] = token.split('.')
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  for (const broken of ['', 'x', 'a.b.c', unsigned, `${token}x`]) {
    assert.equal(await tokens.verifyAccess(broken), undefined)
  }
})

test('a key in PKCS#8 is used as well', async () => {
  const file = join(folder, 'pkcs8.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const loaded = await Tokens.load({ keyFile: file, origin, clock })
  now = START
  const { token } = await loaded.issueAccess(user, device, GRANT)
  assert.equal((await loaded.verifyAccess(token))?.device, device.id)
})

test('a key file that cannot be used ends the start with a line that names it', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  for (const [name, content] of [
    ['garbage.pem', 'not a key'],
    ['ec.pem', ec],
  ] as const) {
    const file = join(folder, name)
    await writeFile(file, content)
    await assertNames(file)
  }
  await assertNames(join(folder, 'missing-folder', 'rsa_key.pem'))
  await assertNames(folder)
})

async function assertNames(file: string): Promise<void> {
  await assert.rejects(Tokens.load({ keyFile: file, origin, clock }), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.ok(error.message.includes(`"${file}"`), error.message)
    return true
  })
}
