import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authenticatorFor, KeyPair, type ListenerAuthorization, type LoginRequest, type PasswordUser } from '#auth'
import { loginRequest } from './login-request.ts'

async function login(authorization: ListenerAuthorization, shown: Partial<LoginRequest>) {
  return authenticatorFor(authorization).login(loginRequest(shown))
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

const KEY = KeyPair.create('user')
const NONCE = 'K6Y8Uus4K9Ps2Rg'
const SIGNED = { nkey: KEY.publicKey, nonce: NONCE, signature: KEY.sign(NONCE).toString('base64url') }

const user = (name: string, more: Partial<PasswordUser> = {}): PasswordUser => {
  return { user: name, password: `password of ${name}`, account: 'A', ...more }
}
const TABLE = {
  users: [
    user('ann', { permissions: { publish: { allow: ['a'] } } }),
    user('bob', { account: 'B', connectionTypes: ['WEBSOCKET', 'LEAFNODE'] }),
    user('open', { password: '' }),
  ],
  nkeyUsers: [{ nkey: KEY.publicKey, account: 'K' }],
}
const shows = (name: string, more: Partial<LoginRequest> = {}) => ({
  user: name,
  password: `password of ${name}`,
  ...more,
})

describe('who is let in by a table of users', () => {
  const accepted = (name: string, account: string) => ({ ok: true, principal: { name, account } })
  const refused = (reason: string) => ({ ok: false, reason })
  const withDefault = (noAuthUser: string) => ({ main: { ...TABLE, noAuthUser } })
  const overridden = { main: { ...TABLE, noAuthUser: 'bob' }, override: { noAuthUser: 'ann' } }
  const ann = {
    ok: true,
    principal: { name: 'ann', account: 'A', permissions: { publish: { allow: ['a'] } } },
  }
  const NO_TYPE = refused('not allowed for connection type STANDARD')
  const CASES: readonly (readonly [string, ListenerAuthorization, Partial<LoginRequest>, object])[] = [
    ['a user, into the account, with permissions', { main: TABLE }, shows('ann'), ann],
    [
      'not with the password of another',
      { main: TABLE },
      shows('ann', { password: 'password of bob' }),
      refused('wrong password'),
    ],
    ['not without a name', { main: TABLE }, {}, refused('no user')],
    ['not by a token', { main: TABLE }, { token: 'ann' }, refused('no user')],
    ['nobody unknown', { main: TABLE }, shows('eve'), refused('unknown user')],
    ['everybody where the table is empty', { main: { users: [] } }, {}, accepted('', '$G')],
    [
      'a user by a way that is allowed',
      { main: TABLE },
      shows('bob', { connectionType: 'WEBSOCKET' }),
      accepted('bob', 'B'),
    ],
    ['and not by another', { main: TABLE }, shows('bob'), NO_TYPE],
    ['a user with an empty password', { main: TABLE }, { user: 'open' }, accepted('open', 'A')],
    [
      'but not one who is known by a certificate elsewhere',
      { main: TABLE, certificateTypes: ['WEBSOCKET'] },
      { user: 'open' },
      refused('the user is known by a client certificate only'),
    ],
    ['an nkey that has signed the nonce', { main: TABLE }, SIGNED, accepted(KEY.publicKey, 'K')],
    ['not one that has not', { main: TABLE }, { ...SIGNED, signature: '' }, refused('no signature')],
    ['nor one that has signed another', { main: TABLE }, { ...SIGNED, nonce: 'other' }, refused('wrong signature')],
    ['nor one that was given none', { main: TABLE }, { ...SIGNED, nonce: '' }, refused('wrong signature')],
    ['no unknown nkey, whatever else is shown', { main: TABLE }, shows('ann', { nkey: 'UA' }), refused('unknown nkey')],
    [
      'an nkey is passed over where there are none',
      { main: { users: TABLE.users } },
      shows('ann', { nkey: 'UA' }),
      ann,
    ],
    ['the default user', withDefault('ann'), {}, ann],
    ['the default user, by name too', withDefault('ann'), shows('ann'), ann],
    ['but then with the password', withDefault('ann'), { user: 'ann' }, refused('wrong password')],
    ['no default for who shows a password', withDefault('ann'), { password: 'x' }, refused('no user')],
    ['the default nkey without a signature', withDefault(KEY.publicKey), {}, accepted(KEY.publicKey, 'K')],
    ['the default user not by every way', withDefault('bob'), {}, NO_TYPE],
    ['the default user of the override', overridden, {}, ann],
    ['the table beside an override', overridden, shows('bob', { connectionType: 'WEBSOCKET' }), accepted('bob', 'B')],
    [
      'no default user of the server beside an override',
      { main: { ...TABLE, noAuthUser: 'ann' }, override: { user: 'eve', password: 'x' } },
      {},
      refused('no user'),
    ],
    [
      'nobody without a certificate where they count',
      { main: TABLE, mapsCertificates: true },
      shows('ann'),
      refused('no client certificate'),
    ],
    ['an nkey there too', { main: TABLE, mapsCertificates: true }, SIGNED, accepted(KEY.publicKey, 'K')],
  ]
  for (const [name, authorization, shown, expected] of CASES) {
    test(name, async () => assert.deepEqual(await login(authorization, shown), expected))
  }
})

test('a default user with a hashed password is the default user still', async () => {
  const users = [user('ann', { password: `$2b$04$${'x'.repeat(53)}` })]
  assert.equal((await login({ main: { users, noAuthUser: 'ann' } }, {})).ok, true)
})

test('there is a nonce where somebody may sign it', () => {
  const usesNonce = (main: ListenerAuthorization['main']) => authenticatorFor({ main }).usesNonce
  assert.equal(usesNonce({}), false)
  assert.equal(usesNonce({ users: TABLE.users, nkeyUsers: [] }), false)
  assert.equal(usesNonce(TABLE), true)
})

test('there is a default user where the table has it, by what counts on the listener', () => {
  const hasDefaultUser = (listener: ListenerAuthorization) => authenticatorFor(listener).hasDefaultUser
  assert.equal(hasDefaultUser({ main: TABLE }), false)
  assert.equal(hasDefaultUser({ main: { ...TABLE, noAuthUser: 'eve' } }), false)
  assert.equal(hasDefaultUser({ main: { ...TABLE, noAuthUser: 'ann' } }), true)
  assert.equal(hasDefaultUser({ main: { ...TABLE, noAuthUser: KEY.publicKey } }), true)
  assert.equal(hasDefaultUser({ main: { ...TABLE, noAuthUser: 'ann' }, override: { user: 'eve' } }), false)
  assert.equal(hasDefaultUser({ main: TABLE, override: { noAuthUser: 'ann' } }), true)
})

const OPERATOR = {
  operators: [],
  trustedKeys: ['OA'],
  systemAccount: undefined,
  resolver: { kind: 'memory' as const },
  preload: {},
  defaultSentinel: undefined,
  pinnedAccounts: [],
}

test('in operator mode nobody else is asked', async () => {
  const asked: string[] = []
  const answer = (what: string) => {
    asked.push(what)
    return { ok: false as const, reason: 'no JWT' }
  }
  const operator = { login: () => answer('login'), recheck: () => answer('recheck') }
  const authenticator = authenticatorFor({ main: { operator: OPERATOR, ...ANN } }, { operator })
  const { isRequired, usesNonce, hasDefaultUser } = authenticator
  assert.deepEqual(
    { isRequired, usesNonce, hasDefaultUser },
    { isRequired: true, usesNonce: true, hasDefaultUser: false },
  )
  assert.deepEqual(await authenticator.login(loginRequest(ANN)), { ok: false, reason: 'no JWT' })
  await authenticator.recheck(loginRequest(ANN), { name: 'ann', account: '$G' })
  assert.deepEqual(asked, ['login', 'recheck'])
})

test('who is to be asked has to be there', () => {
  const callout = { issuer: 'A', authUsers: ['ann'], account: '$G', allowedAccounts: [] }
  assert.throws(() => authenticatorFor({ main: { operator: OPERATOR } }), /operator mode/)
  assert.throws(() => authenticatorFor({ main: { callout } }), /auth callout/)
})

test('others are asked first, at a login and later, and about the rest the configuration', async () => {
  const principal = { name: 'vault', account: 'VAULT' }
  const others = [
    ({ token }: LoginRequest) => (token === 'vault' ? ({ ok: true, principal } as const) : undefined),
    async ({ token }: LoginRequest) => ({ ok: false, reason: `asked about ${token}` }) as const,
  ]
  const authenticator = authenticatorFor({ main: ANN }, { others: others.slice(0, 1) })
  const vault = loginRequest({ token: 'vault' })
  assert.deepEqual(await authenticator.login(vault), { ok: true, principal })
  assert.deepEqual(await authenticator.recheck(vault, principal), { ok: true, principal })
  assert.equal((await authenticator.login(loginRequest(ANN))).ok, true)
  const both = authenticatorFor({ main: ANN }, { others })
  assert.deepEqual(await both.login(loginRequest({ token: 'x' })), { ok: false, reason: 'asked about x' })
})
