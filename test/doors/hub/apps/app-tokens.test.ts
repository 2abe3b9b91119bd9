import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { SignJWT } from 'jose'
import { AppTokens } from '#doors/hub'
import { FakeClock } from '../../../helpers/fake-clock.ts'

const KEY = 'the-first-key-of-the-hub-of-32-characters'
const NEW_KEY = 'the-second-key-of-the-hub-of-32-characters'
const FOREIGN_KEY = 'the-key-of-another-hub-with-32-characters'

const clock = new FakeClock()
const nowSeconds = Math.floor(clock.now() / 1000)
const tokens = new AppTokens({ hub: 'chat', keys: [NEW_KEY, KEY], clock })
const GOOD = { sub: 'bob', exp: nowSeconds + 60 }
const MANY_GROUPS = Array.from({ length: 128 }, (_, i) => `g${i}`)

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signedWithRsa = await new SignJWT(GOOD).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)

/** A JWT as anybody may write it. */
function jwt(claims: object, { key = KEY, header = { alg: 'HS256', typ: 'JWT' } as object } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

describe('the token of a client', () => {
  for (const [name, claims, expected] of [
    ['a user', {}, { user: 'bob', groups: [] }],
    ['a user by nameid', { sub: undefined, nameid: 'bob@example.com' }, { user: 'bob@example.com', groups: [] }],
    ['groups, each once', { groups: ['a', 'team.b', 'a'] }, { user: 'bob', groups: ['a', 'team.b'] }],
    ['as many groups as there may be', { groups: MANY_GROUPS }, { user: 'bob', groups: MANY_GROUPS }],
    ['this audience', { aud: 'chat' }, { user: 'bob', groups: [] }],
    ['this audience as a URL', { aud: 'https://example.com/hubs/chat' }, { user: 'bob', groups: [] }],
    ['this audience among others', { aud: ['x', 'https://example.com/hubs/chat?a=b'] }, { user: 'bob', groups: [] }],
    ['a time from which it is good', { nbf: nowSeconds - 60 }, { user: 'bob', groups: [] }],
    ['a role of the application', { role: 'admin' }, { user: 'bob', groups: [] }],
    ['a name in other letters', { sub: 'žofie' }, { user: 'žofie', groups: [] }],
  ] as const) {
    test(`says ${name}`, async () => {
      const { expiresAtMs, ...client } = (await tokens.client(jwt({ ...GOOD, ...claims })))!
      assert.deepEqual(client, expected)
      assert.equal(expiresAtMs, (GOOD.exp + 30) * 1000)
    })
  }

  test('may be signed by any of the keys, and by no other', async () => {
    for (const key of [KEY, NEW_KEY]) assert.equal((await tokens.client(jwt(GOOD, { key })))?.user, 'bob')
    assert.equal(await tokens.client(jwt(GOOD, { key: FOREIGN_KEY })), undefined)
  })

  test('that we make ourselves is good, until it expires', async () => {
    const passing = new FakeClock()
    const ours = new AppTokens({ hub: 'chat', keys: [KEY], clock: passing })
    const token = await ours.issueClient({ user: 'bob', groups: ['a'] }, 60)
    assert.deepEqual((await ours.client(token))?.groups, ['a'])
    const other = new AppTokens({ hub: 'mail', keys: [KEY], clock: passing })
    assert.equal(await other.client(token), undefined, 'not for a hub with the same key')
    passing.advance(60_000 + 31_000)
    assert.equal(await ours.client(token), undefined)
  })

  const withoutExpiry = { sub: 'bob' }
  const [header, body, signature] = jwt(GOOD).split('.') as [string, string, string]
  for (const [name, token] of [
    ['is no JWT', 'bob'],
    ['is a key', KEY],
    ['is empty', ''],
    ['has no expiry', jwt(withoutExpiry)],
    ['has a text for an expiry', jwt({ ...GOOD, exp: `${GOOD.exp}` })],
    ['has expired', jwt({ ...GOOD, exp: nowSeconds - 31 })],
    ['is not good yet', jwt({ ...GOOD, nbf: nowSeconds + 60 })],
    ['names another hub', jwt({ ...GOOD, aud: 'mail' })],
    ['names another hub by a URL', jwt({ ...GOOD, aud: 'https://example.com/chat/mail' })],
    ['has objects for an audience', jwt({ ...GOOD, aud: [{ toString: 'chat' }] })],
    ['has no user', jwt({ exp: GOOD.exp })],
    ['has an empty user', jwt({ ...GOOD, sub: '' })],
    ['has a number for a user', jwt({ ...GOOD, sub: 7 })],
    ['has a wildcard for a user', jwt({ ...GOOD, sub: '*' })],
    ['has a user that ends in a wildcard', jwt({ ...GOOD, sub: 'bob.>' })],
    ['has a user with a space', jwt({ ...GOOD, sub: 'bob x' })],
    ['has a user with a line break', jwt({ ...GOOD, sub: 'bob\r\nPUB x 0' })],
    ['has a user with an empty part', jwt({ ...GOOD, sub: 'bob..x' })],
    ['has a user that begins with a dot', jwt({ ...GOOD, sub: '.bob' })],
    ['has a user that is too long', jwt({ ...GOOD, sub: 'ž'.repeat(129) })],
    ['has a group with a wildcard', jwt({ ...GOOD, groups: ['a', 'b.*'] })],
    ['has a text for groups', jwt({ ...GOOD, groups: 'a' })],
    ['has too many groups', jwt({ ...GOOD, groups: [...MANY_GROUPS, 'one-more'] })],
    ['is that of a publisher', jwt({ ...GOOD, role: 'publisher' })],
    ['is not signed', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`],
    ['says that it is not signed', jwt(GOOD, { header: { alg: 'none' } })],
    ['says that it is signed otherwise', jwt(GOOD, { header: { alg: 'HS512' } })],
    ['needs what nobody knows', jwt(GOOD, { header: { alg: 'HS256', crit: ['x'], x: 1 } })],
    ['has a cut signature', `${header}.${body}.${signature.slice(0, -4)}`],
    ['has the body of another', `${header}.${jwt({ ...GOOD, sub: 'eve' }).split('.')[1]}.${signature}`],
    ['is signed with RSA', signedWithRsa],
  ] as const) {
    test(`is refused when it ${name}`, async () => assert.equal(await tokens.client(token), undefined))
  }
})

describe('who may publish', () => {
  test('is who has a key, or a token with the role and without a user', async () => {
    for (const good of [
      KEY,
      NEW_KEY,
      jwt({ role: 'publisher', exp: GOOD.exp }),
      jwt({ role: 'publisher', exp: GOOD.exp, aud: 'https://example.com/hubs/chat' }),
      await tokens.issuePublisher(60),
    ]) {
      assert.equal(await tokens.mayPublish(good), true)
    }
  })

  for (const [name, token] of [
    ['a client', jwt(GOOD)],
    ['a client of that role', jwt({ ...GOOD, role: 'publisher' })],
    ['a client by nameid of that role', jwt({ nameid: 'bob', exp: GOOD.exp, role: 'publisher' })],
    ['a token of other roles as well', jwt({ exp: GOOD.exp, role: ['publisher', 'x'] })],
    ['a token without an expiry', jwt({ role: 'publisher' })],
    ['an expired token', jwt({ role: 'publisher', exp: nowSeconds - 31 })],
    ['a token for another hub', jwt({ role: 'publisher', exp: GOOD.exp, aud: 'mail' })],
    ['a token of another key', jwt({ role: 'publisher', exp: GOOD.exp }, { key: FOREIGN_KEY })],
    ['another key', FOREIGN_KEY],
    ['the beginning of a key', KEY.slice(0, -1)],
    ['nothing', ''],
  ] as const) {
    test(`is not ${name}`, async () => assert.equal(await tokens.mayPublish(token), false))
  }

  test('is nobody where there are no keys', async () => {
    const keyless = new AppTokens({ hub: 'chat', keys: [], clock })
    assert.equal(await keyless.mayPublish(''), false)
    assert.equal(await keyless.client(jwt(GOOD)), undefined)
    await assert.rejects(keyless.issueClient({ user: 'bob', groups: [] }, 60), /no key/)
  })
})
