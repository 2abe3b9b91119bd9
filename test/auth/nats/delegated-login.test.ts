import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticatorFor,
  type CalloutOptions,
  type LoginRequest,
  type LoginResult,
  type ServerAuthorization,
} from '#auth'
import { loginRequest } from './login-request.ts'

const OPTIONS: CalloutOptions = { issuer: 'A', authUsers: ['service'], account: 'AUTH', allowedAccounts: [] }
const USERS: ServerAuthorization['users'] = [
  { user: 'service', password: 'secret', account: 'AUTH' },
  { user: 'ann', password: 'secret', account: 'A' },
  { user: 'bob', password: 'secret', account: '$G' },
]
const SERVED = { ok: true, principal: { name: 'served', account: 'A' } } as const

function startAuthenticator(given: Partial<CalloutOptions> = {}, more: Partial<ServerAuthorization> = {}) {
  const asked: LoginRequest[] = []
  const answer: { current: LoginResult } = { current: SERVED }
  const ask = async (request: LoginRequest) => {
    asked.push(request)
    return answer.current
  }
  const callout = { isExempt: (name: string) => name === 'service', login: ask, recheck: ask }
  const options = { ...OPTIONS, ...given }
  const { login, recheck } = authenticatorFor({ main: { users: USERS, callout: options, ...more } }, { callout })
  return { login, recheck, asked, answer }
}

for (const [who, shown] of [
  ['those the configuration refuses', { user: 'eve', password: 'x' }],
  ['users with a wrong password', { user: 'ann', password: 'x' }],
  ['users of the default account', { user: 'bob', password: 'secret' }],
  ['users of all other accounts', { user: 'ann', password: 'secret' }],
  ['those who show nothing', {}],
] as const) {
  test(`the callout decides about ${who}`, async () => {
    const { login, recheck, asked } = startAuthenticator()
    const request = loginRequest(shown)
    assert.deepEqual(await login(request), SERVED)
    assert.deepEqual(await recheck(request, SERVED.principal), SERVED)
    assert.deepEqual(asked, [request, request])
  })
}

test('its own users log in without it, and may not publish what it is asked by', async () => {
  const { login, asked } = startAuthenticator()
  assert.deepEqual(await login(loginRequest({ user: 'service', password: 'secret' })), {
    ok: true,
    principal: { name: 'service', account: 'AUTH', permissions: { publish: { deny: ['$SYS.REQ.USER.AUTH'] } } },
  })
  assert.equal((await login(loginRequest({ user: 'service', password: 'x' }))).ok, false)
  assert.deepEqual(asked, [])
})

test('nobody whom it puts beside it may publish that either', async () => {
  const { login, answer } = startAuthenticator()
  const permissions = { publish: { allow: ['>'], deny: ['a'] }, subscribe: { allow: ['b'] } }
  answer.current = { ok: true, principal: { name: 'served', account: 'AUTH', permissions } }
  assert.deepEqual(await login(loginRequest()), {
    ok: true,
    principal: {
      name: 'served',
      account: 'AUTH',
      permissions: { publish: { allow: ['>'], deny: ['a', '$SYS.REQ.USER.AUTH'] }, subscribe: { allow: ['b'] } },
    },
  })
})

test('accounts that it is not responsible for are left to the configuration, except for leaf nodes', async () => {
  const { login, asked } = startAuthenticator({ allowedAccounts: ['B'] })
  const ann = loginRequest({ user: 'ann', password: 'secret' })
  assert.deepEqual(await login(ann), { ok: true, principal: { name: 'ann', account: 'A' } })
  assert.deepEqual(asked, [])
  await login({ ...ann, connectionType: 'LEAFNODE' })
  assert.equal(asked.length, 1)
})

test('it is told of the default user by whom it may be exempt', async () => {
  const { login, asked } = startAuthenticator({}, { noAuthUser: 'bob' })
  await login(loginRequest())
  assert.deepEqual(
    asked.map(({ user }) => user),
    ['bob'],
  )
  const exempt = startAuthenticator({}, { noAuthUser: 'service' })
  assert.equal((await exempt.login(loginRequest())).ok, true)
  assert.deepEqual(exempt.asked, [])
})

test('what it refuses is refused', async () => {
  const { login, answer } = startAuthenticator()
  answer.current = { ok: false, reason: 'the service says no' }
  assert.deepEqual(await login(loginRequest({ user: 'ann', password: 'secret' })), answer.current)
})
