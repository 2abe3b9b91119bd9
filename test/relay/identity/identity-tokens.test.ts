import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { exportSPKI, SignJWT } from 'jose'
import { type LogFields, type Logger, silentLogger } from '#kit'
import { IdentityTokens } from '../../../src/relay/identity/identity-tokens.ts'
import { IssuerSource } from '../../../src/relay/identity/issuer.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { newKey, Provider, sendJson } from './provider.ts'

const USER = '11111111-1111-4111-8111-111111111111'
const CLAIMS = { sub: USER, scope: ['api'], amr: ['Application'] }

/** Checks tokens of `provider` as of now. */
function checker(provider: Pick<Provider, 'authority'>, logger: Logger = silentLogger) {
  const clock = new FakeClock(Date.now())
  const issuer = new IssuerSource({ authority: provider.authority, clock, logger })
  const tokens = new IdentityTokens({ issuer, clock })
  return { clock, verify: (token: string) => tokens.verify(token) }
}

const DOCUMENTS = ['/.well-known/openid-configuration', '/.well-known/openid-configuration/jwks']

test('a token of the service is taken for what it says, and the service is asked once', async () => {
  await using provider = await Provider.start()
  const { verify } = checker(provider)
  const token = await provider.token({ ...CLAIMS, device: 'phone' })
  const [first, second] = await Promise.all([verify(token), verify(token)])
  assert.equal(first?.sub, USER)
  assert.equal(second?.device, 'phone')
  assert.equal((await verify(token))?.sub, USER)
  assert.deepEqual(provider.asked, DOCUMENTS)
})

describe('refused is', () => {
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  const wrong: [what: string, token: (provider: Provider) => Promise<string>][] = [
    ['a token of another issuer', (provider) => provider.token({ ...CLAIMS, iss: 'http://127.0.0.2' })],
    // The authority is where it is asked, not its name.
    ['a token of the address it is asked at', (provider) => provider.token({ ...CLAIMS, iss: provider.authority })],
    ['a token without an issuer', (provider) => provider.token({ ...CLAIMS, iss: undefined })],
    ['one of another type', (provider) => provider.token(CLAIMS, { typ: 'JWT' })],
    ['one of no type', (provider) => provider.token(CLAIMS, { typ: undefined })],
    ['one signed by another key under the same name', async (p) => p.token(CLAIMS, {}, await newKey('first'))],
    ['one of a key nobody knows', async (provider) => provider.token(CLAIMS, {}, await newKey('second'))],
    ['one that is over', (provider) => provider.token({ ...CLAIMS, exp: nowSeconds() - 301 })],
    ['one that has not begun', (provider) => provider.token({ ...CLAIMS, nbf: nowSeconds() + 330 })],
    ['one that never ends', (provider) => provider.token({ ...CLAIMS, exp: undefined })],
    ['one of nobody', (provider) => provider.token({ ...CLAIMS, sub: undefined })],
    ['one that is cut off', async (provider) => (await provider.token(CLAIMS)).slice(0, -2)],
    ['one with a part too many', async (provider) => `${await provider.token(CLAIMS)}.e30`],
    ['one that is too long', (provider) => provider.token({ ...CLAIMS, filling: 'x'.repeat(16_384) })],
    [
      'one with the algorithm none',
      async (provider) => {
        const [, payload] = (await provider.token(CLAIMS)).split('.')
        const header = { alg: 'none', typ: 'at+jwt', kid: 'first' }
        return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.`
      },
    ],
    [
      'one signed with the public key as a secret',
      async (provider) => {
        const secret = Buffer.from(await exportSPKI(provider.keys[0]!.publicKey))
        const claims = { iss: provider.issuer, exp: nowSeconds() + 3600, ...CLAIMS }
        return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'first' }).sign(secret)
      },
    ],
    ['what is no token', async () => 'x'],
    ['nothing', async () => ''],
  ]
  for (const [what, make] of wrong) {
    test(what, async () => {
      await using provider = await Provider.start()
      const { verify } = checker(provider)
      assert.equal((await verify(await provider.token(CLAIMS)))?.sub, USER)
      assert.equal(await verify(await make(provider)), undefined)
    })
  }
})

test('the clocks of both may differ by five minutes', async () => {
  await using provider = await Provider.start()
  const { clock, verify } = checker(provider)
  const token = await provider.token(CLAIMS)
  clock.advance((3600 + 290) * 1000)
  assert.equal((await verify(token))?.sub, USER)
  clock.advance(20_000)
  assert.equal(await verify(token), undefined)
})

test('a new key is asked for when a token comes that it has signed, but invented keys only now and then', async () => {
  await using provider = await Provider.start()
  const { clock, verify } = checker(provider)
  await verify(await provider.token(CLAIMS))
  provider.keys = [await newKey('second')]
  const token = await provider.token(CLAIMS)
  assert.equal(await verify(token), undefined)
  clock.advance(30_000)
  assert.equal((await verify(token))?.sub, USER)
  assert.equal(provider.asked.length, 4)

  clock.advance(29_000)
  const invented = await provider.token(CLAIMS, {}, await newKey('third'))
  await Promise.all(Array.from({ length: 20 }, () => verify(invented)))
  assert.equal(provider.asked.length, 4)
  clock.advance(1_000)
  await Promise.all(Array.from({ length: 20 }, () => verify(invented)))
  assert.equal(provider.asked.length, 6)
})

test('for a token that cannot be one of the service nobody is asked', async () => {
  await using provider = await Provider.start()
  const { verify } = checker(provider)
  await verify(await provider.token(CLAIMS, { typ: 'JWT' }))
  await verify('x.y.z')
  assert.deepEqual(provider.asked, [])
})

test('a key that the service has given up is good for an hour more at most', async () => {
  await using provider = await Provider.start()
  const { clock, verify } = checker(provider)
  const token = await provider.token({ ...CLAIMS, exp: Math.floor(Date.now() / 1000) + 86_400 })
  assert.equal((await verify(token))?.sub, USER)
  provider.keys = [await newKey('second')]
  clock.advance(3_599_000)
  assert.equal((await verify(token))?.sub, USER)
  clock.advance(1_000)
  assert.equal(await verify(token), undefined)
})

test('while the service does not answer, what is known of it counts', async () => {
  await using provider = await Provider.start()
  const { clock, verify } = checker(provider)
  const token = await provider.token({ ...CLAIMS, exp: Math.floor(Date.now() / 1000) + 86_400 })
  await verify(token)
  provider.answer = (response) => response.writeHead(503).end()
  clock.advance(7_200_000)
  assert.equal((await verify(token))?.sub, USER)
  assert.equal((await verify(token))?.sub, USER)
  // Once: the second token came within a second.
  assert.equal(provider.asked.length, 3)
})

describe('a service that cannot be understood is a fault, not a bad token:', () => {
  const answers: [what: string, answer: NonNullable<Provider['answer']>, reason: RegExp][] = [
    ['503', (response) => response.writeHead(503).end(), /answers 503/],
    ['not JSON', (response) => response.end('<html>'), /JSON/],
    ['no object', (response) => sendJson(response, null), /no object/],
    ['no issuer', (response) => sendJson(response, { jwks_uri: 'http://127.0.0.1:1/' }), /names no issuer/],
    ['no keys', (response) => sendJson(response, { issuer: 'x' }), /no jwks_uri/],
    ['keys in a file', (response) => sendJson(response, { issuer: 'x', jwks_uri: 'file:///etc/passwd' }), /no https/],
    ['a redirect', (response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(), /redirect/],
    ['far too much', (response) => response.end(Buffer.alloc(300 * 1024, 0x20)), /more than 262144 bytes/],
    [
      'keys that are none',
      (response, path) =>
        sendJson(response, { issuer: 'x', jwks_uri: `http://${response.req.headers.host}${path}`, keys: 'none' }),
      /./,
    ],
    ['nothing but the end', (response) => response.destroy(), /fetch failed/],
  ]
  for (const [what, answer, reason] of answers) {
    test(what, async () => {
      await using provider = await Provider.start()
      const log: string[] = []
      const warn = (fields: LogFields) => void log.push(String(fields.reason))
      const { clock, verify } = checker(provider, { ...silentLogger, warn })
      provider.answer = answer
      const token = await provider.token(CLAIMS)
      await assert.rejects(verify(token), /it does not answer/)
      await assert.rejects(verify(token), /it does not answer/)
      assert.equal(log.length, 1)
      assert.match(log[0]!, reason)
      // And it comes back by itself.
      provider.answer = undefined
      clock.advance(1_000)
      assert.equal((await verify(token))?.sub, USER)
    })
  }

  test('nobody there', async () => {
    const provider = await Provider.start()
    await provider[Symbol.asyncDispose]()
    await assert.rejects(checker(provider).verify(await provider.token(CLAIMS)), /it does not answer/)
  })
})
