import assert from 'node:assert/strict'
import test from 'node:test'
import { createAccount, type KeyPair } from '@nats-io/nkeys'
import { type AccountClaims, decodeJwt, signerOf } from '#auth'
import { loginRequest } from '../login-request.ts'
import { calloutWorld, reasonOf, SERVICE_ACCOUNT, signed } from './service.ts'

/** What operators say of an account. */
function accountClaims(account: KeyPair, nats: object = {}, fields: object = {}): AccountClaims {
  const token = signed(
    { sub: account.getPublicKey(), name: 'acme', ...fields, nats: { type: 'account', version: 2, ...nats } },
    account,
  )
  const decoded = decodeJwt(token, 'account')
  assert.ok(decoded.ok)
  return decoded.claims
}

interface Options {
  readonly service?: object
  readonly target?: object
  readonly allowed?: 'target' | '*' | 'none'
  readonly isSealed?: boolean
  /** The operator has `strict_signing_key_usage`. */
  readonly isStrict?: boolean
}

/** A service in one account that may put clients into another. */
function operatorWorld({
  service = {},
  target = {},
  allowed = 'target',
  isSealed = false,
  isStrict = false,
}: Options = {}) {
  const keys = { service: createAccount(), target: createAccount() }
  const names = { service: keys.service.getPublicKey(), target: keys.target.getPublicKey() }
  const known = new Map<string, AccountClaims | undefined>([
    // The account lies under another name in these tests, which core does not mind.
    [SERVICE_ACCOUNT, accountClaims(keys.service, service)],
    [names.service, accountClaims(keys.service, service)],
    [names.target, accountClaims(keys.target, target)],
  ])
  const world = calloutWorld({
    isSealed,
    options: {
      issuer: names.service,
      allowedAccounts: allowed === 'none' ? [] : [allowed === '*' ? '*' : names.target],
    },
    tools: {
      operator: {
        accountClaims: async (name) => known.get(name),
        signerOf: (account, key) => signerOf(account, key, { isStrict: () => isStrict }),
      },
    },
  })
  /** The target's JWT is another by now; with `undefined` there is none. */
  const updateTarget = (nats: object | undefined, fields: object = {}) =>
    known.set(names.target, nats && accountClaims(keys.target, nats, fields))
  return { ...world, keys, names, updateTarget }
}

test('the account of a user is the one that issued it, whatever audience it names', async () => {
  const world = operatorWorld()
  world.serve((user) =>
    world.response(user, { jwt: world.userJwt(user, { signer: world.keys.target }) }, { signer: world.keys.service }),
  )
  const result = await world.login({ user: 'bob' })
  assert.ok(result.ok, JSON.stringify(result))
  assert.equal(result.principal.account, world.names.target)
  assert.equal(world.asked[0]!.claims.sub, world.names.service)
})

test('signing keys may sign both, with the rights of their scope', async () => {
  const [forResponses, forUsers] = [createAccount(), createAccount()]
  const scope = {
    kind: 'user_scope',
    key: forUsers.getPublicKey(),
    role: 'bell',
    template: { pub: { allow: ['bells.{{name()}}'] }, subs: 5, payload: -1, data: -1 },
  }
  const world = operatorWorld({
    service: { signing_keys: [forResponses.getPublicKey()] },
    target: { signing_keys: [scope] },
    allowed: '*',
  })
  world.serve((user) => {
    const jwt = world.userJwt(user, { signer: forUsers, nats: { issuer_account: world.names.target } })
    return world.response(user, { jwt, issuer_account: world.names.service }, { signer: forResponses })
  })
  const result = await world.login({ user: 'bob' })
  assert.ok(result.ok, JSON.stringify(result))
  const { account, permissions, limits, details } = result.principal
  assert.equal(account, world.names.target)
  assert.deepEqual(permissions?.publish?.allow, ['bells.bob'])
  assert.equal(limits?.maxSubscriptions, 5)
  assert.equal(details?.issuerKey, forUsers.getPublicKey())
})

test('a user without permissions has those that its account gives by default', async () => {
  const world = operatorWorld({ target: { default_permissions: { pub: { deny: ['secret'] }, sub: {} } } })
  world.serve((user) =>
    world.response(user, { jwt: world.userJwt(user, { signer: world.keys.target }) }, { signer: world.keys.service }),
  )
  const result = await world.login()
  assert.ok(result.ok)
  assert.deepEqual(result.principal.permissions?.publish?.deny, ['secret'])
})

for (const [what, options, answer, reason] of [
  [
    'an account that the service may not use',
    { allowed: 'none' },
    (world, user) =>
      world.response(user, { jwt: world.userJwt(user, { signer: world.keys.target }) }, { signer: world.keys.service }),
    /not permitted as valid account option for auth callout/,
  ],
  [
    'an account that there is not',
    { allowed: '*' },
    (world, user) =>
      world.response(user, { jwt: world.userJwt(user, { signer: createAccount() }) }, { signer: world.keys.service }),
    /^no valid account "A.*"/,
  ],
  [
    'a user in the name of an account that does not know the key',
    { allowed: '*' },
    (world, user) => {
      const jwt = world.userJwt(user, { signer: createAccount(), nats: { issuer_account: world.names.target } })
      return world.response(user, { jwt }, { signer: world.keys.service })
    },
    /^user JWT issuer "A.*" is not known$/,
  ],
  [
    'under strict_signing_key_usage, a user that the key of the account itself signed,',
    { isStrict: true },
    (world, user) =>
      world.response(user, { jwt: world.userJwt(user, { signer: world.keys.target }) }, { signer: world.keys.service }),
    /^user JWT issuer "A.*" is not known$/,
  ],
  [
    'a response of somebody who is not of its account',
    {},
    (world, user) =>
      world.response(user, { jwt: world.userJwt(user, { signer: world.keys.target }) }, { signer: createAccount() }),
    /^auth callout signing key is unknown$/,
  ],
] satisfies [string, Options, (world: ReturnType<typeof operatorWorld>, user: string) => string, RegExp][]) {
  test(`${what} is refused`, async () => {
    const world = operatorWorld(options)
    world.serve((user) => answer(world, user))
    assert.match(await reasonOf(world.login()), reason)
  })
}

test('a scope leaves no room for rights of the user itself', async () => {
  const signer = createAccount()
  const world = operatorWorld({
    target: { signing_keys: [{ kind: 'user_scope', key: signer.getPublicKey(), template: {} }] },
  })
  world.serve((user) => {
    const nats = { issuer_account: world.names.target, pub: { allow: ['everything'] } }
    return world.response(user, { jwt: world.userJwt(user, { signer, nats }) }, { signer: world.keys.service })
  })
  assert.match(await reasonOf(world.login()), /^user JWT is not valid/)
})

test('under seal, whoever signed the response need not be known', async () => {
  const world = operatorWorld({ isSealed: true })
  world.serve((user) => {
    const jwt = world.userJwt(user, { signer: world.keys.target })
    const response = world.response(user, { jwt }, { signer: createAccount() })
    return Buffer.from(world.curve.seal(Buffer.from(response), world.xkeys.publicKey))
  })
  assert.ok((await world.login()).ok)
})

/** Somebody who was let in by a user JWT of the target account, with these fields. */
async function somebodyIn(world: ReturnType<typeof operatorWorld>, fields: object = {}, signer = world.keys.target) {
  world.serve((user) => {
    const nats = { issuer_account: world.names.target }
    return world.response(
      user,
      { jwt: world.userJwt(user, { signer, nats, ...fields }) },
      { signer: world.keys.service },
    )
  })
  const result = await world.login()
  assert.ok(result.ok, JSON.stringify(result))
  return { ...result.principal, key: world.asked[0]!.claims.nats.user_nkey as string }
}

test('when its account changes, who is in stays as far as the account goes along, and nobody is asked', async () => {
  const signer = createAccount()
  const world = operatorWorld({ target: { signing_keys: [signer.getPublicKey()] } })
  const somebody = await somebodyIn(world, {}, signer)
  const recheck = () => world.callout.recheck(loginRequest(), somebody)
  world.updateTarget({
    signing_keys: [signer.getPublicKey()],
    default_permissions: { pub: { deny: ['secret'] }, sub: {} },
  })
  const result = await recheck()
  assert.ok(result.ok)
  assert.deepEqual(result.principal.permissions?.publish?.deny, ['secret'])
  world.updateTarget({})
  assert.match(await reasonOf(recheck()), /^user JWT issuer "A.*" is not known$/)
  world.updateTarget(undefined)
  assert.match(await reasonOf(recheck()), /^no valid account "A.*"/)
  assert.equal(world.asked.length, 1)
})

for (const whom of ['it', 'all'] as const) {
  test(`who was let in by a callout goes when its account revokes ${whom}`, async () => {
    const world = operatorWorld()
    const somebody = await somebodyIn(world)
    world.updateTarget({ revocations: { [whom === 'it' ? somebody.key : '*']: 1 } })
    const result = await world.callout.recheck(loginRequest(), somebody)
    assert.deepEqual(result, {
      ok: false,
      reason: 'User authentication revoked',
      closeReason: 'Credentials Revoked',
      calloutAccount: SERVICE_ACCOUNT,
    })
  })
}

test('who was let in by a callout is asked about anew when the time of the user or of the account is up', async () => {
  const world = operatorWorld()
  const inSeconds = (seconds: number) => Math.floor(world.clock.now() / 1000) + seconds
  world.updateTarget({}, { exp: inSeconds(60) })
  const somebody = await somebodyIn(world)
  assert.deepEqual(somebody.expiry, { atMs: inSeconds(60) * 1000, of: 'account' })
  world.updateTarget({})
  world.clock.advance(60_000)
  const result = await world.callout.recheck(loginRequest(), somebody)
  assert.ok(result.ok)
  assert.equal(result.principal.expiry, undefined)
  assert.equal(world.asked.length, 2)
})
