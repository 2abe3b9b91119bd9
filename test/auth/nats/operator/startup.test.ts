import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyPair } from '../../../../src/auth/nats/nkeys.ts'
import type { OperatorTools } from '../../../../src/auth/nats/operator/index.ts'
import type { OperatorOptions } from '../../../../src/auth/nats/options.ts'
import { Realm } from './realm.ts'

const account = KeyPair.create('account')
const other = KeyPair.create('account')
const user = KeyPair.create('user')
const directory = {
  kind: 'directory',
  mode: 'full',
  folder: '/nonexistent/at/all',
  allowsDelete: false,
  deletesHard: false,
  limit: 0,
  ttlMs: 0,
  syncIntervalMs: 60_000,
  fetchTimeoutMs: 1_900,
} as const

interface Start {
  readonly options: (realm: Realm) => Partial<OperatorOptions>
  readonly tokens?: (realm: Realm) => readonly string[]
  readonly tools?: Partial<OperatorTools>
  readonly error: RegExp
}

const STARTS: Record<string, Start> = {
  'a system account other than that of the operator': {
    options: (realm) => ({
      operators: [realm.operatorJwt({ system_account: account.publicKey })],
      systemAccount: other.publicKey,
    }),
    error: /^system_account in config and operator JWT must be identical$/,
  },
  'operators and trusted keys': {
    options: () => ({ trustedKeys: [KeyPair.create('operator').publicKey] }),
    error: /^conflicting options for 'TrustedKeys' and 'TrustedOperators'$/,
  },
  'a trusted key that is none': {
    options: () => ({ operators: [], trustedKeys: [user.publicKey] }),
    error: /are required to be a valid public operator nkey$/,
  },
  'a pinned account that is none': {
    options: () => ({ pinnedAccounts: ['X'] }),
    error: /^pinned account key "X" is not a valid public account nkey$/,
  },
  'a default sentinel that is no JWT': {
    options: () => ({ defaultSentinel: 'x' }),
    error: /^default sentinel JWT not valid$/,
  },
  'a default sentinel that has to sign': {
    options: (realm) => ({ defaultSentinel: realm.userJwt(user, account) }),
    error: /^default sentinel must be a bearer token$/,
  },
  'a default sentinel without operators': {
    options: (realm) => ({
      operators: [],
      trustedKeys: [realm.operator.publicKey],
      defaultSentinel: realm.userJwt(user, account, { bearer_token: true }),
    }),
    error: /^default sentinel requires operators and accounts$/,
  },
  'an operator that asks for a newer server': {
    options: (realm) => ({ operators: [realm.operatorJwt({ assert_server_version: '2.11.3' })] }),
    tools: { serverVersion: '2.10.18' },
    error: /^operator O\w+ expected minor version 11 > server minor version 10$/,
  },
  'an operator that asks for no version': {
    options: (realm) => ({ operators: [realm.operatorJwt({ assert_server_version: 'new' })] }),
    error: /must be of the form <major>.<minor>.<update>$/,
  },
  'a directory without a system account': {
    options: () => ({ resolver: directory }),
    error: /^using nats based account resolver - the system account needs to be specified/,
  },
  'a directory that cannot be made': {
    options: () => ({ resolver: { ...directory, folder: '/dev/null/x' }, systemAccount: account.publicKey }),
    error: /^cannot use the resolver's directory "\/dev\/null\/x": ENOTDIR$/,
  },
  'preloaded accounts for a URL': {
    options: () => ({ resolver: { kind: 'url', url: 'http://127.0.0.1:1', tls: undefined } }),
    tokens: (realm) => [realm.accountJwt(account)],
    error: /^resolver preloads only available for writeable resolver types MEM\/DIR\/CACHE_DIR$/,
  },
  'a URL where nobody is': {
    options: () => ({ resolver: { kind: 'url', url: 'http://user:secret@127.0.0.1:1/jwt', tls: undefined } }),
    error: /^could not fetch <"http:\/\/user:xxxxx@127.0.0.1:1\/jwt\/">: connect ECONNREFUSED/,
  },
  'a preloaded account that is no account': {
    options: (realm) => ({ preload: { A: realm.operatorJwt() } }),
    error: /^preload account error for "A": not account claim$/,
  },
  'a system account that is not there': {
    options: () => ({ systemAccount: account.publicKey }),
    error: /^Can't set system account: account missing$/,
  },
}

for (const [what, { options, tokens, tools, error }] of Object.entries(STARTS)) {
  test(`${what}: the server does not start`, async () => {
    const realm = new Realm()
    await assert.rejects(realm.open(tokens?.(realm) ?? [], options(realm), tools), {
      name: 'ConfigError',
      message: error,
    })
  })
}

test('trusted keys do without operators', async () => {
  const realm = new Realm()
  const options = { operators: [], trustedKeys: [realm.operator.publicKey] }
  await using open = await realm.open([realm.accountJwt(account)], options)
  assert.equal((await open.mode.lookUpAccount(account.publicKey))?.subject, account.publicKey)
  assert.equal(await open.mode.lookUpAccount(other.publicKey), undefined)
})

test('the system account is known from the start', async () => {
  const realm = new Realm()
  const operators = [realm.operatorJwt({ system_account: account.publicKey, assert_server_version: '2.9.0' })]
  await using open = await realm.open([realm.accountJwt(account)], { operators }, { serverVersion: '2.10.18' })
  assert.equal(open.mode.systemAccount, account.publicKey)
  assert.ok(open.mode.accountClaims(account.publicKey))
  assert.ok(open.definitions.has(account.publicKey))
})
