/** Where servers come in as leaf nodes, and how they are sent away. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import tls from 'node:tls'
import { silentLogger } from '#kit'
import { startServer } from '#server'
import { connectTcp } from '../conformance/nats-clients.ts'
import { type Info, PlayedSpoke } from '../doors/nats/leaf/accepted/played-spoke.ts'
import { WebSocketClient } from '../doors/nats/raw-client.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, until, within } from '../helpers/wait.ts'
import { type Address, RawSocket } from '../net/raw-socket.ts'
import { RawWebSocket, upgradeRequest } from '../net/raw-websocket.ts'
import { ConfiguredServer, websocket } from './configured-server.ts'

const PORT = 'leafnodes { listen: "127.0.0.1:-1" }'

interface WebSocketSpoke extends Disposable {
  readonly client: WebSocketClient
  /** Of the second INFO. */
  readonly answer: Info
}

/** One that was let in over WebSocket. */
async function enterByWebSocket(address: Address, path: string, fields: object = {}): Promise<WebSocketSpoke> {
  const client = await new WebSocketClient(await RawWebSocket.connect(address, path)).greeted()
  client.say(`CONNECT ${JSON.stringify({ name: 'spoke', version: '2.10.0', headers: true, ...fields })}\r\n`)
  await client.untilPong()
  return { client, answer: client.laterInfos[0]!, [Symbol.dispose]: () => client.destroy() }
}

/** The status of the answer to an upgrade; 101 that is followed by nothing is `turned away`. */
async function upgradeAt(address: Address, path: string): Promise<string> {
  const socket = await RawSocket.connect(address)
  try {
    socket.write(upgradeRequest({}, `GET ${path} HTTP/1.1`))
    const status = (await socket.readThrough('\r\n')).slice('HTTP/1.1 '.length, 'HTTP/1.1 101'.length)
    if (status !== '101') return status
    await socket.readThrough('\r\n\r\n')
    return await Promise.race([
      socket.readThrough('INFO').then(() => '101'),
      socket.readToEnd().then((rest) => (rest.includes('INFO') ? '101' : 'turned away')),
    ])
  } finally {
    socket.destroy()
  }
}

test('over WebSocket they come in at /leafnode, below any path, and by the paths of nats-server 2.9', async () => {
  await using server = await ConfiguredServer.start(`${websocket()}\n${PORT}`)
  for (const path of ['/leafnode', '/some/path/leafnode', '/leafnodesome/path', '/leafnode?x=1']) {
    using spoke = await enterByWebSocket(server.webSocket(), path)
    assert.equal(spoke.answer.remote_account, '$G', path)
    assert.deepEqual(spoke.answer.leafnode_urls, [`127.0.0.1:${server.server.addresses.leafnodes?.port}`])
  }
})

test('strangers who come over WebSocket in masses are turned away, and fill no log', async () => {
  await using server = await ConfiguredServer.start(
    `${websocket()}\nleafnodes { listen: "127.0.0.1:-1", authorization { timeout: 60 } }`,
  )
  await using sockets = new AsyncDisposableStack()
  const come = async () => {
    const socket = await RawSocket.connect(server.webSocket())
    sockets.defer(() => socket.destroy())
    socket.write(upgradeRequest({}, 'GET /leafnode HTTP/1.1'))
    await socket.readThrough('\r\n\r\n')
  }
  for (let i = 0; i < 13; i++) await Promise.all(Array.from({ length: 50 }, come))
  const turnedAway = server.log.filter(({ event }) => event === 'leaf node turned away')
  assert.equal(turnedAway.length, 100)
})

test('clients go on at every other path', async () => {
  await using server = await ConfiguredServer.start(`${websocket()}\n${PORT}`)
  for (const path of ['/', '/leafnode/x', '/a']) {
    const client = await new WebSocketClient(await RawWebSocket.connect(server.webSocket(), path)).greeted()
    assert.equal(client.info.leafnode_urls, undefined, path)
    client.destroy()
  }
})

test('below the path of a block they come in, and elsewhere nothing is', async () => {
  await using server = await ConfiguredServer.start(`${websocket('path: "/nats"')}\n${PORT}`)
  for (const path of ['/nats/leafnode', '/leafnodenats', '/nats/x/leafnode', '/leafnodenats/x']) {
    using spoke = await enterByWebSocket(server.webSocket(), path)
    assert.equal(spoke.answer.connect_info, true, path)
  }
  for (const path of ['/leafnode', '/other/leafnode', '/leafnodeother']) {
    assert.equal(await upgradeAt(server.webSocket(), path), '404', path)
  }
})

test('where leafnodes {} has no port they are turned away behind the 101, until a reload gives it one', async () => {
  await using server = await ConfiguredServer.start(websocket())
  const { port } = server.tcp
  const { port: webSocketPort } = server.webSocket()
  assert.equal(await upgradeAt(server.webSocket(), '/leafnode'), 'turned away')
  const same = `listen: "127.0.0.1:${port}"\n${websocket('', webSocketPort)}`
  await server.reload(`${same}\n${PORT}`)
  using spoke = await enterByWebSocket(server.webSocket(), '/leafnode')
  const [closed] = (await server.reload(same)).filter((line) => line.startsWith('closed'))
  assert.match(closed ?? '', /Server Shutdown/)
  assert.deepEqual(await spoke.client.ended(), { code: 1001, reason: 'Server Shutdown' })
  assert.equal(await upgradeAt(server.webSocket(), '/leafnode'), 'turned away')
})

test('over WebSocket users count that may come as LEAFNODE_WS, and the no_auth_user of the block', async () => {
  const users = `accounts { A { users: [
    { user: ws, password: p, allowed_connection_types: LEAFNODE_WS }
    { user: tcp, password: p, allowed_connection_types: [LEAFNODE, WEBSOCKET] }
    { user: guest, password: p }
  ] } }`
  await using server = await ConfiguredServer.start(`${users}\n${websocket('no_auth_user: guest')}\n${PORT}`)
  using spoke = await enterByWebSocket(server.webSocket(), '/leafnode', { user: 'ws', pass: 'p' })
  assert.equal(spoke.answer.remote_account, 'A')
  using guest = await enterByWebSocket(server.webSocket(), '/leafnode', { name: 'other' })
  assert.equal(guest.answer.remote_account, 'A')
  const refused = new WebSocketClient(await RawWebSocket.connect(server.webSocket(), '/leafnode'))
  await refused.greeted()
  refused.say('CONNECT {"user":"tcp","pass":"p"}\r\n')
  assert.equal(await refused.hearThrough('\r\n'), "-ERR 'Authorization Violation'\r\n")
  assert.deepEqual(await refused.ended(), { code: 1008, reason: 'Authentication Failure' })
  // By the port nobody is a guest.
  using byPort = await PlayedSpoke.connect(server.server.addresses.leafnodes!)
  byPort.sayConnect()
  assert.equal(await byPort.farewell(), "-ERR 'Authorization Violation'\r\n")
})

test('on the web listener they come in below /nats where programs may, and never as users of the vault', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('belfry.conf'), `listen: "127.0.0.1:-1"\n${PORT}`)
  for (const [nats, expected] of [
    ['local', '101'],
    ['off', 'turned away'],
  ] as const) {
    const web = { host: '127.0.0.1', port: 0, https: false, nats } as const
    const overrides = { web, vault: { dataFolder: folder.join(nats) } }
    const sources = { configFile: 'belfry.conf', cwd: folder.path, logger: silentLogger }
    await using server = await startServer(overrides, sources)
    for (const path of ['/nats/leafnode', '/leafnodenats']) {
      assert.equal(await upgradeAt(server.addresses.web!, path), expected, path)
    }
  }
})

test('with verify_and_map a certificate says which user a server is, in leafnodes {} and in the table', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const [own, spoke, stranger] = await Promise.all([
    authority.issue(),
    authority.issue({ subject: 'CN=spoke', dnsNames: [], emails: ['spoke@example.com'] }),
    authority.issue({ subject: 'CN=stranger', dnsNames: [], emails: ['stranger@example.com'] }),
  ])
  const maps = `tls { cert_file: "${own.certFile}", key_file: "${own.keyFile}", ca_file: "${authority.caFile}", verify_and_map: true }`
  const user = 'user: "spoke@example.com"'
  for (const config of [
    `accounts { A { users: [ { ${user} } ] } }\nleafnodes { listen: "127.0.0.1:-1", ${maps} }`,
    `accounts { A {} }\nleafnodes { listen: "127.0.0.1:-1", ${maps}, authorization { users: [ { ${user}, account: A } ] } }`,
  ]) {
    await using server = await ConfiguredServer.start(config)
    const enter = async ({ cert, key }: typeof own) => {
      const plain = await RawSocket.connect(server.server.addresses.leafnodes!)
      const info = JSON.parse((await plain.readThrough('\r\n')).slice('INFO '.length))
      assert.deepEqual([info.tls_required, info.tls_verify], [true, true])
      plain.socket.removeAllListeners('data')
      const secured = tls.connect({ socket: plain.socket, ca: authority.ca, cert, key, servername: 'localhost' })
      await once(secured, 'secureConnect')
      const raw = new RawSocket(secured)
      raw.write('CONNECT {"name":"spoke","version":"2.10.0"}\r\n')
      const answer = await raw.readThrough('\r\n')
      raw.destroy()
      return answer
    }
    assert.match(await enter(spoke), /^INFO .*"remote_account":"A"/)
    assert.equal(await enter(stranger), "-ERR 'Authorization Violation'\r\n")
  }
})

test('who speaks plain text to a port with TLS is told what is missing', async () => {
  await using folder = await temporaryFolder()
  const { certFile, keyFile } = await (await TestAuthority.create(folder)).issue()
  const secured = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`
  await using server = await ConfiguredServer.start(`leafnodes { listen: "127.0.0.1:-1", ${secured} }`)
  using spoke = await PlayedSpoke.connect(server.server.addresses.leafnodes!)
  assert.equal(spoke.info.tls_required, true)
  spoke.sayConnect()
  assert.equal(await spoke.farewell(), "-ERR 'Secure Connection - TLS Required'\r\n")
  await server.logged(/TLS handshake failed/)
})

test('a server that ends closes its leaf nodes, also those that say nothing more', async () => {
  const server = await ConfiguredServer.start(`${websocket()}\n${PORT}`)
  const address = server.server.addresses.leafnodes!
  const { spoke } = await PlayedSpoke.enter(address)
  using byWebSocket = await enterByWebSocket(server.webSocket(), '/leafnode', { name: 'other' })
  using waiting = await PlayedSpoke.connect(address)
  await within(server[Symbol.asyncDispose](), 'the end', 5_000)
  await Promise.all([spoke.farewell(), waiting.farewell()])
  assert.deepEqual(await byWebSocket.client.ended(), { code: 1001, reason: 'Server Shutdown' })
  await assert.rejects(PlayedSpoke.connect(address))
})

test('in lame duck mode no more come in, and those who are in stay as long as the server does', async () => {
  const gentle = 'lame_duck_duration: "30s"\nlame_duck_grace_period: "29900ms"'
  await using server = await ConfiguredServer.start(`${gentle}\n${PORT}`)
  const address = server.server.addresses.leafnodes!
  const { spoke } = await PlayedSpoke.enter(address)
  const client = await connectTcp(server.natsUrl, { reconnect: false })
  const lastClient = server.server.lameDuck()
  await assert.rejects(PlayedSpoke.connect(address))
  await spoke.settled()
  await client.close()
  await lastClient
  await spoke.settled()
  await server.server.close()
  await spoke.farewell()
})

test('connections that never log in have a bound, and keep no others out who do', { timeout: 30_000 }, async () => {
  await using server = await ConfiguredServer.start(
    'leafnodes { listen: "127.0.0.1:-1", authorization { timeout: 20 } }',
  )
  const address = server.server.addresses.leafnodes!
  const { spoke } = await PlayedSpoke.enter(address)
  const strangers = await Promise.all(Array.from({ length: 512 }, () => PlayedSpoke.connect(address)))
  await assert.rejects(PlayedSpoke.connect(address), /ended|reset/i)
  await server.logged(/too many connections have yet to log in/)
  await spoke.settled()
  // Who logs in gives its place to the next.
  strangers[0]!.sayConnect({ name: 'first' })
  await strangers[0]!.settled()
  using next = await PlayedSpoke.connect(address)
  assert.ok(next.info.nonce)
  // So does who goes.
  strangers[1]!.socket.destroy()
  using another = await until(() => PlayedSpoke.connect(address).catch(() => undefined), 'a place')
  assert.ok(another.info.nonce)
  for (const { socket } of [spoke, ...strangers]) socket.destroy()
})
