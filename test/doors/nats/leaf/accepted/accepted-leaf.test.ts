/** What a server hears that comes in as a leaf node. The words are nats-server's: other servers compare them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfiguredServer } from '../../../../services/configured-server.ts'
import { PlayedSpoke, playedClient } from './played-spoke.ts'

const PORT = 'leafnodes { listen: "127.0.0.1:-1" }'
const ACCOUNTS = `accounts {
  A { users: [
    { user: a, password: p }
    { user: scoped, password: p, permissions: { publish: ["up.>"], subscribe: { deny: "secret.>" } } }
  ] }
  B { users: [ { user: b, password: p } ] }
}`

function leafAddress({ server }: ConfiguredServer) {
  const { leafnodes } = server.addresses
  assert.ok(leafnodes)
  return leafnodes
}

test('the first INFO says what another server needs to log in, and that it is a port for leaf nodes', async () => {
  await using server = await ConfiguredServer.start(`server_name: hub\n${PORT}`)
  const address = leafAddress(server)
  using spoke = await PlayedSpoke.connect(address)
  const { server_id, version, go, nonce, client_id, ...info } = spoke.info
  assert.equal(server_id, server.server.serverId)
  assert.match(String(nonce), /^[\w-]{15}$/)
  assert.ok(Number(client_id) > 0)
  const place = `127.0.0.1:${address.port}`
  assert.deepEqual(info, {
    server_name: 'hub',
    proto: 1,
    host: '127.0.0.1',
    port: address.port,
    headers: true,
    auth_required: true,
    max_payload: 1_048_576,
    ip: place,
    info_on_connect: true,
    leafnode_urls: [place],
  })
})

for (const [settings, host, port] of [
  ['advertise: "leafs.example.com:7000"', 'leafs.example.com', 7000],
  ['advertise: "leafs.example.com"', 'leafs.example.com', undefined],
  ['no_advertise: true', '127.0.0.1', undefined],
] as const) {
  test(`with ${settings} others are told to come to ${host}`, async () => {
    await using server = await ConfiguredServer.start(`leafnodes { listen: "127.0.0.1:-1", ${settings} }`)
    const address = leafAddress(server)
    using spoke = await PlayedSpoke.connect(address)
    assert.deepEqual(spoke.info.leafnode_urls, [`${host}:${port ?? address.port}`])
  })
}

test('a listener on every interface tells an address that others can reach', async () => {
  await using server = await ConfiguredServer.start('leafnodes { listen: "0.0.0.0:-1" }')
  const { port } = leafAddress(server)
  using spoke = await PlayedSpoke.connect({ host: '127.0.0.1', port })
  assert.notEqual(spoke.info.host, '0.0.0.0')
})

test('who was let in is told its account, its permissions, and what is wanted there', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  using client = await playedClient(server.tcp, { user: 'a', pass: 'p' })
  client.say('SUB up.here 1\r\nSUB work crew 2\r\nSUB work crew 3\r\nSUB elsewhere 4\r\n')
  await client.settled()
  const { spoke, answer } = await PlayedSpoke.enter(leafAddress(server), { user: 'scoped', pass: 'p' })
  using _ = spoke
  const { connect_info, remote_account, client_id, nonce } = answer
  assert.deepEqual([connect_info, remote_account, nonce, client_id], [true, 'A', undefined, spoke.info.client_id])
  assert.deepEqual([answer.import, answer.export], [{ deny: ['secret.>'] }, { allow: ['up.>'] }])
  const wanted = (await spoke.settled()).split('\r\n').filter((line) => !line.includes('$'))
  // What it may not bring nobody asks it for.
  assert.deepEqual(wanted, ['LS+ up.here', ''])
})

test('interest comes and goes, with the members of queue groups', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
  using _ = spoke
  await spoke.settled()
  using client = await playedClient(server.tcp, { user: 'a', pass: 'p' })
  client.say('SUB work crew 1\r\nSUB work crew 2\r\nSUB plain 3\r\nSUB plain 4\r\nUNSUB 3\r\nUNSUB 1\r\nUNSUB 4\r\n')
  await client.settled()
  assert.equal(
    await spoke.settled(),
    'LS+ work crew 1\r\nLS+ work crew 2\r\nLS+ plain\r\nLS+ work crew 1\r\nLS- plain\r\n',
  )
})

test('messages go both ways, each once, with the queue groups that were chosen', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
  using _ = spoke
  spoke.say('LS+ down.>\r\nLS+ down.x\r\nLS+ down.work crew 2\r\n')
  await spoke.settled()
  using client = await playedClient(server.tcp, { user: 'a', pass: 'p', headers: true })
  client.say('SUB up.> 1\r\nSUB up.work crew 2\r\nPUB down.x 2\r\nhi\r\nPUB down.work re 1\r\nw\r\n')
  client.say('HPUB down.x 18 20\r\nNATS/1.0\r\nX: 1\r\n\r\nhh\r\n')
  await client.settled()
  assert.equal(
    await spoke.settled(),
    'LS+ up.>\r\nLS+ up.work crew 1\r\nLMSG down.x 2\r\nhi\r\nLMSG down.work + re crew 1\r\nw\r\nHMSG down.x 18 20\r\nNATS/1.0\r\nX: 1\r\n\r\nhh\r\n',
  )
  spoke.say('LMSG up.a re 1\r\na\r\nLMSG up.work 1\r\nb\r\nLMSG up.work | crew 1\r\nc\r\n')
  await spoke.settled()
  const got = await client.settled()
  assert.equal(got, 'MSG up.a 1 re 1\r\na\r\nMSG up.work 1 1\r\nb\r\nMSG up.work 1 1\r\nc\r\nMSG up.work 2 1\r\nc\r\n')
})

for (const [what, fields, told] of [
  ['a client', { lang: 'go' }, 'attempted to connect to leaf node port'],
  ['a gateway', { gateway: 'east' }, 'Rejecting connection from gateway "east" on the leafnode port'],
  ['a cluster with a space in its name', { cluster: 'a b' }, 'cluster name cannot contain spaces'],
  ['a wrong password', { user: 'a', pass: 'x' }, 'Authorization Violation'],
  ['an unknown user', { user: 'nobody', pass: 'p' }, 'Authorization Violation'],
  ['nobody in particular', {}, 'Authorization Violation'],
  ['an account in CONNECT', { user: 'a', pass: 'p', account: 'B' }, 'Authorization Violation'],
] as const) {
  test(`${what} is told ${JSON.stringify(told)}`, async () => {
    await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
    using spoke = await PlayedSpoke.connect(leafAddress(server))
    spoke.sayConnect({ ...(what.startsWith('a cluster') && { user: 'a', pass: 'p' }), ...fields })
    assert.equal(await spoke.farewell(), `-ERR '${told}'\r\n`)
  })
}

for (const [what, said, told] of [
  ['who says something before CONNECT', 'PING\r\n', "-ERR 'Authorization Violation'\r\n"],
  ['who announces interest before CONNECT', 'LS+ a\r\n', "-ERR 'Authorization Violation'\r\n"],
  ['garbage', 'GET / HTTP/1.1\r\n\r\n', "-ERR 'Authorization Violation'\r\n"],
  ['a CONNECT that is no JSON', 'CONNECT {"user":\r\n', ''],
  ['a CONNECT with a number for a name', 'CONNECT {"name":1}\r\n', ''],
] as const) {
  test(`${what} is closed, and nobody else is`, async () => {
    await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
    const { spoke: other } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
    using _ = other
    using spoke = await PlayedSpoke.connect(leafAddress(server))
    spoke.say(said)
    assert.equal(await spoke.farewell(), told)
    await other.settled()
  })
}

for (const [what, said] of [
  ['who speaks as a client', 'CONNECT {"lang":"go"}\r\n'],
  ['who speaks as a gateway', 'CONNECT {"gateway":"east"}\r\n'],
  ['who cannot be understood', 'CALL\r\n'],
] as const) {
  test(`${what} again and again does not fill the log`, async () => {
    await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
    const comeAndGo = async () => {
      using spoke = await PlayedSpoke.connect(leafAddress(server))
      spoke.say(said)
      await spoke.farewell()
    }
    for (let i = 0; i < 15; i++) await Promise.all(Array.from({ length: 10 }, comeAndGo))
    assert.equal(server.log.filter(({ level }) => level !== 'debug').length, 100)
  })
}

test('a server that is older than min_version hears so after it was told that its CONNECT arrived', async () => {
  const leafnodes = 'leafnodes { listen: "127.0.0.1:-1", min_version: "2.10.1" }'
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${leafnodes}`)
  const login = { user: 'a', pass: 'p' }
  for (const version of ['2.10.0', '2.9.25', '1.99.99', '', 'junk']) {
    const { spoke, answer } = await PlayedSpoke.enter(leafAddress(server), { ...login, version })
    using _ = spoke
    assert.equal(answer.connect_info, true)
    assert.equal(
      await spoke.farewell(),
      `-ERR 'connection rejected since minimum version required is "2.10.1"'\r\n`,
      version,
    )
  }
  for (const version of ['2.10.1', '2.11.0-dev', '3.0.0', 'v2.10.4']) {
    const { spoke } = await PlayedSpoke.enter(leafAddress(server), { ...login, version })
    using _ = spoke
    await spoke.settled()
  }
})

test('our own loop subject that comes back ends the link', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
  using _ = spoke
  const [loop] = /\$LDS\.\S+/.exec(await spoke.settled()) ?? []
  spoke.say(`LS+ ${loop}\r\n`)
  const told = 'Loop detected for leafnode account="A". Delaying attempt to reconnect for 30s'
  assert.equal(await spoke.farewell(), `-ERR '${told}'\r\n`)
})

test('a server that comes again for the same account takes the place of its former connection', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  const address = leafAddress(server)
  const said = { user: 'a', pass: 'p', cluster: 'c', remote_account: 'R' }
  const { spoke: former } = await PlayedSpoke.enter(address, said)
  using _ = former
  former.say('LS+ ghost\r\n')
  await former.settled()
  const others = [{ name: 'other' }, { cluster: 'd' }, { remote_account: 'S' }, { remote_account: '' }]
  const staying = await Promise.all(others.map((other) => PlayedSpoke.enter(address, { ...said, ...other })))
  await former.settled()

  using again = (await PlayedSpoke.enter(address, said)).spoke
  assert.match(await former.farewell(), /-ERR 'Duplicate Remote LeafNode Connection'\r\n$/)
  assert.doesNotMatch(await again.settled(), /LS\+ ghost/)
  for (const { spoke } of staying) {
    await spoke.settled()
    spoke.socket.destroy()
  }
})

test('a server that brings, or wants, what it may not is closed', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  for (const [said, action, subject] of [
    ['LMSG other 1\r\nx\r\n', 'Publish', 'other'],
    ['LS+ secret.x\r\n', 'Subscription', 'secret.x'],
  ] as const) {
    const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'scoped', pass: 'p' })
    using _ = spoke
    await spoke.settled()
    spoke.say(said)
    assert.equal(await spoke.farewell(), `-ERR 'Permissions Violation for ${action} to "${subject}"'\r\n`)
  }
})

test('answers of services are brought whatever a server may say, and those of others are not heard', async () => {
  await using server = await ConfiguredServer.start(`accounts { A { users: [
    { user: a, password: p }
    { user: scoped, password: p, permissions: { publish: ["up.>"], subscribe: ["down.>"] } }
  ] } }
  ${PORT}`)
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'scoped', pass: 'p' })
  using _ = spoke
  using client = await playedClient(server.tcp, { user: 'a', pass: 'p' })
  client.say('SUB _R_.> 1\r\nSUB $JS.ACK.> 2\r\nSUB _GR_.> 3\r\n')
  await client.settled()
  spoke.say('LS+ _R_.>\r\nLS+ $JS.ACK.>\r\nLS+ _GR_.>\r\nLS+ down.>\r\n')
  await spoke.settled()
  client.say('PUB _R_.a 1\r\n1\r\nPUB $JS.ACK.a 1\r\n2\r\nPUB down.x 1\r\n3\r\n')
  await client.settled()
  assert.equal(await spoke.settled(), 'LMSG down.x 1\r\n3\r\n')

  spoke.say('LMSG _R_.b 1\r\n4\r\nLMSG $JS.ACK.b 1\r\n5\r\nLMSG _GR_.abcdef.ghijkl.up.x 1\r\n6\r\n')
  await spoke.settled()
  assert.equal(
    await client.settled(),
    'MSG _R_.b 1 1\r\n4\r\nMSG $JS.ACK.b 2 1\r\n5\r\nMSG _GR_.abcdef.ghijkl.up.x 3 1\r\n6\r\n',
  )
  spoke.say('LMSG _GR_.abcdef.ghijkl.secret.x 1\r\n7\r\n')
  await spoke.farewell()
  assert.equal(await client.settled(), '')
})

test('a wildcard that covers what it may not have gets the rest', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'scoped', pass: 'p', deny_pub: ['own.>'] })
  using _ = spoke
  spoke.say('LS+ >\r\n')
  await spoke.settled()
  using client = await playedClient(server.tcp, { user: 'a', pass: 'p' })
  client.say('PUB secret.x 1\r\ns\r\nPUB own.x 1\r\no\r\nPUB open.x 1\r\nx\r\n')
  await client.settled()
  assert.equal(await spoke.settled(), 'LMSG open.x 1\r\nx\r\n')
})

test('a server that wants to be the hub hears what is wanted below it, and nothing of other hubs', async () => {
  await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${PORT}`)
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
  using _ = spoke
  spoke.say('LS+ of.spoke\r\n')
  await spoke.settled()
  using client = await playedClient(server.tcp, { user: 'a', pass: 'p' })
  client.say('SUB of.client 1\r\n')
  await client.settled()
  const login = { user: 'a', pass: 'p', name: 'hub', is_hub: true }
  using hub = (await PlayedSpoke.enter(leafAddress(server), login)).spoke
  const wantedBelow = (text: string) => text.split('\r\n').filter((line) => line !== '' && !line.includes('$'))
  assert.deepEqual(wantedBelow(await hub.settled()), ['LS+ of.spoke', 'LS+ of.client'])
  hub.say('LS+ of.hub\r\n')
  await hub.settled()
  using secondHub = (await PlayedSpoke.enter(leafAddress(server), { ...login, name: 'second hub' })).spoke
  assert.deepEqual(wantedBelow(await secondHub.settled()), ['LS+ of.spoke', 'LS+ of.client'])
  using other = (await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p', name: 'third' })).spoke
  assert.match(await other.settled(), /LS\+ of\.hub\r\n/)
})

for (const [what, settings, said] of [
  ['that asks for it', '', { isolate: true }],
  ['where the hub is set so', 'isolate_leafnode_interest: true', {}],
] as const) {
  test(`a server ${what} hears nothing of what other leaf nodes want`, async () => {
    const leafnodes = `leafnodes { listen: "127.0.0.1:-1"\n${settings}\n}`
    await using server = await ConfiguredServer.start(`${ACCOUNTS}\n${leafnodes}`)
    using other = (await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p', name: 'other' })).spoke
    other.say('LS+ of.other\r\n')
    await other.settled()
    using spoke = (await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p', ...said })).spoke
    const wanted = await spoke.settled()
    assert.doesNotMatch(wanted, /of\.other/)
    // A loop is found all the same.
    assert.match(wanted, /LS\+ \$LDS\./)
  })
}

test('an account lets in as many leaf nodes as it may have', async () => {
  const limited = `accounts { A { limits { max_leafnodes: 1 }, users: [ { user: a, password: p } ] } }`
  await using server = await ConfiguredServer.start(`${limited}\n${PORT}`)
  const login = { user: 'a', pass: 'p' }
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), login)
  using second = await PlayedSpoke.connect(leafAddress(server))
  second.sayConnect({ ...login, name: 'second' })
  assert.equal(await second.farewell(), "-ERR 'maximum account active connections exceeded'\r\n")
  // Clients are counted apart.
  using client = await playedClient(server.tcp, login)
  await client.settled()
  spoke.socket.socket.end()
  await spoke.farewell()
  using third = (await PlayedSpoke.enter(leafAddress(server), login)).spoke
  await third.settled()
})

test('who does not log in in time is told so', async () => {
  const leafnodes = 'leafnodes { listen: "127.0.0.1:-1", authorization { user: l, password: p, timeout: 0.1 } }'
  await using server = await ConfiguredServer.start(leafnodes)
  using spoke = await PlayedSpoke.connect(leafAddress(server))
  assert.equal(await spoke.farewell(), "-ERR 'Authentication Timeout'\r\n")
})

test('what is told of services of other accounts says that a leaf node asks', async () => {
  const accounts = `accounts {
    S { users: [ { user: s, password: p } ], exports: [ { service: "time" } ] }
    A { users: [ { user: a, password: p } ], imports: [ { service: { account: S, subject: "time" }, share: true } ] }
  }`
  await using server = await ConfiguredServer.start(`${accounts}\n${PORT}`)
  using service = await playedClient(server.tcp, { user: 's', pass: 'p', headers: true })
  service.say('SUB time 1\r\n')
  await service.settled()
  const { spoke } = await PlayedSpoke.enter(leafAddress(server), { user: 'a', pass: 'p' })
  using _ = spoke
  assert.match(await spoke.settled(), /LS\+ time\r\n/)
  spoke.say('LS+ answer\r\nLMSG time answer 0\r\n\r\n')
  await spoke.settled()
  const asked = await service.settled()
  const info = JSON.parse(/Nats-Request-Info: (\{.*\})\r\n/.exec(asked)?.[1] ?? '{}')
  assert.deepEqual([info.kind, info.name, info.acc, info.user], ['Leafnode', 'spoke', 'A', 'a'])
  const [, reply] = /HMSG time 1 (\S+) /.exec(asked) ?? []
  service.say(`PUB ${reply} 4\r\nnoon\r\n`)
  await service.settled()
  assert.equal(await spoke.settled(), 'LMSG answer 4\r\nnoon\r\n')
})
