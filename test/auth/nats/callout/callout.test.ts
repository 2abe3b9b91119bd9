import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createAccount, createCurve, createServer, createUser } from '@nats-io/nkeys'
import { TestAuthority } from '../../../helpers/certificates.ts'
import { temporaryFolder } from '../../../helpers/temp.ts'
import { loginRequest } from '../login-request.ts'
import { calloutWorld, reasonOf, SERVICE_ACCOUNT } from './service.ts'

test('the service is told who asks, about whom, and everything that was shown, in the fields of nats-server', async () => {
  const world = calloutWorld()
  world.admit()
  await world.login({
    user: 'bob',
    password: 'secret',
    connectionType: 'WEBSOCKET',
    client: {
      id: 7,
      name: 'app',
      lang: 'js',
      version: '3',
      protocol: 1,
      tls: { version: '1.3', cipherSuite: 'C', peerChain: () => [] },
    },
  })
  const [{ claims, message } = assert.fail('nobody was asked')] = world.asked
  const seconds = Math.floor(world.clock.now() / 1000)
  assert.match(claims.nats.user_nkey, /^U[A-Z2-7]{55}$/)
  assert.deepEqual(claims, {
    aud: 'nats-authorization-request',
    exp: seconds + 2,
    iat: seconds,
    iss: world.serverId,
    jti: claims.jti,
    sub: world.issuer.getPublicKey(),
    nats: {
      type: 'authorization_request',
      version: 2,
      server_id: { name: 'bells', host: '0.0.0.0', id: world.serverId, version: '2.9.25' },
      user_nkey: claims.nats.user_nkey,
      client_info: { host: '192.0.2.1', id: 7, user: 'bob', name: 'app', kind: 'Client', type: 'websocket' },
      connect_opts: { user: 'bob', pass: 'secret', name: 'app', lang: 'js', version: '3', protocol: 1 },
      client_tls: { version: '1.3', cipher: 'C' },
    },
  })
  assert.equal(message.headerBytes, 0)
})

test('an nkey goes with its signature and what it signed; of a token, client_info does not show what it is', async () => {
  const world = calloutWorld()
  world.admit()
  await world.login({ nkey: 'UKEY', signature: 'SIG', nonce: 'NONCE', jwt: 'JWT' })
  await world.login({ token: 'secret', nonce: 'NONCE' })
  const [first, second] = world.asked.map(({ claims }) => claims.nats)
  assert.deepEqual([first.client_info.user, first.client_info.nonce], ['UKEY', 'NONCE'])
  assert.deepEqual(first.connect_opts, { jwt: 'JWT', nkey: 'UKEY', sig: 'SIG', protocol: 1 })
  assert.deepEqual([second.client_info.user, second.client_info.nonce], ['[REDACTED]', undefined])
  assert.equal(second.connect_opts.auth_token, 'secret')
  assert.notEqual(first.user_nkey, second.user_nkey)
})

test('a client certificate goes as a verified chain, with the authority that vouches for it', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { cert } = await authority.issue()
  const world = calloutWorld()
  world.admit()
  const peerCertificate = new X509Certificate(cert)
  const chain = [peerCertificate, new X509Certificate(authority.ca)]
  const tls = { version: '1.3', cipherSuite: 'C', peerChain: () => chain.map(({ raw }) => raw) }
  await world.login({ peerCertificate, client: { ...loginRequest().client, tls } })
  assert.deepEqual(world.asked[0]!.claims.nats.client_tls.verified_chains, [chain.map(String)])
})

test('who is let in is whom the JWT of the answer describes', async () => {
  const world = calloutWorld()
  const exp = Math.floor(world.clock.now() / 1000) + 60
  world.admit({
    exp,
    nats: {
      pub: { allow: ['foo'] },
      sub: { deny: ['bar'] },
      subs: 3,
      payload: 100,
      data: -1,
      tags: ['blue'],
      allowed_connection_types: ['websocket', 'nonsense'],
    },
  })
  const result = await world.login({ user: 'whoever', connectionType: 'WEBSOCKET' })
  assert.ok(result.ok)
  const { calloutUser, ...principal } = result.principal
  assert.deepEqual(principal, {
    name: 'bob',
    account: 'A',
    permissions: { publish: { allow: ['foo'] }, subscribe: { deny: ['bar'] } },
    limits: { maxSubscriptions: 3, maxPayloadBytes: 100 },
    expiry: { atMs: exp * 1000, of: 'user' },
    details: { issuerKey: 'A', tags: ['blue'] },
  })
  assert.equal(calloutUser?.subject, world.asked[0]!.claims.nats.user_nkey)
})

test('without a name of its own a user goes by what the client called itself; without limits there are none', async () => {
  const world = calloutWorld()
  world.admit({ name: undefined, aud: '$G', nats: { subs: -1, payload: -1, data: -1 } })
  const result = await world.login({ user: 'whoever' })
  assert.ok(result.ok)
  const { name, account, permissions, limits, expiry } = result.principal
  assert.deepEqual([name, account, permissions, expiry], ['whoever', '$G', undefined, undefined])
  assert.deepEqual(limits, { maxSubscriptions: undefined, maxPayloadBytes: undefined })
})

test('under seal neither the request nor the answer can be read, and the header tells whom to seal for', async () => {
  const world = calloutWorld({ isSealed: true })
  world.serve((userNkey, { message }) => {
    assert.doesNotMatch(message.payload.toString('latin1'), /eyJ/)
    const headers = message.body.subarray(0, message.headerBytes).toString()
    assert.equal(headers, `NATS/1.0\r\nNats-Server-Xkey: ${world.xkeys.publicKey}\r\n\r\n`)
    const response = world.response(userNkey, { jwt: world.userJwt(userNkey) })
    return Buffer.from(world.curve.seal(Buffer.from(response), world.xkeys.publicKey))
  })
  assert.ok((await world.login()).ok)
  assert.equal(world.asked[0]!.claims.nats.server_id.xkey, world.xkeys.publicKey)
})

test('who was asked under seal may answer openly, and nobody else may seal', async () => {
  const open = calloutWorld({ isSealed: true })
  open.admit()
  assert.ok((await open.login()).ok)

  const foreign = calloutWorld({ isSealed: true })
  foreign.serve((userNkey) => {
    const response = foreign.response(userNkey, { jwt: foreign.userJwt(userNkey) })
    return Buffer.from(createCurve().seal(Buffer.from(response), foreign.xkeys.publicKey))
  })
  assert.match(await reasonOf(foreign.login()), /error decrypting auth callout response on account "AUTH"/)

  const garbage = calloutWorld({ isSealed: true })
  garbage.serve(() => 'x')
  assert.match(await reasonOf(garbage.login()), /error decrypting/)
})

type World = ReturnType<typeof calloutWorld>

/** The questions are on their way first: all that comes before takes no more than a turn. */
async function passTimeout({ clock }: World): Promise<void> {
  await nextTurn()
  clock.advance(2_000)
}
const OTHER_USER = createUser().getPublicKey()

const REFUSALS: readonly [what: string, answer: (world: World, userNkey: string) => string, reason: RegExp][] = [
  ['nothing', () => '', /^auth callout violation: "no reason supplied" on account "AUTH"$/],
  ['no JWT', () => 'hello', /expected 3 chunks/],
  [
    'an error',
    (world, user) => world.response(user, { error: 'not today' }),
    /^auth callout service returned an error: not today$/,
  ],
  ['neither an error nor a user', (world, user) => world.response(user, {}), /Error or Jwt is required/],
  [
    'a response about somebody else',
    (world, user) => world.response(OTHER_USER, { jwt: world.userJwt(user) }),
    /^auth callout violation: auth callout response is not for expected user$/,
  ],
  [
    'a response for another server',
    (world, user) => world.response(user, { jwt: world.userJwt(user) }, { aud: createServer().getPublicKey() }),
    /^auth callout violation: auth callout response is not for server$/,
  ],
  [
    'a response whose time is over',
    (world, user) => world.response(user, { jwt: world.userJwt(user) }, { exp: 1 }),
    /validation errors: claim is expired/,
  ],
  [
    'another user',
    (world, user) => world.response(user, { jwt: world.userJwt(OTHER_USER) }),
    /^Expected authorized user of "U.*" but got "U.*" on account "AUTH"$/,
  ],
  [
    'a user that somebody else signed',
    (world, user) => world.response(user, { jwt: world.userJwt(user, { signer: createAccount() }) }),
    /^wrong issuer for auth callout response on account "AUTH", expected "A.*" got "A.*"$/,
  ],
  [
    'a user in the name of another account',
    (world, user) =>
      world.response(user, { jwt: world.userJwt(user, { nats: { issuer_account: createAccount().getPublicKey() } }) }),
    /attempted to use issuer_account/,
  ],
  [
    'an account that there is not',
    (world, user) => world.response(user, { jwt: world.userJwt(user, { aud: 'NONE' }) }),
    /^no valid account "NONE" for auth callout response on account "AUTH"$/,
  ],
  [
    'a user whose time is over',
    (world, user) => world.response(user, { jwt: world.userJwt(user, { exp: 1 }) }),
    /Error validating user JWT: claim is expired/,
  ],
  [
    'a user of another door',
    (world, user) =>
      world.response(user, { jwt: world.userJwt(user, { nats: { allowed_connection_types: ['MQTT'] } }) }),
    /using invalid connection type/,
  ],
  [
    'a user of another network',
    (world, user) => world.response(user, { jwt: world.userJwt(user, { nats: { src: ['198.51.100.0/24'] } }) }),
    /Bad src Ip/,
  ],
  [
    'a user of another time of the day',
    (world, user) => {
      const times = [{ start: '12:00:00', end: '13:00:00' }]
      return world.response(user, { jwt: world.userJwt(user, { nats: { times, times_location: 'UTC' } }) })
    },
    /outside of valid connect times/,
  ],
]

for (const [what, answer, reason] of REFUSALS) {
  test(`a service that answers with ${what} lets nobody in`, async () => {
    const world = calloutWorld()
    world.serve((userNkey) => answer(world, userNkey))
    assert.match(await reasonOf(world.login({ user: 'bob', password: 'secret' })), reason)
  })
}

test('no reason has a secret in it', async () => {
  for (const [, answer] of REFUSALS) {
    const world = calloutWorld()
    world.serve((userNkey) => answer(world, userNkey))
    assert.doesNotMatch(
      await reasonOf(world.login({ password: 'hunter2', token: 'hunter2', jwt: 'hunter2' })),
      /hunter2/,
    )
  }
})

test('no answer within the authentication timeout is a refusal; where nobody listens, at once', async () => {
  const world = calloutWorld()
  assert.match(await reasonOf(world.login()), /not received in time on account "AUTH"/)

  world.serve(() => undefined)
  const result = reasonOf(world.login())
  await passTimeout(world)
  assert.match(await result, /not received in time/)
  assert.equal(world.clock.pending, 0)
})

test('a service whose account is gone lets nobody in', async () => {
  const world = calloutWorld({ tools: { hasAccount: () => false } })
  world.admit()
  assert.equal(await reasonOf(world.login()), `No valid account "${SERVICE_ACCOUNT}" for auth callout request`)
})

test('the users of the service itself are exempt', () => {
  const { callout } = calloutWorld()
  assert.deepEqual([callout.isExempt('auth'), callout.isExempt('bob')], [true, false])
})

test('somebody who is in is asked about anew, and may stay longer', async () => {
  const world = calloutWorld()
  const startSeconds = Math.floor(world.clock.now() / 1000)
  world.serve((userNkey) => {
    const exp = Math.floor(world.clock.now() / 1000) + 60
    return world.response(userNkey, { jwt: world.userJwt(userNkey, { exp }) })
  })
  const first = await world.login({ user: 'bob', password: 'secret' })
  assert.ok(first.ok)
  world.clock.advance(59_000)
  const again = await world.callout.recheck(loginRequest({ user: 'bob', password: 'secret' }), first.principal)
  assert.ok(again.ok)
  assert.deepEqual(again.principal.expiry, { atMs: (startSeconds + 59 + 60) * 1000, of: 'user' })
  assert.notEqual(world.asked[0]!.claims.nats.user_nkey, world.asked[1]!.claims.nats.user_nkey)
})

test('one address can take only a share of the questions, and its answers make room again', async () => {
  const world = calloutWorld({ isTrusting: true })
  world.serve(() => undefined)
  const waiting = Array.from({ length: 128 }, () => world.login())
  assert.match(await reasonOf(world.login()), /too many/)
  const other = world.login({ address: '198.51.100.1' })
  await passTimeout(world)
  for (const result of [...waiting, other]) assert.match(await reasonOf(result), /not received in time/)
  assert.equal(world.asked.length, 129)
  const after = reasonOf(world.login())
  await passTimeout(world)
  assert.match(await after, /not received in time/)
})

test('those who are in are asked about a few at a time, and none is forgotten', async () => {
  const world = calloutWorld({ isTrusting: true })
  world.admit()
  const { principal } = (await world.login()) as { principal: Parameters<typeof world.callout.recheck>[1] }
  const results = await Promise.all(
    Array.from({ length: 80 }, () => world.callout.recheck(loginRequest({ user: 'bob' }), principal)),
  )
  assert.ok(results.every(({ ok }) => ok))
  assert.equal(world.asked.length, 81)
})
