/** Which tokens open the hub of the users: made by hand, each with one thing wrong, at every way in. */
import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { within } from '../helpers/wait.ts'

type Claims = Record<string, unknown>

const HUB = '/notifications/hub'
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

let server: TestServer
let device: TestDevice
let key: KeyObject
before(async () => {
  server = await startTestServer()
  device = await registerAndLogin({ server: server.webUrl })
  key = createPrivateKey(await readFile(path.join(server.dataFolder, 'rsa_key.pem')))
})
after(() => server.close())

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow

/** The claims of the device's own token. */
function claims(): Claims {
  return JSON.parse(Buffer.from(device.accessToken.split('.')[1]!, 'base64url').toString())
}

function signed(content: Claims, { header = { typ: 'JWT', alg: 'RS256' }, by = key } = {}): string {
  const input = `${base64(header)}.${base64(content)}`
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), by).toString('base64url')}`
}

/** Signed with the public key as a secret, which everybody may know. */
function signedWithPublicKey(): string {
  const input = `${base64({ typ: 'JWT', alg: 'HS256' })}.${base64(claims())}`
  const secret = createPublicKey(key).export({ type: 'spki', format: 'pem' })
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

const ways: Record<string, (token: string) => Promise<Answer>> = {
  'an upgrade with the token in the query': (token) =>
    ask('GET', `${HUB}?access_token=${encodeURIComponent(token)}`, UPGRADE),
  'an upgrade with the token in the header': (token) =>
    ask('GET', HUB, { ...UPGRADE, Authorization: `Bearer ${token}` }),
  'a negotiation': (token) => ask('POST', `${HUB}/negotiate?negotiateVersion=1`, { Authorization: `Bearer ${token}` }),
}

async function ask(method: string, target: string, headers: Record<string, string>): Promise<Answer> {
  const asking = request(server.webUrl + target, { method, headers })
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  asking.on('error', reject)
  asking.on('upgrade', (response, socket) => {
    socket.destroy()
    resolve({ status: response.statusCode, body: '' })
  })
  asking.on('response', (response: IncomingMessage) => {
    text(response).then((body) => resolve({ status: response.statusCode, body }), reject)
  })
  asking.end()
  return within(promise, 'an answer')
}

const good: Record<string, () => string> = {
  'as it was issued': () => device.accessToken,
  'made by hand': () => signed(claims()),
  'that expired within the leeway of 30 seconds': () => signed({ ...claims(), exp: seconds(-10) }),
}

const bad: Record<string, () => string> = {
  'that has expired': () => signed({ ...claims(), exp: seconds(-60) }),
  'that is not valid yet': () => signed({ ...claims(), nbf: seconds(60) }),
  'that never expires': () => signed({ ...claims(), exp: undefined }),
  'signed by another key': () =>
    signed(claims(), { by: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }),
  'whose claims were changed': () => {
    const [header, , signature] = device.accessToken.split('.')
    return [header, base64({ ...claims(), name: 'Mallory' }), signature].join('.')
  },
  'without a signature': () => `${base64({ typ: 'JWT', alg: 'none' })}.${base64(claims())}.`,
  'signed with the public key as a secret': signedWithPublicKey,
  'of another origin': () => signed({ ...claims(), iss: 'https://elsewhere.example|login' }),
  'for something else': () => signed({ ...claims(), iss: String(claims().iss).replace('|login', '|invite') }),
  'that is for refreshing': () => device.token.refresh_token,
  'that is for registering': () =>
    signed({
      nbf: seconds(0),
      exp: seconds(60),
      iss: String(claims().iss).replace('|login', '|register_verify'),
      sub: device.email,
      name: null,
      verified: true,
    }),
  'of another security stamp': () => signed({ ...claims(), sstamp: crypto.randomUUID() }),
  'of an unknown device': () => signed({ ...claims(), device: crypto.randomUUID() }),
  'of an unknown user': () => signed({ ...claims(), sub: crypto.randomUUID() }),
  'cut short': () => device.accessToken.slice(0, -10),
  'that is none': () => 'secret',
}

for (const [way, come] of Object.entries(ways)) {
  for (const [what, make] of Object.entries(good)) {
    test(`${way}, ${what}, is let in`, async () => {
      const { status } = await come(make())
      assert.equal(status, way === 'a negotiation' ? 200 : 101)
    })
  }

  for (const [what, make] of Object.entries(bad)) {
    test(`${way}, ${what}, is refused without a word of why`, async () => {
      const answer = await come(make())
      assert.equal(answer.status, 401)
      assert.equal(JSON.parse(answer.body).message, 'Invalid token')
      assert.equal(answer.body, (await come('x')).body)
    })
  }

  test(`${way}, which is empty, is refused`, async () => {
    const { status, body } = await come('')
    assert.deepEqual([status, JSON.parse(body).message], [401, 'Invalid claim'])
  })
}
