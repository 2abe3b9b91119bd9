import assert from 'node:assert/strict'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadNatsOptions } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'
import { accountJwt, accountKey, operatorJwt, operatorKey, systemKey, userJwt } from './jwts.ts'

const SYSTEM = systemKey.publicKey
const ACCOUNT = accountKey.publicKey
const OPERATOR = operatorJwt({ system_account: SYSTEM })

function load(conf: string, files: Readonly<Record<string, string>> = {}) {
  using folder = new Folder({ 'nats.conf': conf, ...files })
  const loaded = loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path })
  return { ...loaded, cwd: folder.path, operator: loaded.options.nats.authorization.operator }
}

function resolverOf(conf: string) {
  return load(`operator: ${OPERATOR}\n${conf}`).operator?.resolver
}

describe('operators', () => {
  test('are trusted by JWT, with all that goes with it', () => {
    const { operator, options } = load(`operator: ${OPERATOR}, resolver: MEMORY
      resolver_preload { ${ACCOUNT}: ${accountJwt()} }
      resolver_pinned_accounts: ${ACCOUNT}
      default_sentinel: ${userJwt({ bearer_token: true })}`)
    assert.deepEqual(operator, {
      operators: [OPERATOR],
      trustedKeys: [],
      systemAccount: SYSTEM,
      resolver: { kind: 'memory' },
      preload: { [ACCOUNT]: accountJwt() },
      defaultSentinel: userJwt({ bearer_token: true }),
      pinnedAccounts: [ACCOUNT],
    })
    assert.equal(options.nats.systemAccount, SYSTEM)
  })

  for (const [what, text] of [
    ['alone', `${OPERATOR}\n`],
    ['between dashes', `-----BEGIN OPERATOR JWT-----\n${OPERATOR}\n------END OPERATOR JWT------\n`],
    ['between dashes, with line ends of Windows', `-----BEGIN-----\r\n${OPERATOR}\r\n------END------\r\n`],
  ] as const) {
    test(`may stand in a file of the working directory, ${what}`, () => {
      const { operator } = load('operator: "op.jwt", resolver: MEM', { 'op.jwt': text })
      assert.deepEqual(operator?.operators, [OPERATOR])
    })
  }

  test('may be several, of whom none alone says where accounts are', () => {
    const url = operatorJwt({ account_server_url: 'https://accounts.example.com/jwt/v1' })
    assert.throws(
      () => load(`operators: [ ${OPERATOR}, ${url} ]`),
      new ConfigError('operators require an account resolver to be configured'),
    )
  })

  test('may be trusted by their keys alone, beside accounts of the file', () => {
    const { operator, options } = load(`trusted: ${operatorKey.publicKey}, resolver: MEM, accounts { A {} }`)
    assert.deepEqual(operator?.trustedKeys, [operatorKey.publicKey])
    assert.deepEqual(
      options.nats.accounts.map(({ name }) => name),
      ['A'],
    )
  })

  test('let a cookie carry the JWT of users', () => {
    const { options } = load(
      `trusted: [ ${operatorKey.publicKey} ], websocket { port: -1, no_tls: true, jwt_cookie: jwt }`,
    )
    assert.equal(options.websockets[0]?.cookies.jwt, 'jwt')
  })

  test('are what a resolver is for', () => {
    const { operator, warnings } = load('resolver: MEM')
    assert.equal(operator, undefined)
    assert.deepEqual(warnings, ['nats.conf:1:0: a resolver has no effect without an operator or trusted_keys'])
  })

  test('are given by a program as well', () => {
    using folder = new Folder({ 'op.jwt': OPERATOR })
    const nats = { operators: ['op.jwt'], resolver: { kind: 'directory', mode: 'full', folder: 'jwt' } } as const
    const { options } = loadNatsOptions({ env: {}, cwd: folder.path, overrides: { nats } })
    assert.deepEqual(options.nats.authorization.operator?.operators, [OPERATOR])
    assert.equal(
      options.nats.authorization.operator.resolver.kind === 'directory' &&
        options.nats.authorization.operator.resolver.folder,
      join(folder.path, 'jwt'),
    )
  })

  test('does not repeat a seed that stands in the place of a trusted key', () => {
    assert.throws(
      () => load(`trusted_keys: ${operatorKey.seed}`),
      new ConfigError('nats.conf:1:0: trust key a seed required to be a valid public operator nkey'),
    )
  })
})

describe('a resolver', () => {
  test('is where the operator says, if nobody else does', () => {
    const operator = operatorJwt({ account_server_url: 'https://accounts.example.com/jwt/v1' })
    assert.deepEqual(load(`operator: ${operator}`).operator?.resolver, {
      kind: 'url',
      url: 'https://accounts.example.com/jwt/v1/accounts/',
      tls: undefined,
    })
  })

  test('may be a server, with its TLS', () => {
    const { operator, cwd } = load(`operator: ${OPERATOR}, resolver: URL("https://a.example.com/jwt")
      resolver_tls { ca_file: ca.pem, cert_file: "/c.pem", key_file: k.pem, insecure: true }`)
    assert.deepEqual(operator?.resolver, {
      kind: 'url',
      url: 'https://a.example.com/jwt/',
      tls: { caFile: join(cwd, 'ca.pem'), certFile: '/c.pem', keyFile: join(cwd, 'k.pem'), isInsecure: true },
    })
    assert.deepEqual(load(`operator: ${OPERATOR}, resolver: URL(http://h:1/), resolver_tls {}`).operator?.resolver, {
      kind: 'url',
      url: 'http://h:1/',
      tls: { caFile: undefined, certFile: undefined, keyFile: undefined, isInsecure: false },
    })
  })

  test('whose URL is none does not give away its password', () => {
    const lines = /^nats\.conf:2:1: error parsing account resolver url$/
    assert.throws(() => resolverOf('resolver: URL("ftp://u:secret@h/")'), { message: lines })
  })

  const DEFAULTS = {
    kind: 'directory',
    folder: '/nowhere/jwt',
    allowsDelete: false,
    deletesHard: false,
    limit: 0,
    ttlMs: 0,
    syncIntervalMs: 60_000,
    fetchTimeoutMs: 1_900,
  }

  for (const [written, meant] of [
    ['type: full', { mode: 'full' }],
    [
      'type: FULL, allow_delete: true, hard_delete: true, limit: 5, interval: "2m", timeout: "1s"',
      { mode: 'full', allowsDelete: true, deletesHard: true, limit: 5, syncIntervalMs: 120_000, fetchTimeoutMs: 1000 },
    ],
    ['type: cache', { mode: 'cache', limit: 1000 }],
    ['type: Cache, ttl: "1h", limit: 7', { mode: 'cache', limit: 7, ttlMs: 3_600_000 }],
  ] as const) {
    test(`may be a folder: ${written}`, () => {
      assert.deepEqual(resolverOf(`resolver { dir: "/nowhere/jwt", ${written} }`), { ...DEFAULTS, ...meant })
    })
  }

  test('needs a folder that can be used', (t) => {
    const complaint = (reason: string) => new ConfigError(`nats.conf:2:1: ${reason}`)
    assert.throws(
      () => resolverOf('resolver { type: full }'),
      complaint('dir has no value and needs to point to a directory'),
    )
    const unusable = complaint('dir needs to point to an accessible directory')
    assert.throws(() => resolverOf('resolver { type: full, dir: "nats.conf" }'), unusable)
    if (process.getuid?.() === 0) {
      t.diagnostic('a folder that nobody may write to was not tried: root may')
      return
    }
    using folder = new Folder({})
    mkdirSync(join(folder.path, 'jwt'))
    chmodSync(join(folder.path, 'jwt'), 0o500)
    assert.throws(() => resolverOf(`resolver { type: full, dir: "${folder.path}/jwt" }`), unusable)
  })
})
