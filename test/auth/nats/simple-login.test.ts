import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authenticatorFor, type ListenerAuthorization, type LoginRequest } from '#auth'
import { ConfigError } from '#kit'

const REQUEST: LoginRequest = {
  user: '',
  password: '',
  token: '',
  jwt: '',
  nkey: '',
  signature: '',
  nonce: '',
  connectionType: 'STANDARD',
  address: '192.0.2.1',
  port: 50_000,
  peerCertificate: undefined,
  client: { id: 1, name: '', lang: '', version: '', protocol: 1, tls: undefined },
}

async function login(authorization: ListenerAuthorization, shown: Partial<LoginRequest>) {
  return authenticatorFor(authorization).login({ ...REQUEST, ...shown })
}

const ANN = { user: 'ann', password: 'secret' }
const EVE = { user: 'eve', password: 'other' }

describe('who is let in', () => {
  const accepted = (name: string) => ({ ok: true, principal: { name, account: '$G' } })
  const TABLE: readonly (readonly [string, ListenerAuthorization, Partial<LoginRequest>, object])[] = [
    ['everybody where nothing is asked', { main: {} }, {}, accepted('')],
    ['nobody is believed where nothing is asked', { main: {} }, ANN, accepted('')],
    ['the user with the password', { main: ANN }, ANN, accepted('ann')],
    ['another password', { main: ANN }, { ...ANN, password: 'secre' }, { ok: false, reason: 'wrong password' }],
    ['another user', { main: ANN }, { ...ANN, user: 'ANN' }, { ok: false, reason: 'unknown user' }],
    ['nothing', { main: ANN }, {}, { ok: false, reason: 'no user' }],
    ['a user without password', { main: { user: 'ann' } }, { user: 'ann' }, accepted('ann')],
    ['the token', { main: { token: 't' } }, { token: 't' }, accepted('[REDACTED]')],
    ['another token', { main: { token: 't' } }, { token: 'tt' }, { ok: false, reason: 'wrong token' }],
    ['the token as a password', { main: { token: 't' } }, { password: 't' }, { ok: false, reason: 'wrong token' }],
    ['the token before the user', { main: { ...ANN, token: 't' } }, ANN, { ok: false, reason: 'wrong token' }],
    ['the user of the override', { main: ANN, override: EVE }, EVE, accepted('eve')],
    ['only that', { main: ANN, override: EVE }, ANN, { ok: false, reason: 'unknown user' }],
    ['an override by token', { main: ANN, override: { token: 't' } }, { token: 't' }, accepted('[REDACTED]')],
    ['an override alone', { main: {}, override: EVE }, {}, { ok: false, reason: 'no user' }],
    ['no override by a password', { main: ANN, override: { password: 'x' } }, ANN, accepted('ann')],
    ['no override by a time', { main: ANN, override: { timeoutMs: 5 } }, ANN, accepted('ann')],
    [
      'nobody with a default user that is none',
      { main: {}, override: { noAuthUser: 'x' } },
      {},
      { ok: false, reason: 'there are no users' },
    ],
  ]
  for (const [name, authorization, shown, expected] of TABLE) {
    test(name, async () => assert.deepEqual(await login(authorization, shown), expected))
  }
})

test('login is required where anybody is asked for anything', () => {
  assert.equal(authenticatorFor({ main: {} }).isRequired, false)
  assert.equal(authenticatorFor({ main: { timeoutMs: 5 }, override: {} }).isRequired, false)
  assert.equal(authenticatorFor({ main: { noAuthUser: 'x' } }).isRequired, true)
  for (const one of [ANN, { token: 't' }, { noAuthUser: 'x' }]) {
    assert.equal(authenticatorFor({ main: {}, override: one }).isRequired, true)
  }
})

test('there are two seconds for it, or one more than TLS may take, or what the blocks say', () => {
  const timeoutMs = (authorization: ListenerAuthorization) => authenticatorFor(authorization).timeoutMs
  assert.equal(timeoutMs({ main: ANN }), 2_000)
  assert.equal(timeoutMs({ main: ANN, tlsTimeoutMs: 2_500 }), 3_500)
  assert.equal(timeoutMs({ main: { ...ANN, timeoutMs: 700 }, tlsTimeoutMs: 2_500 }), 700)
  assert.equal(timeoutMs({ main: { ...ANN, timeoutMs: 700 }, override: EVE }), 700)
  assert.equal(timeoutMs({ main: { ...ANN, timeoutMs: 700 }, override: { timeoutMs: 900 } }), 900)
})

test('a bcrypt hash is not taken for a password or token', () => {
  const hash = '$2a$11$W2zko751KUvVy59mUTWmpOdWjpEm5qhcCZRd05GjI/sSOT.xtiHyG'
  for (const main of [{ user: 'ann', password: hash }, { token: hash }]) {
    assert.throws(() => authenticatorFor({ main }), ConfigError)
  }
  assert.doesNotThrow(() => authenticatorFor({ main: { token: '$2a' } }))
})
