import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type LoadNatsOptions, loadNatsOptions } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'
import { accountKey, userKey } from './jwts.ts'

/** What a plain NATS server is told by `conf` as the file nats.conf. */
function load(conf: string, from: Partial<LoadNatsOptions> = {}) {
  using folder = new Folder({ 'nats.conf': conf })
  return loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path, ...from })
}

function authorization(conf: string, from?: Partial<LoadNatsOptions>) {
  return load(conf, from).options.nats.authorization
}

function complaints(judge: () => unknown): string[] {
  try {
    judge()
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
}

const NKEY = userKey.publicKey

describe('users', () => {
  test('go by names or by nkeys, and are in $G', () => {
    const { users, nkeyUsers } = authorization(`authorization { users: [
      { user: alice, password: pa, clients: [standard, WEBSOCKET, STANDARD] }, { username: bob }, { nkey: ${NKEY} } ] }`)
    const rights = { account: '$G', permissions: undefined }
    assert.deepEqual(users, [
      { user: 'alice', password: 'pa', ...rights, connectionTypes: ['STANDARD', 'WEBSOCKET'] },
      { user: 'bob', password: '', ...rights },
    ])
    assert.deepEqual(nkeyUsers, [{ nkey: NKEY, ...rights }])
  })

  test('of accounts are in these, and keep hashes as they are', () => {
    const hash = '$2a$11$V1qrpBVXrzH8kDmEeAYg2uGWRBoMCXJFfOQxcKsPzgWzQKGCYUOSy'
    const conf = `accounts { A { users [ { user: a, pass: ${hash} } ] }, B { users [ { nkey: ${NKEY} } ] } }
      authorization { users [ { user: g, password: p } ] }`
    const { users = [], nkeyUsers = [] } = authorization(conf)
    assert.deepEqual(
      [...users, ...nkeyUsers].map(({ account }) => account),
      ['$G', 'A', 'B'],
    )
    assert.equal(users[1]?.password, hash)
  })

  test('without permissions of their own have the default ones of where they are', () => {
    const { users = [] } = authorization(`
      authorization { permissions { publish: g }, users [ { user: g }, { user: own, permissions { publish: o } } ] }
      accounts { A { users [ { user: a } ], default_permissions { publish: a } }, B { users [ { user: b } ] } }`)
    const published = Object.fromEntries(users.map(({ user, permissions }) => [user, permissions?.publish?.allow]))
    assert.deepEqual(published, { g: ['g'], own: ['o'], a: ['a'], b: undefined })
  })

  for (const [written, meant] of [
    [
      'publish: [a, "b.>"], subscribe { deny: "c q" }',
      { publish: { allow: ['a', 'b.>'] }, subscribe: { deny: ['c q'] } },
    ],
    ['publish {}', { publish: undefined }],
    ['publish { deny: a }', { publish: { deny: ['a'] } }],
    ['allow_responses: true', { publish: { allow: [] }, responses: { maxMessages: 1, ttlMs: 120_000 } }],
    ['allow_responses: false', { responses: undefined }],
    [
      'allow_responses { max: -1, expires: "1.5s" }, pub { deny: a }',
      { publish: { deny: ['a'], allow: [] }, responses: { maxMessages: -1, ttlMs: 1500 } },
    ],
    [
      'publish: a, allow_responses { max: 0, ttl: "-1m" }',
      { publish: { allow: ['a'] }, responses: { maxMessages: 1, ttlMs: -60_000 } },
    ],
  ] as const) {
    test(`may ${written}`, () => {
      const { users } = authorization(`authorization { users [ { user: a, permissions { ${written} } } ] }`)
      assert.deepEqual({ ...users?.[0]?.permissions }, meant)
    })
  }

  test('have names of their own, wherever they stand', () => {
    const conf = `authorization { users [ { user: a } ] }
accounts {
  A { users [ { user: a }, { nkey: ${NKEY} } ] }
  B {
    users [ { nkey: ${NKEY} } ]
  }
}`
    assert.deepEqual(
      complaints(() => load(conf)),
      ['nats.conf:3:7: Duplicate user "a" detected', `nats.conf:5:5: Duplicate nkey "${NKEY}" detected`],
    )
  })

  test('have no password beside an nkey', () => {
    assert.deepEqual(
      complaints(() => load(`authorization { users [ {\n nkey: ${NKEY}\n password: x\n} ] }`)),
      ['nats.conf:3:2: Nkey users do not take usernames or passwords'],
    )
  })

  for (const [single, what] of [
    ['user: u, password: p', 'a single user/pass'],
    ['token: t', 'a token'],
  ]) {
    test(`of accounts are none beside ${what}`, () => {
      const conf = `accounts { A {\n users [ { user: a } ]\n} }\nauthorization { ${single} }`
      assert.deepEqual(
        complaints(() => load(conf)),
        [`nats.conf:2:2: Can not have ${what} and accounts`],
      )
    })
  }

  test('that are none ask nobody to log in, of which a word is said', () => {
    const { options, warnings } = load('authorization { users: [] }')
    assert.equal(options.nats.authorization.users, undefined)
    assert.deepEqual(warnings, ['nats.conf:1:16: users is empty, which is as good as none: nobody needs to log in'])
  })

  test('are not asked for their default permissions when there are none', () => {
    assert.deepEqual(load('authorization { user: a, password: b, permissions { publish: a } }').warnings, [
      'nats.conf:1:38: these permissions have no effect: they are for those of `users` who have none',
    ])
  })
})

describe('no_auth_user', () => {
  test('may be a user of any account, or an nkey, also of a WebSocket listener', () => {
    const { options } = load(`accounts { A { users [ { user: a }, { nkey: ${NKEY} } ] } }
      no_auth_user: a
      websocket { port: -1, no_tls: true, no_auth_user: ${NKEY} }`)
    assert.equal(options.nats.authorization.noAuthUser, 'a')
    assert.equal(options.websockets[0]?.authorization.noAuthUser, NKEY)
  })

  const WATCHED = 'accounts { SYS { users [ { user: watch, password: p } ] } }\nsystem_account: SYS\n'

  test('is made up where the only account is for watching the server', () => {
    const { noAuthUser, users = [] } = authorization(WATCHED)
    const anybody = users.find(({ user }) => user === noAuthUser)
    assert.equal(anybody?.account, '$G')
    assert.equal(users.length, 2)
  })

  for (const [what, conf] of [
    ['an authorization block', `${WATCHED}authorization {}`],
    ['another account', WATCHED.replace('accounts {', 'accounts { A {}, ')],
    ['no system account', 'accounts { A { users [ { user: a } ] } }'],
  ] as const) {
    test(`is not made up with ${what}`, () => assert.equal(authorization(conf).noAuthUser, undefined))
  }

  test('that is made up is none that a listener of its own has to reckon with', () => {
    const conf = `accounts { SYS {} }, system_account: SYS
      websocket { port: -1, no_tls: true, authorization { user: w, password: p } }`
    assert.equal(load(conf).options.websockets[0]?.authorization.user, 'w')
  })
})

describe('auth_callout', () => {
  test('is in $G and for all accounts, if nothing else is said', () => {
    const issuer = accountKey.publicKey
    const conf = `authorization { users [ { user: a } ], auth_callout { issuer: ${issuer}, auth_users: [a] } }`
    assert.deepEqual(authorization(conf).callout, {
      issuer,
      authUsers: ['a'],
      account: '$G',
      xkey: undefined,
      allowedAccounts: [],
    })
  })

  test('does not repeat a seed that stands in the place of a public key', () => {
    const lines = complaints(() => load(`authorization { auth_callout { issuer: ${accountKey.seed} } }`))
    assert.equal(lines.length, 1)
    assert.ok(!lines.join().includes(accountKey.seed))
  })
})

describe('a program', () => {
  const program = (nats: NonNullable<LoadNatsOptions['overrides']>['nats']) =>
    loadNatsOptions({ env: {}, cwd: '/srv', overrides: { nats } }).options.nats

  test('gives users with the accounts they are in', () => {
    const { authorization, accounts } = program({
      accounts: [{ name: 'A', limits: { maxConnections: 1 } }],
      users: [
        {
          user: 'a',
          account: 'A',
          connectionTypes: ['WEBSOCKET'],
          permissions: { responses: { maxMessages: 1, ttlMs: 5 } },
        },
        { nkey: NKEY },
      ],
    })
    assert.deepEqual(accounts, [{ name: 'A', exports: [], imports: [], mappings: [], limits: { maxConnections: 1 } }])
    assert.deepEqual(authorization.users, [
      {
        user: 'a',
        password: '',
        account: 'A',
        permissions: { responses: { maxMessages: 1, ttlMs: 5 }, publish: { allow: [] } },
        connectionTypes: ['WEBSOCKET'],
      },
    ])
    assert.equal(authorization.nkeyUsers?.[0]?.account, '$G')
  })

  test('leaves the accounts of the file in force when it gives only users', () => {
    const from = { overrides: { nats: { users: [{ user: 'p', account: 'A' }] } } }
    const { users = [] } = authorization('accounts { A { users [ { user: a } ] } }', from)
    assert.deepEqual(
      users.map(({ user, account }) => [user, account]),
      [
        ['p', 'A'],
        ['a', 'A'],
      ],
    )
  })

  for (const [what, nats, expected] of [
    [
      'an account that is not there',
      { users: [{ user: 'a', account: 'A' }] },
      'user "a" is in account "A", which is not defined',
    ],
    ['a name twice', { users: [{ user: 'a' }, { user: 'a' }] }, 'Duplicate user "a" detected'],
    ['nobody', { users: [{ user: '' }] }, 'nats.users[0]: User entry requires a user'],
    [
      'a wrong subject',
      { users: [{ user: 'a', permissions: { publish: { deny: ['a..b'] } } }] },
      'invalid permissions for user "a": publish deny: subject "a..b" is not a valid subject',
    ],
    [
      'a door that is none',
      { users: [{ user: 'a', connectionTypes: ['FOO' as 'MQTT'] }] },
      'unknown connection type "FOO"',
    ],
    ['$G', { accounts: [{ name: '$G' }] }, 'nats.accounts: "$G" is a Reserved Account'],
    ['an account twice', { accounts: [{ name: 'A' }, { name: 'A' }] }, 'nats.accounts: Duplicate Account Entry: A'],
    [
      'an import of nobody',
      {
        accounts: [
          {
            name: 'A',
            imports: [{ kind: 'stream' as const, account: 'B', subject: 'a', to: 'a', allowsTrace: false }],
          },
        ],
      },
      '"B" account not defined for stream import',
    ],
  ] as const) {
    test(`may not give ${what}`, () => {
      assert.deepEqual(
        complaints(() => program(nats)),
        [expected],
      )
    })
  }
})

test('subjects are byte strings from here on, as the broker has them', () => {
  const options = load(`
    authorization { users: [ { user: a, permissions: { publish: "grüße.>", subscribe: { deny: "größe q" } } } ] }
    mappings { "grüße.a": "ß.b" }
  `).options.nats
  const bytes = (text: string) => Buffer.from(text).toString('latin1')
  assert.deepEqual(options.authorization.users?.[0]?.permissions, {
    publish: { allow: [bytes('grüße.>')] },
    subscribe: { deny: [bytes('größe q')] },
  })
  assert.deepEqual(options.accounts[0]?.mappings, [
    { source: bytes('grüße.a'), destinations: [{ subject: bytes('ß.b'), weight: 100 }] },
  ])
})
