/** Who may do what, for every route there is: they are asked of the app itself, so none is left out. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { SignJWT } from 'jose'
import { ServiceTokens, type TicketKind } from '#auth'
import type { TestDevice } from '../../helpers/account.ts'
import { startVault } from '../harness.ts'
import { clientHeaders, makeBelongings, pathOf, requestTo } from './everything.ts'
import { PUBLIC_ROUTES } from './public-routes.ts'
import type { Route } from './routes.ts'

/** What answers 401 to a stranger who is logged in: it asks for the password of a Send, and not for theirs. */
const OF_SENDS = new Set([
  'POST /api/sends/access',
  'POST /api/sends/access/:accessId',
  'POST /api/sends/access/file/:fileId',
  'POST /api/sends/:id/access/file/:fileId',
])

/** What a stranger is told of somebody else on purpose: their public key, to share with them. */
const ABOUT_OTHERS = new Set(['GET /api/users/:id/public-key'])

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())

const email = 'alice@example.com'
await vault.register(email)

const worthless = new Map<string, string | undefined>([
  ['no token', undefined],
  ['an empty token', 'Bearer '],
  ['garbage', 'Bearer garbage'],
  ['another scheme', `Basic ${Buffer.from(`${email}:secret`).toString('base64')}`],
])

// From here on in the order in which things happen to Alice.
const old = await vault.login(email)
worthless.set('a token that has expired', bearer(old.accessToken))
vault.advance(3 * 3600 * 1000)

const ended = await vault.login(email)
assert.equal((await ended.post('/api/accounts/security-stamp', { masterPasswordHash: ended.passwordHash })).status, 200)
worthless.set('a token of a session that was ended', bearer(ended.accessToken))

const alice = await vault.login(email)
const lost = await vault.login(email)
assert.equal((await alice.delete(`/api/devices/${lost.deviceId}`)).status, 200)
worthless.set('a token of a device that was deleted', bearer(lost.accessToken))

worthless.set('a refresh token', bearer(alice.token.refresh_token))
const { tokens, tickets, clock } = vault.context
worthless.set(
  'the proof of a registration',
  bearer(await tokens.issueRegister({ sub: email, name: null, verified: true })),
)
const kinds: TicketKind[] = ['verifyemail', 'delete', 'send', 'file_download', '2faremember']
for (const kind of kinds) {
  worthless.set(
    `a ticket of the kind ${kind}`,
    bearer(await tickets.issue(kind, { sub: alice.userId, ...claimsOf(alice) })),
  )
}
for (const scope of ['api.push', 'internal'] as const) {
  const services = new ServiceTokens(vault.signingKey, 'https://localhost', clock)
  worthless.set(`the token of a server (${scope})`, bearer((await services.issue({ sub: alice.userId, scope })).token))
}
const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
worthless.set('an unsigned token', bearer(`${header}.${alice.accessToken.split('.')[1]}.`))
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
worthless.set(
  "a token signed with another server's key",
  bearer(await new SignJWT(claimsOf(alice)).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(stranger)),
)
const publicPem = vault.signingKey.publicKey
worthless.set(
  'a token signed with the public key as if that were a secret',
  bearer(
    await new SignJWT(claimsOf(alice))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(Buffer.from(publicPem.export({ type: 'spki', format: 'pem' }))),
  ),
)

const ids = await makeBelongings(alice)

for (const route of vault.routes) {
  const name = `${route.method} ${route.path}`
  if (PUBLIC_ROUTES.has(name)) continue
  test(`${name} is for whoever is logged in, and for nobody else`, async () => {
    const before = await vault.dump()
    vault.takeTold()
    for (const [kind, authorization] of worthless) {
      const { status, text } = await call(route, authorization, alice)
      assert.equal(status, 401, `${kind} is answered ${status}: ${text.slice(0, 200)}`)
      assert.equal(JSON.parse(text).error.code, 401)
    }
    assert.deepEqual(await vault.dump(), before)
    assert.deepEqual(vault.takeTold(), [])
  })
}

/** The stranger, who may have put an end to their own account by the route before. */
let eve: TestDevice | undefined
async function currentEve(): Promise<TestDevice> {
  if (eve !== undefined && (await eve.get('/api/accounts/revision-date')).status === 200) return eve
  const address = `${randomUUID()}@example.net`
  await vault.register(address)
  eve = await vault.login(address)
  return eve
}

const secrets = await secretsOf(alice)

for (const route of vault.routes) {
  const name = `${route.method} ${route.path}`
  test(`${name} gives a stranger nothing of somebody else's, and changes nothing of it`, async () => {
    const device = await currentEve()
    const before = rowsAbout(await vault.dump(), alice)
    vault.takeTold()
    vault.takeReached()
    const { status, text } = await call(route, bearer(device.accessToken), device)
    assert.ok(vault.takeReached().includes(name), `refused for the form of what was sent: ${text}`)
    assert.ok(status < 500, text)
    for (const [what, secret] of secrets) {
      assert.ok(
        !text.includes(secret) || (ABOUT_OTHERS.has(name) && what === 'public key'),
        `it holds her ${what}: ${text}`,
      )
    }
    // 401 and 403 would log the stranger out of an account they are rightly logged in to.
    assert.ok(![401, 403].includes(status) || OF_SENDS.has(name), text)
    assert.deepEqual(rowsAbout(await vault.dump(), alice), before)
    for (const { recipients } of vault.takeTold()) {
      assert.ok(!recipients.includes(alice.userId) && !recipients.includes(alice.deviceId))
    }
  })
}

test('the owner gets at what the others do not get at', async () => {
  for (const path of [
    `/api/ciphers/${ids.cipher}`,
    `/api/folders/${ids.folder}`,
    '/api/sync',
    '/api/accounts/profile',
  ]) {
    assert.equal((await alice.get(path)).status, 200, path)
  }
})

function bearer(token: string): string {
  return `Bearer ${token}`
}

function claimsOf(device: TestDevice) {
  return JSON.parse(Buffer.from(device.accessToken.split('.')[1] ?? '', 'base64url').toString())
}

/** Calls a route about Alice's things, with a body of `device`. */
async function call(route: Route, authorization: string | undefined, device: TestDevice) {
  const { type, payload } = await requestTo(route, device, ids)
  const response = await vault.app.inject({
    method: route.method as 'GET',
    url: `${pathOf(route, ids)}?code=wrong`,
    headers: {
      ...clientHeaders(device),
      ...(authorization === undefined ? {} : { authorization }),
      ...(route.method === 'GET' ? {} : { 'content-type': type }),
    },
    ...(route.method === 'GET' ? {} : { payload }),
  })
  return { status: response.statusCode, text: response.body }
}

/** What must be in no answer to anybody else, with its name. */
async function secretsOf(device: TestDevice): Promise<[string, string][]> {
  const { profile, ciphers, folders, sends } = (await device.get('/api/sync')).json
  return [
    ['e-mail address', device.email],
    ['key', profile.key],
    ['private key', profile.privateKey],
    ['public key', profile.accountKeys.publicKeyEncryptionKeyPair.publicKey],
    ['security stamp', profile.securityStamp],
    ['item', ciphers[0].name],
    ['notes', ciphers[0].notes],
    ['login', ciphers[0].login.password],
    ['folder', folders[0].name],
    ['attachment', ciphers[0].attachments[0].key],
    ['Send', sends[0].name],
    ['file', 'what is in the file'],
  ]
}

/** The rows in which one of somebody's ids stands, and the files that belong to one. */
function rowsAbout(dump: Awaited<ReturnType<typeof vault.dump>>, { userId, email }: TestDevice) {
  const names = [userId, email, ...Object.values(ids)]
  const isAbout = (text: string) => names.some((name) => text.includes(name))
  return Object.entries(dump)
    .flatMap(([name, rows]) => (isAbout(name) ? [[name, ...rows]] : [[name, rows.filter(isAbout)]]))
    .filter(([, rows]) => rows!.length > 0)
}
