import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadNatsOptions, loadOptions } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

function load(conf: string) {
  using folder = new Folder({ 'nats.conf': conf })
  return loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path }).options.nats
}

/** As the file of a whole Belfry. */
function loadWhole(conf: string) {
  using folder = new Folder({ 'belfry.conf': conf })
  return loadOptions({ configFile: 'belfry.conf', env: {}, cwd: folder.path }).options.nats
}

const EMPTY = { exports: [], imports: [], mappings: [], limits: {} }

describe('accounts', () => {
  test('may be only names', () => {
    assert.deepEqual(load('accounts: [A, "B"]').accounts, [
      { name: 'A', ...EMPTY },
      { name: 'B', ...EMPTY },
    ])
  })

  test('export to everybody, or to some', () => {
    const [account] = load(`accounts { B {}, A { exports: [
      { stream: "s.>" }
      { stream: "p.*.>", account_token_position: 2, accounts: [B] }
      { service: "r", response: chunk, threshold: "1.5s", accounts: [] }
      { service: "t", latency { sampling: Headers, subject: m }, allow_trace: true }
      { service: "u", latency { sampling: "20%", subject: l } }
    ] } }`).accounts.slice(1)
    assert.deepEqual(account?.exports, [
      { kind: 'stream', subject: 's.>', access: { kind: 'public' }, accountTokenPosition: undefined },
      { kind: 'stream', subject: 'p.*.>', access: { kind: 'accounts', accounts: ['B'] }, accountTokenPosition: 2 },
      {
        kind: 'service',
        subject: 'r',
        access: { kind: 'public' },
        accountTokenPosition: undefined,
        responseType: 'chunked',
        responseThresholdMs: 1500,
        allowsTrace: false,
      },
      {
        kind: 'service',
        subject: 't',
        access: { kind: 'public' },
        accountTokenPosition: undefined,
        responseType: 'single',
        latency: { subject: 'm', sampling: 'headers' },
        allowsTrace: true,
      },
      {
        kind: 'service',
        subject: 'u',
        access: { kind: 'public' },
        accountTokenPosition: undefined,
        responseType: 'single',
        latency: { subject: 'l', sampling: 20 },
        allowsTrace: false,
      },
    ])
  })

  test('import by the name of the exporter, another, or behind a prefix', () => {
    const [, account] =
      load(`accounts { A { exports [ { stream: "s.*" }, { stream: "t.*" }, { service: "r.*" } ] }, B { imports: [
      { stream { account: A, subject: "s.*" } }
      { stream { account: A, subject: "s.a" }, prefix: p, allow_trace: true }
      { stream { account: A, subject: "s.b" }, prefix: "q." }
      { stream { account: A, subject: "t.*" }, to: "mine.$1" }
      { service { account: A, subject: "r.x" } }
      { service { account: A, subject: "r.*" }, to: "ask.*", share: true }
    ] } }`).accounts
    const stream = { kind: 'stream', account: 'A', allowsTrace: false }
    assert.deepEqual(account?.imports, [
      { ...stream, subject: 's.*', to: 's.*' },
      { ...stream, subject: 's.a', to: 'p.s.a', allowsTrace: true },
      { ...stream, subject: 's.b', to: 'q.s.b' },
      { ...stream, subject: 't.*', to: 'mine.$1' },
      { kind: 'service', account: 'A', subject: 'r.x', to: 'r.x', sharesRequestor: false },
      { kind: 'service', account: 'A', subject: 'r.*', to: 'ask.*', sharesRequestor: true },
    ])
  })

  test('have limits, of which a negative one is none', () => {
    const conf = 'accounts { A { limits { max_conn: 0, max_subs: -1, max_pay: 1k, max_leafnodes: 5 } } }'
    const limits = { maxConnections: 0, maxSubscriptions: undefined, maxPayloadBytes: 1000, maxLeafNodes: 5 }
    assert.deepEqual(load(conf).accounts[0]?.limits, limits)
  })

  test('have mappings with weights; those of the top level are of $G', () => {
    const { accounts } = load(`mappings { a: b }
      accounts { A { maps { "o.*" [ { dest: "n.$1", weight: "20%" }, { destination: "m.$1", weight: 30, cluster: c } ] } } }`)
    assert.deepEqual(
      accounts.map(({ name, mappings }) => [name, mappings]),
      [
        [
          'A',
          [
            {
              source: 'o.*',
              destinations: [
                { subject: 'n.$1', weight: 20 },
                { subject: 'm.$1', weight: 30, cluster: 'c' },
              ],
            },
          ],
        ],
        ['$G', [{ source: 'a', destinations: [{ subject: 'b', weight: 100 }] }]],
      ],
    )
  })

  test('that import in a circle are told where nats-server tells it', () => {
    const conf = `port: 1
accounts {
  A { exports [ { stream: a } ], imports [ { stream { account: B, subject: b }, to: a } ] }
  B { exports [ { stream: b } ], imports [ { stream { account: A, subject: a }, to: b } ] }
}`
    assert.throws(
      () => load(conf),
      new ConfigError('nats.conf:2:1: Error adding stream import "a": import forms a cycle'),
    )
  })

  for (const [what, conf, systemAccount] of [
    ['named', 'accounts { S {} }, system_account: S', 'S'],
    ['called $SYS', 'accounts { "$SYS" {} }', '$SYS'],
    ['not named', 'accounts { S {} }', undefined],
  ] as const) {
    test(`of the system is ${systemAccount} when it is ${what}`, () => {
      assert.equal(load(conf).systemAccount, systemAccount)
    })
  }
})

describe('account VAULT', () => {
  const IMPORTS = 'imports [ { stream { account: VAULT, subject: "vault.user.>" } } ]'

  const INSTEAD = "it is the server's own and there by itself; define another, which can import from it"

  test('of a whole Belfry may be imported from', () => {
    const [audit] = loadWhole(`accounts { AUDIT { ${IMPORTS} } }`).accounts
    assert.equal(audit?.imports[0]?.account, 'VAULT')
  })

  for (const [conf, column] of [
    ['accounts { VAULT {} }', 11],
    ['accounts: [ VAULT ]', 12],
  ] as const) {
    test(`of a whole Belfry may not be defined: ${conf}`, () => {
      const error = new ConfigError(`belfry.conf:1:${column}: "VAULT" is a Reserved Account: ${INSTEAD}`)
      assert.throws(() => loadWhole(conf), error)
    })
  }

  test('of a program may not be defined either', () => {
    const overrides = { nats: { accounts: [{ name: 'VAULT' }] } }
    const error = new ConfigError(`nats.accounts: "VAULT" is a Reserved Account: ${INSTEAD}`)
    assert.throws(() => loadOptions({ env: {}, cwd: '/srv', overrides }), error)
  })

  test('is not there in a plain NATS server, where it may be defined', () => {
    const error = new ConfigError('nats.conf:1:0: "VAULT" account not defined for stream import')
    assert.throws(() => load(`accounts { AUDIT { ${IMPORTS} } }`), error)
    assert.equal(load('accounts { VAULT {} }').accounts[0]?.name, 'VAULT')
  })
})
