import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyPair } from '../../../../src/auth/nats/nkeys.ts'
import { principalOf, Realm, reasonOf, requestOf } from './realm.ts'

const account = KeyPair.create('account')
const signer = KeyPair.create('account')
const user = KeyPair.create('user')

test('a user that the account signed comes in and has its permissions, limits and details', async () => {
  const realm = new Realm()
  await using open = await realm.open([realm.accountJwt(account)])
  const nats = { pub: { allow: ['foo', 'grüße'] }, sub: { deny: ['bar q'] }, subs: 7, payload: 100, tags: ['a:b'] }
  const jwt = realm.userJwt(user, account, nats, { name: 'bob' })
  const principal = principalOf(await open.mode.login(requestOf(jwt, user)))
  assert.deepEqual(principal, {
    name: user.publicKey,
    account: account.publicKey,
    permissions: {
      // Subjects are bytes in the broker.
      publish: { allow: ['foo', Buffer.from('grüße').toString('latin1')] },
      subscribe: { deny: ['bar q'] },
    },
    limits: { maxSubscriptions: 7, maxPayloadBytes: 100 },
    expiry: undefined,
    details: { jwt, issuerKey: account.publicKey, nameTag: 'bob', tags: ['a:b'] },
  })
  assert.equal(open.definitions.get(account.publicKey)?.nameTag, 'A')
})

test('who has no permissions of its own has the default ones of the account', async () => {
  const realm = new Realm()
  const nats = { default_permissions: { sub: { allow: ['x'] }, resp: { max: 0, ttl: 0 } } }
  await using open = await realm.open([realm.accountJwt(account, nats)])
  const principal = principalOf(await open.mode.login(requestOf(realm.userJwt(user, account), user)))
  assert.deepEqual(principal.permissions, {
    publish: { allow: [] },
    subscribe: { allow: ['x'] },
    responses: { maxMessages: 1, ttlMs: 120_000 },
  })
})

test('the signature has to be that of the nonce by the user', async () => {
  const realm = new Realm()
  await using open = await realm.open([realm.accountJwt(account)])
  const jwt = realm.userJwt(user, account)
  const other = KeyPair.create('user')
  for (const [request, reason] of [
    [requestOf(jwt, undefined), 'Signature missing'],
    [requestOf(jwt, other), 'Signature not verified'],
    [requestOf(jwt, user, { nonce: 'another' }), 'Signature not verified'],
    [requestOf(jwt, user, { signature: user.sign('').toString('base64url'), nonce: '' }), 'Signature not verified'],
    [requestOf(jwt, user, { signature: 'x' }), 'Signature not verified'],
    [requestOf('', user), 'Authentication requires a user JWT'],
    [requestOf(`${jwt}x`, user), /^User JWT not valid: /],
    [requestOf(realm.accountJwt(account), user), /^User JWT not valid: not user claim/],
  ] as const) {
    const text = reasonOf(await open.mode.login(request))
    if (typeof reason === 'string') assert.equal(text, reason)
    else assert.match(text, reason)
  }
})

test('a bearer token needs no signature, where the account allows such tokens', async () => {
  const realm = new Realm()
  const jwt = realm.userJwt(user, account, { bearer_token: true })
  await using allowing = await realm.open([realm.accountJwt(account)])
  assert.equal(principalOf(await allowing.mode.login(requestOf(jwt, undefined))).name, user.publicKey)
  const limits = { subs: -1, payload: -1, conn: -1, leaf: -1, imports: -1, exports: -1, disallow_bearer: true }
  await using forbidding = await realm.open([realm.accountJwt(account, { limits })])
  const reason = 'Account does not allow bearer tokens'
  assert.equal(reasonOf(await forbidding.mode.login(requestOf(jwt, undefined))), reason)
})

test('only who the account is, or one of its signing keys, issues its users', async () => {
  const realm = new Realm()
  await using open = await realm.open([realm.accountJwt(account, { signing_keys: [signer.publicKey] })])
  const issuer_account = account.publicKey
  const bySigner = realm.userJwt(user, signer, { issuer_account })
  assert.equal(principalOf(await open.mode.login(requestOf(bySigner, user))).account, account.publicKey)
  const byStranger = realm.userJwt(user, KeyPair.create('account'), { issuer_account })
  assert.equal(reasonOf(await open.mode.login(requestOf(byStranger, user))), 'User JWT issuer is not known')
  const withoutAccount = realm.userJwt(user, signer)
  assert.match(reasonOf(await open.mode.login(requestOf(withoutAccount, user))), /^Account JWT lookup error: /)
})

test('a scoped signing key gives its users the rights of its template, and they have none of their own', async () => {
  const realm = new Realm()
  const template = {
    pub: { allow: ['sensor.{{name()}}.{{tag(site)}}'] },
    sub: { allow: ['{{account-name()}}.{{subject()}}'] },
    subs: 3,
    allowed_connection_types: ['WEBSOCKET'],
  }
  const scope = { kind: 'user_scope', key: signer.publicKey, role: 'sensor', template }
  await using open = await realm.open([realm.accountJwt(account, { signing_keys: [scope] })])
  const nats = { issuer_account: account.publicKey, subs: 0, data: 0, payload: 0, tags: ['site:berlin'] }
  const jwt = realm.userJwt(user, signer, nats, { name: 'bob' })
  const principal = principalOf(await open.mode.login(requestOf(jwt, user, { connectionType: 'WEBSOCKET' })))
  assert.deepEqual(principal.permissions, {
    publish: { allow: ['sensor.bob.berlin'] },
    subscribe: { allow: [`A.${user.publicKey}`] },
  })
  assert.deepEqual(principal.limits, { maxSubscriptions: 3, maxPayloadBytes: undefined })
  assert.equal(reasonOf(await open.mode.login(requestOf(jwt, user))), 'Connection type not allowed')
  const withRights = realm.userJwt(user, signer, { ...nats, pub: { allow: ['>'] } })
  assert.match(reasonOf(await open.mode.login(requestOf(withRights, user))), /scoped users require no permissions/)
})

test('an operator may demand signing keys, of accounts and of their users', async () => {
  const realm = new Realm()
  const operatorSigner = KeyPair.create('operator')
  const operators = [realm.operatorJwt({ signing_keys: [operatorSigner.publicKey], strict_signing_key_usage: true })]
  const bySigner = realm.accountJwt(account, { signing_keys: [signer.publicKey] }, {}, operatorSigner)
  await using open = await realm.open([bySigner], { operators })
  const byKey = realm.userJwt(user, signer, { issuer_account: account.publicKey })
  assert.ok((await open.mode.login(requestOf(byKey, user))).ok)
  const byAccount = realm.userJwt(user, account)
  assert.equal(reasonOf(await open.mode.login(requestOf(byAccount, user))), 'User JWT issuer is not known')
  await using other = await realm.open([realm.accountJwt(account)], { operators })
  const request = requestOf(realm.userJwt(user, account), user)
  assert.match(reasonOf(await other.mode.login(request)), /^Account JWT lookup error: account validation failed/)
})

for (const [what, nats, fields, reason] of [
  ['the wrong door', { allowed_connection_types: ['WEBSOCKET'] }, {}, 'Connection type not allowed'],
  ['a door of which nobody knows', { allowed_connection_types: ['FAX'] }, {}, 'invalid connection types ["FAX"]'],
  ['the right door in small letters', { allowed_connection_types: ['FAX', 'standard'] }, {}, undefined],
  ['the wrong network', { src: ['198.51.100.0/24'] }, {}, 'Bad src Ip 192.0.2.1'],
  ['the right network', { src: ['198.51.100.0/24', '192.0.2.0/24'] }, {}, undefined],
  ['an IPv6 network', { src: ['2001:db8::/32'] }, { address: '2001:db8::7' }, undefined],
  [
    'the wrong time',
    { times: [{ start: '09:00:00', end: '10:00:00' }], times_location: 'UTC' },
    {},
    'Outside connect times',
  ],
  ['a proxy that there is not', { proxy_required: true }, {}, 'proxy connection required'],
  [
    'an invalid network',
    { src: ['nowhere'] },
    {},
    'User JWT no longer valid: invalid cidr "nowhere" in user src limits',
  ],
] as const) {
  test(`a user with ${what} ${reason === undefined ? 'comes in' : 'is refused'}`, async () => {
    const realm = new Realm()
    await using open = await realm.open([realm.accountJwt(account)])
    const result = await open.mode.login(requestOf(realm.userJwt(user, account, nats), user, fields))
    if (reason === undefined) principalOf(result)
    else assert.equal(reasonOf(result), reason)
  })
}

test('whose time is limited is told when it ends: that of the JWT, of the day or of the account, whichever comes first', async () => {
  const realm = new Realm()
  const exp = realm.nowSeconds + 100
  // The clock starts at 03:04:05 UTC.
  const times = [{ start: '03:00:00', end: '03:05:00' }]
  await using open = await realm.open([realm.accountJwt(account, {}, { exp })])
  const expiryOf = async (nats: object, standard: object) => {
    const request = requestOf(realm.userJwt(user, account, { times_location: 'UTC', ...nats }, standard), user)
    return principalOf(await open.mode.login(request)).expiry
  }
  assert.deepEqual(await expiryOf({}, {}), { atMs: exp * 1000, of: 'account' })
  assert.deepEqual(await expiryOf({}, { exp: exp - 1 }), { atMs: (exp - 1) * 1000, of: 'user' })
  assert.deepEqual(await expiryOf({ times }, { exp: exp - 1 }), { atMs: Date.UTC(2026, 0, 2, 3, 5), of: 'user' })
})

test('a JWT is good neither after its time nor before', async () => {
  const realm = new Realm()
  await using open = await realm.open([realm.accountJwt(account)])
  const late = realm.userJwt(user, account, {}, { exp: realm.nowSeconds + 10 })
  const early = realm.userJwt(user, account, {}, { nbf: realm.nowSeconds + 10 })
  assert.ok((await open.mode.login(requestOf(late, user))).ok)
  assert.match(reasonOf(await open.mode.login(requestOf(early, user))), /claim is not yet valid/)
  realm.clock.advance(10_000)
  assert.match(reasonOf(await open.mode.login(requestOf(late, user))), /claim is expired/)
  assert.ok((await open.mode.login(requestOf(early, user))).ok)
})

test('what was issued before a revocation is void, of one user or of all', async () => {
  const realm = new Realm()
  for (const key of [user.publicKey, '*']) {
    const revocations = { [key]: realm.nowSeconds }
    await using open = await realm.open([realm.accountJwt(account, { revocations })])
    const request = requestOf(realm.userJwt(user, account), user)
    assert.equal(reasonOf(await open.mode.login(request)), 'User authentication revoked')
    realm.clock.advance(1_000)
    assert.ok((await open.mode.login(requestOf(realm.userJwt(user, account), user))).ok)
  }
})

test('with pinned accounts the users of others stay outside', async () => {
  const realm = new Realm()
  const tokens = [realm.accountJwt(account), realm.accountJwt(signer)]
  await using open = await realm.open(tokens, { pinnedAccounts: [signer.publicKey] })
  const request = requestOf(realm.userJwt(user, account), user)
  assert.match(reasonOf(await open.mode.login(request)), /not listed as operator pinned account/)
  assert.ok((await open.mode.login(requestOf(realm.userJwt(user, signer), user))).ok)
})

test('who shows no JWT has the default sentinel', async () => {
  const realm = new Realm()
  const defaultSentinel = realm.userJwt(user, account, { bearer_token: true })
  await using open = await realm.open([realm.accountJwt(account)], { defaultSentinel })
  for (const jwt of ['', 'something else']) {
    assert.equal(principalOf(await open.mode.login(requestOf(jwt, undefined))).name, user.publicKey)
  }
})

test('a recheck asks for no signature, and tells who is to go what it is for', async () => {
  const realm = new Realm()
  const first = realm.accountJwt(account, { default_permissions: { pub: { allow: ['a'] } } })
  await using open = await realm.open([first])
  const jwt = realm.userJwt(user, account, {}, { exp: realm.nowSeconds + 100 })
  const request = requestOf(jwt, user)
  const principal = principalOf(await open.mode.login(request))
  const recheck = () => open.mode.recheck({ ...request, nonce: '', signature: '' }, principal)
  const update = async (nats: Record<string, unknown>, standard = {}) => {
    realm.clock.advance(1_000)
    const token = Buffer.from(realm.accountJwt(account, nats, standard))
    const answer = await open.mode.answer(`$SYS.REQ.ACCOUNT.${account.publicKey}.CLAIMS.UPDATE`, token)
    assert.equal(JSON.parse(String(answer)).data?.message, 'jwt updated', String(answer))
  }
  assert.deepEqual(principalOf(await recheck()).permissions, { publish: { allow: ['a'] }, subscribe: undefined })

  await update({ default_permissions: { pub: { allow: ['b'] } } })
  assert.deepEqual(open.changed, [account.publicKey])
  assert.deepEqual(principalOf(await recheck()).permissions, { publish: { allow: ['b'] }, subscribe: undefined })

  await update({ revocations: { '*': realm.nowSeconds } })
  const revoked = { ok: false, reason: 'User authentication revoked', closeReason: 'Credentials Revoked' }
  assert.deepEqual(await recheck(), revoked)

  await update({}, { exp: realm.nowSeconds + 5 })
  realm.clock.advance(5_000)
  assert.deepEqual(await recheck(), {
    ok: false,
    reason: 'Account JWT lookup error: account expired',
    closeReason: 'Authentication Expired',
    expired: 'account',
  })

  await update({})
  realm.clock.advance(100_000)
  const result = await recheck()
  assert.match(reasonOf(result), /claim is expired/)
  assert.equal(result.ok || result.closeReason, 'Authentication Expired')
})

test('a recheck asks for the signature of those whom others let in', async () => {
  const realm = new Realm()
  await using open = await realm.open([realm.accountJwt(account)])
  const jwt = realm.userJwt(user, account)
  // As before a reload by which operators came: nobody looked at what was shown.
  const anybody = { name: '', account: '$G' }
  assert.equal(reasonOf(await open.mode.recheck(requestOf(jwt, undefined), anybody)), 'Signature missing')
  assert.equal(
    reasonOf(await open.mode.recheck(requestOf(jwt, user, { nonce: '' }), anybody)),
    'Signature not verified',
  )
  assert.equal(principalOf(await open.mode.recheck(requestOf(jwt, user), anybody)).name, user.publicKey)
})

test('where the account says so, a service is asked about all but its own users', async () => {
  const realm = new Realm()
  const own = KeyPair.create('user')
  const authorization = {
    auth_users: [own.publicKey],
    allowed_accounts: ['*'],
    xkey: KeyPair.create('curve').publicKey,
  }
  const asked: unknown[] = []
  await using open = await realm.open(
    [realm.accountJwt(account, { authorization })],
    {},
    {
      calloutFor: (options) => {
        asked.push(options)
        const principal = { name: 'by the service', account: account.publicKey }
        const judge = async ({ jwt }: { jwt: string }) => {
          asked.push(jwt)
          return { ok: true, principal } as const
        }
        return { login: judge, recheck: judge }
      },
    },
  )
  const deny = { publish: { deny: ['$SYS.REQ.USER.AUTH'] } }
  const ownPrincipal = principalOf(await open.mode.login(requestOf(realm.userJwt(own, account), own)))
  assert.equal(ownPrincipal.name, own.publicKey)
  assert.deepEqual(ownPrincipal.permissions, deny)
  assert.deepEqual(asked, [])

  const jwt = realm.userJwt(user, account)
  const principal = principalOf(await open.mode.login(requestOf(jwt, user)))
  assert.equal(principal.name, 'by the service')
  assert.deepEqual(principal.permissions, deny)
  const name = account.publicKey
  const { xkey } = authorization
  const options = { issuer: name, authUsers: [own.publicKey], account: name, xkey, allowedAccounts: ['*'] }
  assert.deepEqual(asked, [options, jwt])
  principalOf(await open.mode.recheck(requestOf(jwt, user), principal))
  assert.deepEqual(asked, [options, jwt, jwt])
  assert.equal(reasonOf(await open.mode.login(requestOf(jwt, undefined))), 'Signature missing')
})
