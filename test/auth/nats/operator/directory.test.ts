import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { KeyPair } from '../../../../src/auth/nats/nkeys.ts'
import type { DirectoryOptions } from '../../../../src/auth/nats/operator/directory-resolver.ts'
import type { OperatorTools } from '../../../../src/auth/nats/operator/index.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../helpers/temp.ts'
import { until } from '../../../helpers/wait.ts'
import { type OpenRealm, principalOf, Realm, reasonOf, requestOf } from './realm.ts'

const system = KeyPair.create('account')
const account = KeyPair.create('account')
const other = KeyPair.create('account')
const user = KeyPair.create('user')

interface Setup {
  readonly directory?: Partial<DirectoryOptions>
  readonly operator?: Record<string, unknown>
  readonly tokens?: readonly string[]
  readonly tools?: Partial<OperatorTools>
}

function openDirectory(realm: Realm, { path }: TemporaryFolder, { directory, operator, tokens, tools }: Setup = {}) {
  const operators = [realm.operatorJwt({ system_account: system.publicKey, ...operator })]
  const resolver = {
    kind: 'directory',
    mode: 'full',
    folder: path,
    allowsDelete: false,
    deletesHard: false,
    limit: 0,
    ttlMs: 0,
    syncIntervalMs: 60_000,
    fetchTimeoutMs: 1_900,
    ...directory,
  } as const
  return realm.open(tokens ?? [realm.accountJwt(system)], { operators, resolver }, tools)
}

/** What is answered: an object for JSON, a text for the rest. */
async function ask({ mode }: OpenRealm, subject: string, payload: string | Buffer = '') {
  const answer = await mode.answer(subject, Buffer.from(payload))
  const text = answer?.toString()
  return text?.startsWith('{') ? JSON.parse(text) : text
}

const files = async ({ path }: TemporaryFolder) => (await readdir(path)).sort()

test('an account that is pushed is kept in a file of its own and can be used at once', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  await using open = await openDirectory(realm, folder, { tools: { stamp: () => ({ name: 'S' }) } })
  const login = () => open.mode.login(requestOf(realm.userJwt(user, account), user))
  assert.match(reasonOf(await login()), /account jwt not found/)
  const token = realm.accountJwt(account)
  assert.deepEqual(await ask(open, '$SYS.REQ.CLAIMS.UPDATE', token), {
    server: { name: 'S' },
    data: { account: account.publicKey, code: 200, message: 'jwt updated' },
  })
  realm.clock.advance(1_000)
  principalOf(await login())
  assert.deepEqual(await files(folder), [`${account.publicKey}.jwt`, `${system.publicKey}.jwt`].sort())
  assert.equal(await readFile(folder.join(`${account.publicKey}.jwt`), 'utf8'), token)
  assert.equal(await ask(open, `$SYS.REQ.ACCOUNT.${account.publicKey}.CLAIMS.LOOKUP`), token)
  assert.equal(await ask(open, `$SYS.REQ.ACCOUNT.${other.publicKey}.CLAIMS.LOOKUP`), '')
})

test('a change of an account that is in use reaches its connections, by either subject', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  await using open = await openDirectory(realm, folder, {
    tokens: [realm.accountJwt(system), realm.accountJwt(account)],
  })
  principalOf(await open.mode.login(requestOf(realm.userJwt(user, account), user)))
  const { publicKey } = account
  const subjects = [
    '$SYS.REQ.CLAIMS.UPDATE',
    `$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.UPDATE`,
    `$SYS.ACCOUNT.${publicKey}.CLAIMS.UPDATE`,
  ]
  for (const [index, subject] of subjects.entries()) {
    const answer = await ask(open, subject, realm.accountJwt(account, { description: `${index}` }))
    assert.equal(answer.data?.message, 'jwt updated')
    assert.equal(open.changed.length, index + 1)
    assert.equal(open.mode.accountClaims(publicKey)?.description, `${index}`)
  }
})

for (const [what, make, description] of [
  ['that is none', () => 'x', 'jwt update resulted in error - expected 3 chunks'],
  [
    'of another account',
    (realm: Realm) => realm.accountJwt(other),
    'jwt update resulted in error - subject does not match jwt content',
  ],
  [
    'that is not valid',
    (realm: Realm) => realm.accountJwt(account, { exports: [{ type: 'stream', subject: 'a b' }] }),
    'jwt validation failed - validation errors: [subject "a b" cannot have spaces]',
  ],
  [
    'of nobody trusted',
    (realm: Realm) => realm.accountJwt(account, {}, {}, KeyPair.create('operator')),
    'jwt update resulted in error - account validation failed',
  ],
] as const) {
  test(`a JWT ${what} is not kept`, async () => {
    await using folder = await temporaryFolder()
    const realm = new Realm()
    await using open = await openDirectory(realm, folder)
    const answer = await ask(open, `$SYS.REQ.ACCOUNT.${account.publicKey}.CLAIMS.UPDATE`, make(realm))
    assert.equal(answer.error.code, 500)
    assert.equal(answer.error.description, description)
    assert.deepEqual(await files(folder), [`${system.publicKey}.jwt`])
  })
}

test('a strict operator takes only what its signing keys signed', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const signer = KeyPair.create('operator')
  await using open = await openDirectory(realm, folder, {
    operator: { strict_signing_key_usage: true, signing_keys: [signer.publicKey] },
    tokens: [realm.accountJwt(system, {}, {}, signer)],
  })
  const answer = await ask(open, '$SYS.REQ.CLAIMS.UPDATE', realm.accountJwt(account))
  assert.equal(answer.error.description, 'jwt update resulted in error - operator requires issuer to be a signing key')
  assert.equal((await ask(open, '$SYS.REQ.CLAIMS.UPDATE', realm.accountJwt(account, {}, {}, signer))).data.code, 200)
})

test('a full directory takes no more', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  await using open = await openDirectory(realm, folder, { directory: { limit: 1 } })
  const answer = await ask(open, '$SYS.REQ.CLAIMS.UPDATE', realm.accountJwt(account))
  assert.equal(answer.error.description, 'jwt update resulted in error - jwt store is full')
})

for (const [what, directory, left] of [
  ['kept under another name', { allowsDelete: true }, `${account.publicKey}.jwt.deleted`],
  ['gone', { allowsDelete: true, deletesHard: true }, undefined],
] as const) {
  test(`an account that is deleted is ${what}, and its users have to go`, async () => {
    await using folder = await temporaryFolder()
    const realm = new Realm()
    await using open = await openDirectory(realm, folder, {
      directory,
      tokens: [realm.accountJwt(system), realm.accountJwt(account)],
    })
    const request = requestOf(realm.userJwt(user, account), user)
    const principal = principalOf(await open.mode.login(request))
    const deletion = realm.genericJwt(realm.operator, { accounts: [account.publicKey] })
    assert.deepEqual(await ask(open, '$SYS.REQ.CLAIMS.DELETE', deletion), {
      server: {},
      data: { code: 200, message: 'deleted 1 accounts' },
    })
    assert.deepEqual(await files(folder), [`${system.publicKey}.jwt`, left].filter((name) => name !== undefined).sort())
    assert.deepEqual(open.changed, [account.publicKey])
    assert.equal(open.definitions.has(account.publicKey), false)
    const result = await open.mode.recheck(request, principal)
    assert.equal(result.ok || result.expired, 'account')
  })
}

test('only the operator deletes, only what may be, only when it is allowed', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const accounts = [account.publicKey]
  const good = realm.genericJwt(realm.operator, { accounts })
  const stranger = KeyPair.create('operator')
  const cases = [
    [true, realm.genericJwt(stranger, { accounts }), 'not trusted'],
    [true, realm.genericJwt(realm.operator, { accounts }, stranger.publicKey), 'not self signed'],
    [true, realm.genericJwt(realm.operator, {}), 'malformed request'],
    [true, realm.genericJwt(realm.operator, { accounts: ['../x'] }), 'malformed request'],
    [true, realm.genericJwt(realm.operator, { accounts: [system.publicKey] }), 'not allowed to delete system account'],
    [false, good, 'delete must be enabled in server config'],
  ] as const
  for (const [allowsDelete, token, reason] of cases) {
    await using open = await openDirectory(realm, folder, { directory: { allowsDelete } })
    const { description } = (await ask(open, '$SYS.REQ.CLAIMS.DELETE', token)).error
    assert.match(description, /^delete accounts request by O\w{55} failed - /)
    assert.ok(description.endsWith(reason), description)
  }
})

test('tools get the list of accounts, and all their JWTs when they have others', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const tokens = [realm.accountJwt(system), realm.accountJwt(account)]
  await using open = await openDirectory(realm, folder, { tokens })
  const list = await ask(open, '$SYS.REQ.CLAIMS.LIST')
  assert.deepEqual(list.data.sort(), [system.publicKey, account.publicKey].sort())
  const pack = async (hash: Buffer) => {
    const told: string[] = []
    const last = await open.mode.answer('$SYS.REQ.CLAIMS.PACK', hash, (answer) => void told.push(String(answer)))
    assert.equal(last?.length, 0)
    return told.sort()
  }
  const all = [`${system.publicKey}|${tokens[0]}`, `${account.publicKey}|${tokens[1]}`].sort()
  assert.deepEqual(await pack(Buffer.alloc(0)), all)
  const [first, second] = tokens.map((token) => createHash('sha256').update(token).digest())
  const sum = Buffer.from(first?.map((byte, index) => byte ^ (second?.[index] ?? 0)) ?? [])
  assert.deepEqual(await pack(sum), [])
})

test('a start finds what was kept, and a preloaded JWT takes the place of an older one only', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const old = realm.accountJwt(account, { description: 'old' })
  realm.clock.advance(1_000)
  const young = realm.accountJwt(account, { description: 'young' })
  const systemJwt = realm.accountJwt(system)
  const has = async (tokens: readonly string[]) => {
    await using open = await openDirectory(realm, folder, { tokens })
    return (await open.mode.lookUpAccount(account.publicKey))?.description
  }
  assert.equal(await has([systemJwt, old]), 'old')
  assert.equal(await has([young]), 'young')
  assert.equal(await has([old]), 'young')
  assert.equal(await has([]), 'young')
})

test('what was written beside the server counts after a reload; what is no account is passed over', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const systemJwt = realm.accountJwt(system)
  const left = `.${account.publicKey}.abcdef.tmp`
  for (const name of ['notes.txt', 'x.jwt', left]) await writeFile(folder.join(name), 'x')
  await using open = await openDirectory(realm, folder, { tokens: [systemJwt, realm.accountJwt(account)] })
  assert.equal((await files(folder)).includes(left), false)
  await open.mode.lookUpAccount(account.publicKey)
  await writeFile(folder.join(`${account.publicKey}.jwt`), `${realm.accountJwt(account, { description: 'by hand' })}\n`)
  await open.mode.reload()
  assert.equal(open.mode.accountClaims(account.publicKey)?.description, 'by hand')
  assert.deepEqual(open.changed, [account.publicKey])
})

test('a JWT leaves the directory when it expires', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const tokens = [realm.accountJwt(system), realm.accountJwt(account, {}, { exp: realm.nowSeconds + 30 })]
  await using _open = await openDirectory(realm, folder, { tokens })
  assert.equal((await files(folder)).length, 2)
  realm.clock.advance(60_000)
  await until(async () => (await files(folder)).length === 1, 'the file to go')
})

test('without its JWT the system account stands in for itself, until it is pushed', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  await using open = await openDirectory(realm, folder, { tokens: [] })
  const request = requestOf(realm.userJwt(user, system), user)
  assert.equal(principalOf(await open.mode.login(request)).account, system.publicKey)
  assert.equal(open.mode.accountClaims(system.publicKey)?.name, '')
  await ask(open, '$SYS.REQ.CLAIMS.UPDATE', realm.accountJwt(system, {}, { name: 'SYS' }))
  assert.equal(open.mode.accountClaims(system.publicKey)?.name, 'SYS')
})

test('a cache asks others for what it does not have, and keeps what was used lately', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const asked: string[] = []
  const tokens = new Map([system, account, other].map((key) => [key.publicKey, realm.accountJwt(key)]))
  const cache = { mode: 'cache', limit: 2, ttlMs: 120_000 } as const
  await using open = await openDirectory(realm, folder, {
    directory: cache,
    tokens: [],
    tools: {
      ask: async (subject) => {
        const key = subject.split('.')[3] ?? ''
        asked.push(key)
        return Buffer.from(tokens.get(key) ?? '')
      },
    },
  })
  assert.ok(await open.mode.lookUpAccount(account.publicKey))
  assert.ok(await open.mode.lookUpAccount(other.publicKey))
  assert.equal(await open.mode.lookUpAccount(KeyPair.create('account').publicKey), undefined)
  assert.deepEqual(
    asked.slice(0, 3),
    [system, account, other].map((key) => key.publicKey),
  )
  assert.deepEqual(await files(folder), [`${account.publicKey}.jwt`, `${other.publicKey}.jwt`].sort())
  const update = (key: KeyPair) => ask(open, '$SYS.REQ.CLAIMS.UPDATE', realm.accountJwt(key, { description: 'x' }))
  assert.equal((await update(other)).data.message, 'jwt updated cache')
  assert.equal((await update(KeyPair.create('account'))).data.message, 'jwt update cache skipped')
  realm.clock.advance(180_000)
  await until(async () => (await files(folder)).length === 0, 'the files to go')
})

test('who is in an account has to go when it is deleted, even if a cache could have it again at once', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const tokens = new Map([system, account].map((key) => [key.publicKey, realm.accountJwt(key)]))
  await using open = await openDirectory(realm, folder, {
    directory: { mode: 'cache' },
    tokens: [],
    tools: { ask: async (subject) => Buffer.from(tokens.get(subject.split('.')[3] ?? '') ?? '') },
  })
  const request = requestOf(realm.userJwt(user, account), user)
  const principal = principalOf(await open.mode.login(request))
  await ask(open, '$SYS.REQ.CLAIMS.DELETE', realm.genericJwt(realm.operator, { accounts: [account.publicKey] }))
  const result = await open.mode.recheck(request, principal)
  assert.equal(result.ok || result.expired, 'account')
  realm.clock.advance(1_000)
  assert.ok((await open.mode.login(request)).ok)
})

test('a cache that gets no answer says so', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  let isThere = true
  await using open = await openDirectory(realm, folder, {
    directory: { mode: 'cache' },
    tools: { ask: async () => (isThere ? Buffer.alloc(0) : undefined) },
  })
  const login = () => open.mode.login(requestOf(realm.userJwt(user, account), user))
  assert.match(reasonOf(await login()), /account jwt not found/)
  isThere = false
  realm.clock.advance(1_000)
  assert.match(reasonOf(await login()), /fetching jwt timed out/)
})

test('who hears of the JWT of an account that could not be had finds it at once', async () => {
  await using folder = await temporaryFolder()
  const realm = new Realm()
  const tokens = new Map([[system.publicKey, realm.accountJwt(system)]])
  await using open = await openDirectory(realm, folder, {
    directory: { mode: 'cache' },
    tokens: [],
    tools: { ask: async (subject) => Buffer.from(tokens.get(subject.split('.')[3] ?? '') ?? '') },
  })
  const login = () => open.mode.login(requestOf(realm.userJwt(user, account), user))
  assert.match(reasonOf(await login()), /account jwt not found/)
  const token = realm.accountJwt(account)
  tokens.set(account.publicKey, token)
  assert.match(reasonOf(await login()), /account jwt not found/)
  assert.equal((await ask(open, '$SYS.REQ.CLAIMS.UPDATE', token)).data.message, 'jwt update cache skipped')
  assert.ok((await login()).ok)
})

test('other resolvers keep nothing, but accounts in use follow', async () => {
  const realm = new Realm()
  await using open = await realm.open([realm.accountJwt(account)])
  const subject = `$SYS.REQ.ACCOUNT.${account.publicKey}.CLAIMS.UPDATE`
  const token = realm.accountJwt(account, { description: 'new' })
  assert.equal((await ask(open, subject, token)).data.message, 'jwt update skipped')
  await open.mode.lookUpAccount(account.publicKey)
  assert.equal((await ask(open, subject, token)).data.message, 'jwt updated')
  assert.equal(open.mode.accountClaims(account.publicKey)?.description, 'new')
  assert.equal((await ask(open, subject)).error.description, 'jwt update error - request body is empty')
  for (const name of ['UPDATE', 'LIST', 'PACK', 'DELETE'])
    assert.equal(await ask(open, `$SYS.REQ.CLAIMS.${name}`), undefined)
})
