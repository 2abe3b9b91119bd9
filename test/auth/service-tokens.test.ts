import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { ServiceTokens, Tokens } from '#auth'
import { FakeClock } from '../helpers/fake-clock.ts'
import { sampleDevice, sampleUser } from '../store/samples.ts'

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ORIGIN = 'https://vault.example.com'
const INSTALLATION = '11111111-1111-4111-8111-111111111111'
const PUSH = { sub: INSTALLATION, scope: 'api.push' } as const

function world() {
  const clock = new FakeClock()
  return { clock, tokens: new ServiceTokens(key, ORIGIN, clock) }
}

test('a token says for a day which server it is and what that may do', async () => {
  const { clock, tokens } = world()
  const internal = { sub: 'Api', scope: 'internal' } as const
  const [push, send] = [await tokens.issue(PUSH), await tokens.issue(internal)]
  assert.equal(push.expiresInSeconds, 86_400)
  clock.advance((86_400 + 29) * 1000)
  assert.deepEqual(await tokens.verify(push.token), PUSH)
  assert.deepEqual(await tokens.verify(send.token), internal)
  clock.advance(2000)
  assert.equal(await tokens.verify(push.token), undefined)
})

test('a token of another server, another key or no token at all is none', async () => {
  const { clock, tokens } = world()
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { token } = await tokens.issue(PUSH)
  for (const wrong of [
    (await new ServiceTokens(key, 'https://other.example.com', clock).issue(PUSH)).token,
    (await new ServiceTokens(other, ORIGIN, clock).issue(PUSH)).token,
    `${token.slice(0, -4)}AAAA`,
    `${btoa('{"alg":"none"}')}.${token.split('.')[1]}.`,
    'token',
    '',
  ]) {
    assert.equal(await tokens.verify(wrong), undefined, wrong)
  }
})

test('what users and what servers are given are not taken for each other', async () => {
  const { clock, tokens } = world()
  const sessions = new Tokens(key, ORIGIN, clock)
  const user = sampleUser()
  const { token } = await sessions.issueAccess(user, sampleDevice(user.id), { clientId: 'web', scope: ['api'] })
  assert.equal(await tokens.verify(token), undefined)
  assert.equal(await sessions.verifyAccess((await tokens.issue(PUSH)).token), undefined)
})
