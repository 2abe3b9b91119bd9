/** Who is let in as a leaf node, into which account, and for how long. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { argon2Password, bcryptPassword, KeyPair } from '#auth'
import { systemClock } from '#kit'
import { encodeJwt } from '../../../../../src/auth/nats/jwt/index.ts'
import { Realm } from '../../../../auth/nats/operator/realm.ts'
import { ConfiguredServer } from '../../../../services/configured-server.ts'
import { PlayedSpoke, playedClient } from './played-spoke.ts'

const ACCOUNTS = 'accounts { A { users: [ { user: a, password: p } ] }, B { users: [ { user: b, password: p } ] } }'
const REFUSED = "-ERR 'Authorization Violation'\r\n"

function leafAddress({ server }: ConfiguredServer) {
  const { leafnodes } = server.addresses
  assert.ok(leafnodes)
  return leafnodes
}

function leafnodes(authorization = ''): string {
  return `leafnodes { listen: "127.0.0.1:-1"\n${authorization && `authorization { ${authorization} }`}\n}`
}

/** The account that a server is bound to that says this, or what it is told instead. */
async function accountFor(server: ConfiguredServer, fields: object, signedBy?: KeyPair): Promise<unknown> {
  using spoke = await PlayedSpoke.connect(leafAddress(server))
  const sig = signedBy?.sign(String(spoke.info.nonce)).toString('base64url')
  spoke.sayConnect({ ...fields, ...(sig && { sig }) })
  const line = await spoke.socket.readThrough('\r\n')
  return line.startsWith('INFO') ? JSON.parse(line.slice('INFO '.length)).remote_account : line
}

describe('by the rules for clients', () => {
  const nkey = KeyPair.create('user')
  for (const [what, config, logins] of [
    [
      'of whom nothing is asked',
      leafnodes(),
      [
        [{}, '$G'],
        [{ user: 'x', pass: 'y' }, '$G'],
      ],
    ],
    [
      'of whom nothing is asked, where leafnodes {} names an account',
      `accounts { A {} }\n${leafnodes('account: A')}`,
      [[{}, 'A']],
    ],
    [
      'a token',
      `authorization { token: t }\n${leafnodes()}`,
      [
        [{ auth_token: 't' }, '$G'],
        [{ auth_token: 'x' }, REFUSED],
        [{}, REFUSED],
      ],
    ],
    [
      'one user',
      `authorization { user: u, password: p }\n${leafnodes()}`,
      [
        [{ user: 'u', pass: 'p' }, '$G'],
        [{ user: 'u' }, REFUSED],
      ],
    ],
    [
      'users of accounts',
      `${ACCOUNTS}\n${leafnodes()}`,
      [
        [{ user: 'b', pass: 'p' }, 'B'],
        [{ user: 'b', pass: 'x' }, REFUSED],
      ],
    ],
    [
      'no_auth_user',
      `${ACCOUNTS}\nno_auth_user: b\n${leafnodes()}`,
      [
        [{}, 'B'],
        [{ user: 'a', pass: 'p' }, 'A'],
      ],
    ],
    [
      'users that may not come as leaf nodes',
      `authorization { users: [ { user: u, password: p, allowed_connection_types: [STANDARD, LEAFNODE_WS] } ] }\n${leafnodes()}`,
      [[{ user: 'u', pass: 'p' }, REFUSED]],
    ],
    [
      'users that may come as leaf nodes only',
      `authorization { users: [ { user: u, password: p, allowed_connection_types: leafnode } ] }\n${leafnodes()}`,
      [[{ user: 'u', pass: 'p' }, '$G']],
    ],
  ] as const) {
    test(what, async () => {
      await using server = await ConfiguredServer.start(config)
      for (const [fields, expected] of logins) assert.equal(await accountFor(server, fields), expected)
    })
  }

  test('an nkey', async () => {
    const config = `accounts { N { users: [ { nkey: ${nkey.publicKey} } ] } }\n${leafnodes()}`
    await using server = await ConfiguredServer.start(config)
    const said = { nkey: nkey.publicKey }
    assert.equal(await accountFor(server, said, nkey), 'N')
    assert.equal(await accountFor(server, said, KeyPair.create('user')), REFUSED)
    assert.equal(await accountFor(server, said), REFUSED)
  })

  test('hashed passwords', async () => {
    const hashes = [
      await bcryptPassword('p', 4),
      await argon2Password('p', { memoryKib: 64, passes: 1, parallelism: 1 }),
    ]
    const users = hashes.map((hash, i) => `{ user: u${i}, password: "${hash}" }`)
    await using server = await ConfiguredServer.start(`authorization { users: [ ${users} ] }\n${leafnodes()}`)
    for (const user of ['u0', 'u1']) {
      assert.equal(await accountFor(server, { user, pass: 'p' }), '$G')
      assert.equal(await accountFor(server, { user, pass: 'x' }), REFUSED)
    }
  })

  test('a service that is asked about them', async () => {
    const issuer = KeyPair.create('account')
    const callout = `auth_callout { issuer: ${issuer.publicKey}, auth_users: [ auth ], account: AUTH }`
    const accounts = 'accounts { AUTH { users: [ { user: auth, password: p } ] }, A {} }'
    await using server = await ConfiguredServer.start(`${accounts}\nauthorization { ${callout} }\n${leafnodes()}`)
    using service = await playedClient(server.tcp, { user: 'auth', pass: 'p' })
    service.say('SUB $SYS.REQ.USER.AUTH 1\r\n')
    await service.settled()
    const login = accountFor(server, { user: 'spoke', pass: 'let me in' })
    const [, reply] = /^MSG \S+ 1 (\S+) \d+\r\n/.exec(await service.socket.readThrough('\r\n')) ?? []
    const [, request = ''] = (await service.socket.readThrough('\r\n')).split('.')
    const { nats } = JSON.parse(Buffer.from(request, 'base64url').toString())
    assert.deepEqual([nats.client_info.kind, nats.connect_opts.pass], ['Leafnode', 'let me in'])
    const now = systemClock.now()
    const user = encodeJwt({ sub: nats.user_nkey, aud: 'A', nats: { type: 'user', version: 2 } }, issuer, now)
    const response = { type: 'authorization_response', version: 2, jwt: user }
    const answer = encodeJwt({ sub: nats.user_nkey, aud: nats.server_id.id, nats: response } as never, issuer, now)
    service.say(`PUB ${reply} ${answer.length}\r\n${answer}\r\n`)
    assert.equal(await login, 'A')
  })

  test('a JWT, until it expires', async () => {
    const realm = new Realm()
    const account = KeyPair.create('account')
    const user = KeyPair.create('user')
    const now = systemClock.now()
    realm.clock.advance(now - realm.clock.now())
    const config = `operator: ${realm.operatorJwt()}
      resolver: MEMORY
      resolver_preload: { ${account.publicKey}: ${realm.accountJwt(account)} }
      ${leafnodes()}`
    await using server = await ConfiguredServer.start(config)
    assert.equal(await accountFor(server, { jwt: realm.userJwt(user, account) }, user), account.publicKey)
    assert.equal(await accountFor(server, { jwt: realm.userJwt(user, account) }), REFUSED)
    assert.equal(await accountFor(server, {}), REFUSED)

    using spoke = await PlayedSpoke.connect(leafAddress(server))
    const exp = Math.floor(now / 1000) + 2
    const sig = user.sign(String(spoke.info.nonce)).toString('base64url')
    spoke.sayConnect({ jwt: realm.userJwt(user, account, {}, { exp }), sig })
    const farewell = await spoke.farewell()
    assert.match(farewell, /"connect_info":true/)
    assert.match(farewell, /-ERR 'User Authentication Expired'\r\n$/)
  })
})

describe('where leafnodes {} names somebody', () => {
  test('the one user counts, and no user of the server', async () => {
    await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${leafnodes('user: l, password: lp, account: B')}`)
    assert.equal(await accountFor(server, { user: 'l', pass: 'lp' }), 'B')
    assert.equal(await accountFor(server, { user: 'a', pass: 'p' }), REFUSED)
    assert.equal(await accountFor(server, { user: 'l', pass: 'x' }), REFUSED)
    assert.equal(await accountFor(server, {}), REFUSED)
    // And a client cannot come in as that.
    using client = await PlayedSpoke.connect(server.tcp)
    client.say('CONNECT {"user":"l","pass":"lp"}\r\n')
    assert.equal(await client.farewell(), REFUSED)
  })

  test('each of its users is bound to an account', async () => {
    const users =
      'users: [ { user: la, password: x, account: A }, { user: lb, password: y, account: B }, { user: lg, password: z } ]'
    await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${leafnodes(users)}`)
    for (const [user, pass, account] of [
      ['la', 'x', 'A'],
      ['lb', 'y', 'B'],
      ['lg', 'z', '$G'],
    ]) {
      assert.equal(await accountFor(server, { user, pass }), account)
    }
    assert.equal(await accountFor(server, { user: 'la', pass: 'y' }), REFUSED)
    assert.equal(await accountFor(server, { user: 'a', pass: 'p' }), REFUSED)
  })

  test('the one nkey counts', async () => {
    const nkey = KeyPair.create('user')
    await using server = await ConfiguredServer.start(
      `${ACCOUNTS}\n${leafnodes(`nkey: ${nkey.publicKey}, account: A`)}`,
    )
    const said = { nkey: nkey.publicKey }
    assert.equal(await accountFor(server, said, nkey), 'A')
    assert.equal(await accountFor(server, said, KeyPair.create('user')), REFUSED)
    assert.equal(await accountFor(server, { user: 'a', pass: 'p' }), REFUSED)
  })

  test('with operators, an account whose JWT is known is one', async () => {
    const realm = new Realm()
    realm.clock.advance(systemClock.now() - realm.clock.now())
    const [account, unknown] = [KeyPair.create('account'), KeyPair.create('account')]
    const operators = `operator: ${realm.operatorJwt()}
      resolver: MEMORY
      resolver_preload: { ${account.publicKey}: ${realm.accountJwt(account)} }`
    for (const [key, expected] of [
      [account, account.publicKey],
      [unknown, REFUSED],
    ] as const) {
      const own = leafnodes(`user: l, password: p, account: ${key.publicKey}`)
      await using server = await ConfiguredServer.start(`${operators}\n${own}`)
      assert.equal(await accountFor(server, { user: 'l', pass: 'p' }), expected)
    }
  })
})

describe('after a reload', () => {
  const users = (more: string) => `accounts { A { users: [ ${more} ] }, B {} }\n${leafnodes()}`

  for (const [what, before, after] of [
    [
      'whose user is as it was stays',
      '{ user: a, password: p }',
      '{ user: a, password: p }, { user: new, password: p }',
    ],
    [
      'whose permissions are as they were stays',
      '{ user: a, password: p, permissions: { publish: "x.>" } }',
      '{ user: a, password: p, permissions: { publish: ["x.>"] } }',
    ],
  ]) {
    test(`a server ${what}`, async () => {
      await using server = await ConfiguredServer.start(users(before!))
      const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
      using _ = spoke
      await server.reload(users(after!))
      await spoke.settled()
    })
  }

  for (const [what, after, told] of [
    ['whose user is gone is told so', users('{ user: other, password: p }'), /-ERR 'Authorization Violation'\r\n$/],
    ['whose password is another is told so', users('{ user: a, password: q }'), /-ERR 'Authorization Violation'\r\n$/],
    [
      'that may do less is closed, to come back',
      users('{ user: a, password: p, permissions: { publish: "x" } }'),
      /^$/,
    ],
    [
      'whose user is in another account is closed, to come back',
      `accounts { A {}, B { users: [ { user: a, password: p } ] } }\n${leafnodes()}`,
      /^$/,
    ],
    ['is closed where leaf nodes are let in no more', 'accounts { A { users: [ { user: a, password: p } ] } }', /^$/],
  ] as const) {
    test(`a server ${what}`, async () => {
      await using server = await ConfiguredServer.start(users('{ user: a, password: p }'))
      const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
      using _ = spoke
      await spoke.settled()
      spoke.say('LS+ x\r\n')
      await spoke.settled()
      const rehearsed = await server.rehearse(after)
      const lines = await server.reload(after)
      const closed = lines.filter((line) => line.startsWith('closed'))
      assert.equal(closed.length, 1, lines.join('\n'))
      if (told.source.includes('Violation')) assert.match(rehearsed.join('\n'), /would close/)
      assert.match(await spoke.farewell(), told)
    })
  }

  test('the port can be moved, come and go, and who came by it before stays while the user does', async () => {
    const at = (port: number) => `${ACCOUNTS}\nleafnodes { listen: "127.0.0.1:${port}" }`
    await using server = await ConfiguredServer.start(ACCOUNTS)
    assert.equal(server.server.addresses.leafnodes, undefined)
    await server.reload(at(-1))
    const first = leafAddress(server)
    const { spoke } = await PlayedSpoke.enter(first, { user: 'a', pass: 'p' })
    using _ = spoke
    const { port } = server.tcp
    await server.reload(`listen: "127.0.0.1:${port}"\n${ACCOUNTS}\nleafnodes { listen: "localhost:-1" }`)

    await spoke.settled()
    const moved = leafAddress(server)
    assert.notEqual(moved.port, first.port)
    using second = (await PlayedSpoke.enter(moved, { user: 'a', pass: 'p', name: 'second' })).spoke
    await second.settled()
    await assert.rejects(PlayedSpoke.connect(first))
    await server.reload(`listen: "127.0.0.1:${port}"\n${ACCOUNTS}`)
    await Promise.all([spoke.farewell(), second.farewell()])
    await assert.rejects(PlayedSpoke.connect(moved))
  })
})

test('an account that may have fewer leaf nodes than it has lets the newest go', async () => {
  const limited = (max: number) =>
    `accounts { A { limits { max_leafnodes: ${max} }, users: [ { user: a, password: p } ] } }\n${leafnodes()}`
  await using server = await ConfiguredServer.start(limited(2))
  const login = { user: 'a', pass: 'p' }
  using first = (await PlayedSpoke.enter(leafAddress(server), login)).spoke
  using second = (await PlayedSpoke.enter(leafAddress(server), { ...login, name: 'second' })).spoke
  await server.reload(limited(1))
  assert.match(await second.farewell(), /-ERR 'maximum account active connections exceeded'\r\n$/)
  await first.settled()
})

test('passwords that are tried again and again are answered ever later', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${leafnodes()}`)
  const failures = []
  for (let i = 0; i < 9; i++) {
    const startMs = performance.now()
    assert.equal(await accountFor(server, { user: 'a', pass: String(i) }), REFUSED)
    failures.push(performance.now() - startMs)
  }
  assert.ok(failures[8]! > 150, failures.join())
})
