/** Every option of `websocket {}` holds from the reload on: for newcomers, and for those who are in where it is about them. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import {
  ask,
  OFFERS_COMPRESSION,
  statusOf,
  type UpgradeOptions,
  WireClient,
} from '../../doors/nats/websocket-table/wire-client.ts'
import { TestAuthority } from '../../helpers/certificates.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { RawSocket } from '../../net/raw-socket.ts'
import { block, ConfiguredServer, websocket, websockets } from '../configured-server.ts'
import { freePorts } from '../free-ports.ts'

const from = (origin: string): UpgradeOptions => ({ headers: { Origin: origin } })

/** Reads INFO and whatever comes with it until PONG. */
async function login(server: ConfiguredServer, connect: object, options: UpgradeOptions = {}): Promise<string> {
  using client = await WireClient.connect(server.webSocket(), options)
  client.say(`CONNECT ${JSON.stringify({ verbose: false, ...connect })}\r\nPING\r\n`)
  return await client.hearThrough('\r\n')
}

describe('who comes after the reload', () => {
  test('allowed_origins', async () => {
    await using server = await ConfiguredServer.start(websocket('allowed_origins: ["https://a.example"]'))
    assert.equal(await statusOf(server.webSocket(), from('https://b.example')), 403)
    const lines = await server.reload(websocket('allowed_origins: ["https://b.example"]'))
    assert.deepEqual(lines, ['websockets[0].allowedOrigins: ["https://a.example"] -> ["https://b.example"]'])
    assert.equal(await statusOf(server.webSocket(), from('https://b.example')), 101)
    assert.equal(await statusOf(server.webSocket(), from('https://a.example')), 403)
  })

  test('same_origin', async () => {
    await using server = await ConfiguredServer.start(websocket())
    assert.equal(await statusOf(server.webSocket(), from('https://b.example')), 101)
    assert.deepEqual(await server.reload(websocket('same_origin: true')), ['websockets[0].sameOrigin: false -> true'])
    assert.equal(await statusOf(server.webSocket(), from('https://b.example')), 403)
    assert.equal(await statusOf(server.webSocket(), from('http://localhost')), 101)
  })

  test('headers', async () => {
    await using server = await ConfiguredServer.start(websocket('headers: { X-One: a }'))
    await server.reload(websocket('headers: { X-Two: b }'))
    const { raw, headers } = await ask(server.webSocket())
    assert.deepEqual([headers['x-one'], headers['x-two']], [undefined, 'b'])
    raw.destroy()
  })

  test('cookies, and authorization, whose secrets are not shown', async () => {
    const forUser = (user: string, settings: string) =>
      websocket(`authorization { user: ${user}, password: s3cret-${user} }\n${settings}`)
    await using server = await ConfiguredServer.start(forUser('ann', ''))
    const cookies = { headers: { Cookie: 'u=bob; p=s3cret-bob' } }
    assert.equal(await login(server, { user: 'ann', pass: 's3cret-ann' }), 'PONG\r\n')
    assert.match(await login(server, {}, cookies), /Authorization Violation/)
    const lines = await server.reload(forUser('bob', 'user_cookie: u, pass_cookie: p'))
    assert.deepEqual(lines, [
      'websockets[0].cookies.user: none -> "u"',
      'websockets[0].cookies.password: none -> "p"',
      'websockets[0].authorization.user: "ann" -> "bob"',
      'websockets[0].authorization.password: [redacted] -> [redacted]',
    ])
    assert.equal(await login(server, {}, cookies), 'PONG\r\n')
    assert.match(await login(server, { user: 'ann', pass: 's3cret-ann' }), /Authorization Violation/)
  })

  test('compression', async () => {
    await using server = await ConfiguredServer.start(websocket())
    const agreed = async () => {
      const { raw, headers } = await ask(server.webSocket(), { headers: OFFERS_COMPRESSION })
      raw.destroy()
      return /permessage-deflate/.test(headers['sec-websocket-extensions'] ?? '')
    }
    assert.equal(await agreed(), false)
    await server.reload(websocket('compression: true'))
    assert.equal(await agreed(), true)
  })

  test('handshake_timeout', async () => {
    await using server = await ConfiguredServer.start(websocket('handshake_timeout: "1m"'))
    assert.deepEqual(await server.reload(websocket('handshake_timeout: "50ms"')), [
      'websockets[0].handshakeTimeoutMs: 60000 -> 50',
    ])
    const silent = await RawSocket.connect(server.webSocket())
    assert.equal(await silent.readToEnd(), '')
    silent.destroy()
  })

  test('path', async () => {
    await using server = await ConfiguredServer.start(websocket('path: "/one"'))
    await server.reload(websocket('path: "/two"'))
    assert.equal(await statusOf(server.webSocket(), { path: '/one' }), 404)
    assert.equal(await statusOf(server.webSocket(), { path: '/two/below?query' }), 101)
  })

  test('trusted_proxies', async () => {
    await using server = await ConfiguredServer.start(websocket())
    const address = async () => {
      using client = await WireClient.connect(server.webSocket(), { headers: { 'X-Forwarded-For': '192.0.2.7' } })
      return client.info.client_ip
    }
    assert.equal(await address(), '127.0.0.1')
    await server.reload(websocket('trusted_proxies: ["127.0.0.1"]'))
    assert.equal(await address(), '192.0.2.7')
  })

  test('proxy_protocol', async () => {
    await using server = await ConfiguredServer.start(websocket('trusted_proxies: local'))
    await server.reload(websocket('trusted_proxies: local, proxy_protocol: true'))
    const refused = await RawSocket.connect(server.webSocket())
    refused.write('GET / HTTP/1.1\r\n\r\n')
    assert.equal(await refused.readToEnd(), '')
    await server.logged(/unrecognized PROXY protocol format/)
    await server.reload(websocket('trusted_proxies: local'))
    assert.equal(await statusOf(server.webSocket()), 101)
  })

  test('max_connections_per_address', async () => {
    await using server = await ConfiguredServer.start(websocket())
    using _one = await WireClient.ready(server.webSocket())
    await server.reload(websocket('max_connections_per_address: 1'))
    await assert.rejects(statusOf(server.webSocket()), /The connection ended/)
    await server.logged(/too many connections from this address/)
    await server.reload(websocket('max_connections_per_address: 2'))
    assert.equal(await statusOf(server.webSocket()), 101)
  })

  test('no_tls becomes tls, certificates are exchanged in their files, and back', async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const [first, second] = [await authority.issue(), await authority.issue()]
    const secured = (pair: typeof first) =>
      `websocket {\nlisten: "127.0.0.1:-1"\ntls { cert_file: "${pair.certFile}", key_file: "${pair.keyFile}" }\n}\n`
    await using server = await ConfiguredServer.start(websocket())
    const secure = { tls: { ca: authority.ca } }
    const shown = async () => {
      using client = await WireClient.connect(server.webSocket(), secure)
      return (client.raw.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256
    }
    const toTls = await server.reload(secured(first))
    assert.match(toTls.join('\n'), /^websockets\[0\]\.tls: none -> \{.*\}$/)
    const before = await shown()

    await writeFile(first.certFile, second.cert)
    await writeFile(first.keyFile, second.key)
    const exchanged = await server.reload(secured(first))
    assert.match(exchanged.join('\n'), /^websockets\[0\]\.tls\.sha256: \["[\da-f]{64}"\] -> \["[\da-f]{64}"\]$/)
    assert.notEqual(await shown(), before)

    await server.reload(websocket())
    assert.equal(await statusOf(server.webSocket()), 101)
  })

  test('a port of its own, and others of blocks that come and go', async () => {
    await using server = await ConfiguredServer.start('')
    assert.equal(server.server.addresses.websockets.length, 0)
    await server.reload(websockets(block(), block('path: "/two"')))
    const [one, two] = server.server.addresses.websockets
    assert.notEqual(one!.port, two!.port)
    assert.equal(await statusOf(one!), 101)
    assert.equal(await statusOf(two!), 404)
    await server.reload('')
    for (const address of [one!, two!]) await assert.rejects(RawSocket.connect(address), /ECONNREFUSED/)
  })
})

describe('who is in when it comes', () => {
  test('ping_interval', async () => {
    await using server = await ConfiguredServer.start(websocket('ping_interval: "1h"'))
    using client = await WireClient.ready(server.webSocket())
    await server.reload(websocket('ping_interval: "20ms"'))
    await client.hearThrough('PING\r\n')
  })

  test('is told of another max_payload, and measured by it', async () => {
    await using server = await ConfiguredServer.start(websocket())
    using client = await WireClient.connect(server.webSocket())
    client.say('CONNECT {"protocol":1,"verbose":false}\r\nPING\r\n')
    await client.hearThrough('PONG\r\nINFO ')
    assert.deepEqual(await server.reload(`${websocket()}max_payload: 100\n`), ['nats.maxPayloadBytes: 1048576 -> 100'])
    assert.match(await client.hearThrough('"max_payload":100,'), /INFO/)
    client.say(`PUB a 101\r\n${'x'.repeat(101)}\r\n`)
    assert.deepEqual(await client.ended(), { code: 1009, reason: 'Maximum Message Payload Exceeded' })
  })

  test('max_subscriptions', async () => {
    await using server = await ConfiguredServer.start(websocket())
    using client = await WireClient.ready(server.webSocket())
    client.say('SUB a 1\r\n')
    await client.untilPong()
    await server.reload(`${websocket()}max_subscriptions: 1\n`)
    client.say('SUB b 2\r\n')
    await client.hearThrough("-ERR 'maximum subscriptions exceeded'\r\n")
  })

  test('max_connections: those beyond it go, the newest first, and are named', async () => {
    await using server = await ConfiguredServer.start(websocket())
    using oldest = await WireClient.ready(server.webSocket())
    using newest = await WireClient.ready(server.webSocket())
    const lines = await server.reload(`${websocket()}max_connections: 1\n`)
    assert.equal(lines[0], 'nats.maxConnections: 65536 -> 1')
    assert.match(lines[1]!, /^closed connection 2 of 127\.0\.0\.1:\d+: Maximum Connections Exceeded$/)
    assert.equal(lines.length, 2)
    assert.deepEqual(await newest.ended(), { code: 1008, reason: 'Maximum Connections Exceeded' })
    await oldest.untilPong()
  })

  for (const [what, before, after, ending] of [
    [
      'whose origin',
      'allowed_origins: ["http://in.example"]',
      'allowed_origins: ["http://out.example"]',
      'Authentication Failure',
    ],
    ['whose path', 'path: "/in"', 'path: "/out"', 'Server Shutdown'],
    [
      'whose login',
      'authorization { user: u, pass: p }',
      'authorization { user: u, pass: q }',
      'Authentication Failure',
    ],
  ] as const) {
    test(`${what} is not good any more is closed and named; the others stay`, async () => {
      await using server = await ConfiguredServer.start(websockets(block(before), block()))
      const options = { path: '/in', ...from('http://in.example') }
      using client = await WireClient.connect(server.webSocket(0), options)
      client.say('CONNECT {"verbose":false,"user":"u","pass":"p","name":"a page"}\r\n')
      await client.untilPong()
      using other = await WireClient.ready(server.webSocket(1), options)
      const lines = await server.reload(websockets(block(after), block()))
      assert.equal(lines.length, 2)
      assert.match(lines[1]!, new RegExp(`^closed connection 1 of 127\\.0\\.0\\.1:\\d+ "a page": ${ending}$`))
      assert.deepEqual(await client.ended(), { code: ending === 'Server Shutdown' ? 1001 : 1008, reason: ending })
      assert.equal(
        client.heard,
        ending === 'Server Shutdown' || /path/.test(what) ? '' : "-ERR 'Authorization Violation'\r\n",
      )
      await other.untilPong()
    })
  }

  test('by a block that is no more is closed; who came by another stays', async () => {
    const [one, two] = (await freePorts(2)).map((port) => block('', port))
    await using server = await ConfiguredServer.start(websockets(one!, two!))
    using first = await WireClient.ready(server.webSocket(0))
    using second = await WireClient.ready(server.webSocket(1))
    const lines = await server.reload(websockets(two!))
    assert.match(lines.at(-1)!, /^closed connection 1 of 127\.0\.0\.1:\d+: Server Shutdown$/)
    assert.deepEqual(await first.ended(), { code: 1001, reason: 'Server Shutdown' })
    await second.untilPong()
  })

  test('stays when its listener moves, by the old port and by the rules of the new', async () => {
    await using server = await ConfiguredServer.start(websocket())
    using client = await WireClient.ready(server.webSocket())
    const before = server.webSocket()
    const [port] = (await freePorts(1)) as [number]
    await server.reload(websockets(block('', port)))
    assert.notEqual(server.webSocket().port, before.port)
    await assert.rejects(RawSocket.connect(before), /ECONNREFUSED/)
    await client.untilPong()
    await server.reload(websockets(block('path: "/elsewhere"', port)))
    assert.deepEqual(await client.ended(), { code: 1001, reason: 'Server Shutdown' })
  })
})
