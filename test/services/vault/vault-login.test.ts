import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type LoginRequest, type LoginResult, Sessions, Tokens } from '#auth'
import { Broker, InProcessClient } from '#core'
import { Notifier, VAULT_ACCOUNT } from '#notify'
import { openStore, type User } from '#store'
import { vaultLogin } from '../../../src/services/vault/vault-login.ts'
import { loginRequest } from '../../auth/nats/login-request.ts'
import { aDevice, aUser } from '../../auth/rows.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { until } from '../../helpers/wait.ts'

const clock = new FakeClock()
const folder = await temporaryFolder()
const store = await openStore({ kind: 'sqlite', databaseFile: folder.join('db.sqlite3'), clock })
after(async () => {
  await store.close()
  await folder[Symbol.asyncDispose]()
})
const tokens = await Tokens.load({ keyFile: folder.join('rsa_key.pem'), origin: 'https://localhost', clock })
const sessions = new Sessions(tokens, store, clock)
const { login, authenticator } = vaultLogin(sessions, clock)

async function signIn(fields: Partial<User> = {}) {
  const user = aUser({ email: `${crypto.randomUUID()}@example.com`, ...fields })
  const device = aDevice(user.id)
  await store.users.insert(user)
  await store.devices.insert(device)
  const { token } = await tokens.issueAccess(user, device, { clientId: 'web', scope: ['api', 'offline_access'] })
  return { user, device, token }
}

function request(fields: Partial<LoginRequest> = {}): LoginRequest {
  return loginRequest({ connectionType: 'WEBSOCKET', address: '192.0.2.7', ...fields })
}

function reasonOf(result: LoginResult | undefined): string | undefined {
  return result?.ok === false ? result.reason : undefined
}

test('an access token lets its user hear of the own vault, and nothing else, until it expires', async () => {
  const { user, token } = await signIn()
  const expected = {
    ok: true,
    principal: {
      name: user.id,
      account: 'VAULT',
      permissions: { publish: { allow: [] }, subscribe: { allow: [`vault.user.${user.id}.>`] } },
      limits: { maxSubscriptions: 64 },
      expiry: { atMs: Math.floor(clock.now() / 1000) * 1000 + 2 * 3_600_000, of: 'user' },
    },
  }
  assert.deepEqual(await login(request({ token })), expected)
  assert.deepEqual(await login(request({ user: 'anybody', password: token })), expected)
})

test('whoever shows no access token is somebody else’s business, as is who comes over TCP', async () => {
  const { user, device, token } = await signIn()
  const refresh = await tokens.issueRefresh(device)
  const natsJwt = ['{"typ":"JWT","alg":"ed25519-nkey"}', `{"iss":"A","sub":"${user.id}"}`, 'x']
  for (const other of ['', 'secret', 'ey', 'ey.e30.x', 'ey.bnVsbA.x', 'ey.{}.x', refresh, encoded(natsJwt)]) {
    assert.equal(login(request({ token: other, password: other })), undefined, other)
  }
  for (const connectionType of ['STANDARD', 'LEAFNODE_WS', 'MQTT_WS'] as const) {
    assert.equal(login(request({ token, connectionType })), undefined)
  }
})

test('a token that was signed by somebody else is refused', async () => {
  const { user, token } = await signIn()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const { sub, ...claims } = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const other = await signIn()
  assert.equal(sub, user.id)
  const forged = [header, encoded([JSON.stringify({ ...claims, sub: other.user.id })]), signature].join('.')
  assert.equal(reasonOf(await login(request({ token: forged }))), 'vault token of no session')
})

test('a session that has ended is refused, whatever ended it', async () => {
  const cases: Record<string, (signedIn: Awaited<ReturnType<typeof signIn>>) => Promise<unknown>> = {
    'another security stamp': ({ user }) => store.users.update({ ...user, securityStamp: crypto.randomUUID() }),
    'a user who is disabled': ({ user }) => store.users.update({ ...user, enabled: false }),
    'a device that is gone': ({ user }) => store.devices.deleteAllOf(user.id),
  }
  for (const [name, end] of Object.entries(cases)) {
    const signedIn = await signIn()
    assert.equal((await login(request({ token: signedIn.token })))?.ok, true)
    await end(signedIn)
    assert.equal(reasonOf(await login(request({ token: signedIn.token }))), 'vault token of no session', name)
  }
})

test('a token that has expired is refused at once, without the leeway that requests have', async () => {
  const clock = new FakeClock()
  const tokens = await Tokens.load({ keyFile: folder.join('rsa_key.pem'), origin: 'https://localhost', clock })
  const { login } = vaultLogin(new Sessions(tokens, store, clock), clock)
  const { user, device } = await signIn()
  const { token } = await tokens.issueAccess(user, device, { clientId: 'web', scope: ['api'] })
  const result = await login(request({ token }))
  assert.ok(result?.ok)
  clock.advance(result.principal.expiry!.atMs - clock.now() - 1)
  assert.equal((await login(request({ token })))?.ok, true)
  clock.advance(1)
  assert.deepEqual(await login(request({ token })), {
    ok: false,
    reason: 'expired vault token',
    closeReason: 'Authentication Expired',
  })
})

test('where only vault users come in, others are refused', async () => {
  const { token } = await signIn()
  assert.equal((await authenticator.login(request({ token }))).ok, true)
  assert.equal((await authenticator.recheck(request({ token }), { name: '', account: '' })).ok, true)
  assert.equal(reasonOf(await authenticator.login(request({ user: 'u', password: 'p' }))), 'no vault token')
  assert.equal(authenticator.isRequired, true)
})

test('a vault that cannot be asked lets nobody in', async () => {
  const { token } = await signIn()
  const { login } = vaultLogin({ authenticate: () => Promise.reject(new Error('disk full')) }, clock)
  assert.equal(reasonOf(await login(request({ token }))), 'the vault cannot be asked: disk full')
})

test('users whose sessions end are named to whoever follows them', async () => {
  const client = vaultClient()
  const ended: string[] = []
  const { followSessions } = vaultLogin(sessions, clock)
  const stop = followSessions(client, (userId) => ended.push(userId))
  const notifier = new Notifier((subject, payload) => client.publish(subject, payload))
  notifier.account('SyncVault', 'ada', new Date(0), null)
  notifier.account('LogOut', 'grace', new Date(0), null)
  notifier.devicesRevoked('barbara', ['laptop'], null)
  await until(() => ended.length > 1, 'the end of two sessions')
  stop()
  notifier.account('LogOut', 'edsger', new Date(0), null)
  notifier.devicesRevoked('edsger', ['laptop'], null)
  await Promise.resolve()
  assert.deepEqual(ended, ['grace', 'barbara'])
})

test('a session that ends while its token is checked lets nobody in', async () => {
  const { user, token } = await signIn()
  const client = vaultClient()
  const reading = Promise.withResolvers<void>()
  const { login, followSessions } = vaultLogin(
    {
      async authenticate(token) {
        const session = await sessions.authenticate(token)
        await reading.promise
        return session
      },
    },
    clock,
  )
  const heard: string[] = []
  followSessions(client, (userId) => heard.push(userId))
  const result = login(request({ token }))
  // Long enough for the row to have been read: another reader that began later has it.
  assert.ok(await sessions.authenticate(token))
  await store.users.update({ ...user, securityStamp: crypto.randomUUID() })
  new Notifier((subject, payload) => client.publish(subject, payload)).account('LogOut', user.id, new Date(0), null)
  await until(() => heard.length > 0, 'the end of the session')
  reading.resolve()
  assert.equal(reasonOf(await result), 'vault token of no session')
})

function vaultClient(): InProcessClient {
  return new InProcessClient(new Broker(() => 0).account(VAULT_ACCOUNT), (error) => assert.fail(String(error)))
}

function encoded(parts: readonly string[]): string {
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
}
