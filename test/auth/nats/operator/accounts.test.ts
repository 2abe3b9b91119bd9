import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '#kit'
import { KeyPair } from '../../../../src/auth/nats/nkeys.ts'
import { Accounts } from '../../../../src/auth/nats/operator/accounts.ts'
import { trustOf } from '../../../../src/auth/nats/operator/trust.ts'
import { until } from '../../../helpers/wait.ts'
import { type OpenRealm, principalOf, Realm, reasonOf, requestOf } from './realm.ts'

const exporter = KeyPair.create('account')
const importer = KeyPair.create('account')
const user = KeyPair.create('user')

function importOf(fields: Record<string, unknown>) {
  return { name: 'i', type: 'stream', subject: 'news.>', account: exporter.publicKey, ...fields }
}

/** Has `account` looked up, as a login does. */
async function comeIn(realm: Realm, { mode }: OpenRealm, account: KeyPair): Promise<void> {
  principalOf(await mode.login(requestOf(realm.userJwt(user, account), user)))
}

test('an account becomes a definition, with what it exports, imports, maps and allows', async () => {
  const realm = new Realm()
  const exports = [
    { name: 's', type: 'stream', subject: 'news.>', token_req: true },
    {
      name: 'q',
      type: 'service',
      subject: 'ask.*',
      response_type: 'Chunked',
      response_threshold: 2_500_000_000,
      service_latency: { sampling: 'headers', results: 'latency' },
      account_token_position: 2,
    },
  ]
  const imports = [
    importOf({ local_subject: 'local.>' }),
    importOf({ to: 'prefix' }),
    importOf({ type: 'service', subject: 'theirs', local_subject: 'ours', share: true }),
    importOf({ type: 'service', subject: 'ours.old', to: 'theirs.old' }),
    importOf({ account: KeyPair.create('account').publicKey }),
  ]
  const mappings = {
    'a.*': [
      { subject: 'b.$1', weight: 40 },
      { subject: 'c.$1', cluster: 'far' },
    ],
  }
  const limits = { subs: 1, payload: 2, conn: 3, leaf: 4, imports: -1, exports: -1, wildcards: true }
  await using open = await realm.open([
    realm.accountJwt(exporter, {}),
    realm.accountJwt(importer, { exports, imports, mappings, limits }),
  ])
  await comeIn(realm, open, importer)
  assert.deepEqual(open.definitions.get(importer.publicKey), {
    name: importer.publicKey,
    nameTag: 'A',
    exports: [
      { kind: 'stream', subject: 'news.>', access: { kind: 'token' }, accountTokenPosition: undefined },
      {
        kind: 'service',
        subject: 'ask.*',
        access: { kind: 'public' },
        accountTokenPosition: 2,
        responseType: 'chunked',
        responseThresholdMs: 2_500,
        latency: { subject: 'latency', sampling: 'headers' },
        allowsTrace: false,
      },
    ],
    imports: [
      { kind: 'stream', subject: 'news.>', to: 'local.>' },
      { kind: 'stream', subject: 'news.>', to: 'prefix.news.>' },
      { kind: 'service', subject: 'theirs', to: 'ours', sharesRequestor: true },
      { kind: 'service', subject: 'theirs.old', to: 'ours.old', sharesRequestor: false },
    ].map((one) => ({
      ...one,
      account: exporter.publicKey,
      isActivated: false,
      ...(one.kind === 'stream' && { allowsTrace: false }),
    })),
    mappings: [
      {
        source: 'a.*',
        destinations: [
          { subject: 'b.$1', weight: 40, cluster: undefined },
          { subject: 'c.$1', weight: 100, cluster: 'far' },
        ],
      },
    ],
    limits: { maxSubscriptions: 1, maxPayloadBytes: 2, maxConnections: 3, maxLeafNodes: 4 },
  })
})

test('an activation token is good while it lasts, for whom it is, and until it is revoked', async () => {
  const realm = new Realm()
  const signer = KeyPair.create('account')
  const grant = { kind: 'stream', subject: 'news.>' }
  const exp = realm.nowSeconds + 60
  const good = realm.activationJwt(importer, exporter, grant, { exp })
  const bySigner = realm.activationJwt(importer, signer, { ...grant, issuer_account: exporter.publicKey })
  const exporterJwt = (revocations: object) => {
    return realm.accountJwt(exporter, {
      exports: [{ name: 's', type: 'stream', subject: 'news.>', token_req: true, revocations }],
      signing_keys: [signer.publicKey],
    })
  }
  for (const [token, isActivated] of [
    [good, true],
    [bySigner, true],
    [undefined, false],
    [realm.activationJwt(importer, signer, grant), false],
    [realm.activationJwt(KeyPair.create('account'), exporter, grant), false],
    [realm.activationJwt(importer, exporter, { ...grant, subject: 'other' }), false],
    [realm.activationJwt(importer, exporter, { ...grant, kind: 'service' }), false],
  ] as const) {
    const imports = [importOf({ token })]
    const tokens = [exporterJwt({}), realm.accountJwt(importer, { imports })]
    await using open = await realm.open(tokens)
    const result = await open.mode.login(requestOf(realm.userJwt(user, importer), user))
    const found = open.definitions.get(importer.publicKey)?.imports[0]?.isActivated
    // A token that contradicts its import makes the whole account invalid.
    if (result.ok) assert.equal(found, isActivated)
    else {
      assert.equal(isActivated, false)
      assert.match(result.reason, /account validation failed/)
    }
  }

  await using open = await realm.open([
    exporterJwt({}),
    realm.accountJwt(importer, { imports: [importOf({ token: good })] }),
  ])
  await comeIn(realm, open, importer)
  const isActivated = () => open.definitions.get(importer.publicKey)?.imports[0]?.isActivated
  assert.equal(isActivated(), true)
  realm.clock.advance(1_000)
  const subject = `$SYS.REQ.ACCOUNT.${exporter.publicKey}.CLAIMS.UPDATE`
  await open.mode.answer(subject, Buffer.from(exporterJwt({ [importer.publicKey]: realm.nowSeconds })))
  assert.equal(isActivated(), false)
  await open.mode.answer(subject, Buffer.from(exporterJwt({})))
  assert.equal(isActivated(), true)
  realm.clock.advance(60_000)
  assert.equal(isActivated(), false)
})

test('accounts that import from each other are had together', async () => {
  const realm = new Realm()
  const mutual = (account: KeyPair, other: KeyPair) => {
    const imports = [{ name: 'i', type: 'stream', subject: 'x', account: other.publicKey }]
    return realm.accountJwt(account, { imports, exports: [{ name: 'e', type: 'stream', subject: 'x' }] })
  }
  await using open = await realm.open([mutual(importer, exporter), mutual(exporter, importer)])
  await Promise.all([comeIn(realm, open, importer), comeIn(realm, open, exporter)])
  for (const key of [importer, exporter]) assert.equal(open.definitions.get(key.publicKey)?.imports.length, 1)
})

interface Fetches {
  readonly asked: string[]
  readonly answers: Map<string, PromiseWithResolvers<string>>
}

function accountsWith(realm: Realm, isInUse = () => true) {
  const fetches: Fetches = { asked: [], answers: new Map() }
  const accounts = new Accounts({
    trust: trustOf(
      {
        operators: [realm.operatorJwt()],
        trustedKeys: [],
        systemAccount: undefined,
        resolver: { kind: 'memory' },
        preload: {},
        defaultSentinel: undefined,
        pinnedAccounts: [],
      },
      undefined,
    ),
    resolver: {
      fetch: (account) => {
        fetches.asked.push(account)
        const answer = Promise.withResolvers<string>()
        fetches.answers.set(account, answer)
        return answer.promise
      },
    },
    tools: { clock: realm.clock, logger: silentLogger, define() {}, forget() {}, changed() {}, isInUse },
  })
  return { accounts, ...fetches }
}

test('an account is fetched once, however many want it', async () => {
  const realm = new Realm()
  const { accounts, asked, answers } = accountsWith(realm)
  const all = Array.from({ length: 50 }, () => accounts.get(exporter.publicKey))
  await until(() => answers.size === 1, 'the fetch')
  answers.get(exporter.publicKey)?.resolve(realm.accountJwt(exporter))
  for (const claims of await Promise.all(all)) assert.equal(claims.subject, exporter.publicKey)
  await accounts.get(exporter.publicKey)
  assert.deepEqual(asked, [exporter.publicKey])
})

test('who imports from a thousand accounts leaves others their turn', async () => {
  const realm = new Realm()
  const { accounts, asked, answers } = accountsWith(realm)
  const exporters = Array.from({ length: 1_000 }, () => KeyPair.create('account').publicKey)
  const imports = exporters.map((account) => ({ type: 'stream', subject: 'news', account }))
  const first = accounts.get(importer.publicKey)
  await until(() => answers.size === 1, 'the fetch')
  answers.get(importer.publicKey)?.resolve(realm.accountJwt(importer, { imports }))
  await until(() => asked.length > 1, 'the fetches of exporters')

  const other = accounts.get(exporter.publicKey)
  await until(() => answers.has(exporter.publicKey), 'the fetch of another')
  answers.get(exporter.publicKey)?.resolve(realm.accountJwt(exporter))
  assert.equal((await other).subject, exporter.publicKey)
  assert.equal(asked.length, 1 + 8 + 1)

  while (exporters.length > 0) {
    await until(() => exporters.some((account) => answers.has(account)), 'further fetches')
    for (const account of exporters.splice(0)) {
      if (answers.has(account)) answers.get(account)?.reject(new Error('account missing'))
      else exporters.push(account)
    }
  }
  assert.equal((await first).subject, importer.publicKey)
})

test('an account that there is not is not asked for again at once', async () => {
  const realm = new Realm()
  const { accounts, asked, answers } = accountsWith(realm)
  const { publicKey } = exporter
  const first = assert.rejects(accounts.get(publicKey), /account missing/)
  await until(() => answers.size === 1, 'the fetch')
  answers.get(publicKey)?.reject(new Error('account missing'))
  await first
  for (let attempt = 0; attempt < 20; attempt++) await assert.rejects(accounts.get(publicKey), /account missing/)
  assert.equal(asked.length, 1)
  realm.clock.advance(1_000)
  const again = accounts.get(publicKey)
  await until(() => asked.length === 2, 'the second fetch')
  answers.get(publicKey)?.resolve(realm.accountJwt(exporter))
  await again
})

test('many accounts are fetched a few at a time, and none that has no valid name', async () => {
  const realm = new Realm()
  const { accounts, asked, answers } = accountsWith(realm)
  await assert.rejects(accounts.get('../../etc/passwd'), /will only fetch valid account keys/)
  const keys = Array.from({ length: 100 }, () => KeyPair.create('account'))
  const all = keys.map((key) => accounts.get(key.publicKey))
  await until(() => asked.length === 32, 'the first fetches')
  for (const [index, key] of keys.entries()) {
    await until(() => answers.has(key.publicKey), 'its turn')
    assert.ok(asked.length - index <= 32)
    answers.get(key.publicKey)?.resolve(realm.accountJwt(key))
    await all[index]
  }
  assert.equal(asked.length, 100)
})

for (const [what, make, reason] of [
  ['of another operator', (realm: Realm) => realm.accountJwt(exporter, {}, {}, KeyPair.create('operator')), /trusted/],
  ['signed by the account itself', (realm: Realm) => realm.accountJwt(exporter, {}, {}, exporter), /trusted/],
  ['of another account', (realm: Realm) => realm.accountJwt(importer), /another account/],
  ['that has expired', (realm: Realm) => realm.accountJwt(exporter, {}, { exp: realm.nowSeconds - 1 }), /expired/],
  [
    'with more exports than it may have',
    (realm: Realm) => {
      return realm.accountJwt(exporter, { limits: { exports: 0 }, exports: [{ type: 'stream', subject: 'x' }] })
    },
    /more exports/,
  ],
  ['that is none', () => 'nonsense', /expected 3 chunks/],
] as const) {
  test(`a JWT ${what} makes no account`, async () => {
    const realm = new Realm()
    const { accounts, answers } = accountsWith(realm)
    const outcome = assert.rejects(accounts.get(exporter.publicKey), reason)
    await until(() => answers.size === 1, 'the fetch')
    answers.get(exporter.publicKey)?.resolve(make(realm))
    await outcome
    assert.equal(accounts.claims(exporter.publicKey), undefined)
  })
}

test('an expired account is not revived by a JWT that is older than the one it had', async () => {
  const realm = new Realm()
  const old = realm.accountJwt(exporter)
  await using open = await realm.open([old])
  await comeIn(realm, open, exporter)
  realm.clock.advance(1_000)
  const exp = realm.nowSeconds + 5
  const subject = `$SYS.REQ.ACCOUNT.${exporter.publicKey}.CLAIMS.UPDATE`
  const revocations = { '*': realm.nowSeconds }
  await open.mode.answer(subject, Buffer.from(realm.accountJwt(exporter, { revocations }, { exp })))
  realm.clock.advance(5_000)
  const request = requestOf(realm.userJwt(user, exporter), user)
  assert.match(reasonOf(await open.mode.login(request)), /account expired/)
})
