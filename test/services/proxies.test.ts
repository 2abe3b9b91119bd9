/** Who a client is behind proxies: in INFO, the log, monitoring and limits; and who is not believed. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connectTcp, connectWebSocket } from '../conformance/nats-clients.ts'
import { statusOf, WireClient } from '../doors/nats/websocket-table/wire-client.ts'
import { TestAuthority, type TestCertificate } from '../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { until } from '../helpers/wait.ts'
import { RawSocket } from '../net/raw-socket.ts'
import { ConfiguredServer, websocket } from './configured-server.ts'
import { nginx, proxyHeaderV1, proxyHeaderV2, startNginx, startRelay } from './proxies.ts'

let folder: TemporaryFolder
let authority: TestAuthority
let certificate: TestCertificate
before(async () => {
  folder = await temporaryFolder()
  authority = await TestAuthority.create(folder)
  certificate = await authority.issue()
})
after(() => folder[Symbol.asyncDispose]())

const MONITORING = 'http: "127.0.0.1:-1"\n'

/** Addresses as `/connz` has them, in the order of the connections. */
async function addressesIn(server: ConfiguredServer): Promise<string[]> {
  const { body } = await server.monitoring('/connz')
  return (body.connections as { ip: string }[]).map(({ ip }) => ip)
}

describe('nginx in front of WebSocket', { skip: nginx.skip }, () => {
  test('that ends TLS: the client’s address everywhere, and its own origin is the same', async () => {
    await using server = await ConfiguredServer.start(
      MONITORING + websocket('trusted_proxies: ["127.0.0.1"], same_origin: true, max_connections_per_address: 1'),
    )
    await using proxy = await startNginx({ tls: certificate, locations: { '/nats/': server.webSocketUrl(0, 'http') } })
    const site = `localhost:${proxy.port}`
    const upgrade = {
      ca: authority.ca,
      headers: { Origin: `https://${site}`, 'X-Forwarded-For': '203.0.113.9, 8.8.4.4' },
    }
    // nginx adds the address that it sees, which is this machine's and so a proxy's: the one before counts.
    const client = await connectWebSocket(`wss://${site}/nats/`, { upgrade, name: 'page' })
    assert.equal(client.info?.client_ip, '8.8.4.4')
    assert.deepEqual(await addressesIn(server), ['8.8.4.4'])
    await server.logged(/"address":"8\.8\.4\.4"/)

    const tls = { ca: authority.ca }
    const headers = { Host: site, ...upgrade.headers }
    assert.equal(await statusOf(proxy, { path: '/nats/', tls, headers }), 429)
    const another = { ...headers, 'X-Forwarded-For': '8.8.4.5' }
    assert.equal(await statusOf(proxy, { path: '/nats/', tls, headers: another }), 101)
    assert.equal(await statusOf(proxy, { path: '/nats/', tls, headers: { ...another, Origin: `http://${site}` } }), 403)
    await client.close()
  })

  test('two in a row', async () => {
    await using server = await ConfiguredServer.start(
      MONITORING + websocket('trusted_proxies: ["127.0.0.0/8"], same_origin: true'),
    )
    await using inner = await startNginx({ locations: { '/': server.webSocketUrl(0, 'http') } })
    await using outer = await startNginx({
      tls: certificate,
      locations: { '/': `http://127.0.0.1:${inner.port}` },
    })
    const site = `localhost:${outer.port}`
    const headers = { Host: site, Origin: `https://${site}`, 'X-Forwarded-For': '2001:db8::7' }
    using client = await WireClient.connect(outer, {
      tls: { ca: authority.ca },
      headers: { ...headers, Origin: undefined },
    })
    assert.equal(client.info.client_ip, '2001:db8::7')
  })

  test('that nobody trusts is the client itself, and what it says of others is not believed', async () => {
    await using server = await ConfiguredServer.start(MONITORING + websocket('same_origin: true'))
    await using proxy = await startNginx({ tls: certificate, locations: { '/': server.webSocketUrl(0, 'http') } })
    const tls = { ca: authority.ca }
    const headers = { 'X-Forwarded-For': '8.8.4.4' }
    using client = await WireClient.connect(proxy, { tls, headers })
    assert.equal(client.info.client_ip, '127.0.0.1')
    assert.deepEqual(await addressesIn(server), ['127.0.0.1'])
    const site = `localhost:${proxy.port}`
    const origin = { Host: site, Origin: `https://${site}` }
    assert.equal(await statusOf(proxy, { tls, headers: origin }), 403)
  })

  test('with TLS behind it as well', async () => {
    const block = `websocket { listen: "127.0.0.1:-1", trusted_proxies: local
      tls { cert_file: "${certificate.certFile}", key_file: "${certificate.keyFile}" } }\n`
    await using server = await ConfiguredServer.start(block)
    await using proxy = await startNginx({ locations: { '/': server.webSocketUrl(0, 'https') } })
    const upgrade = { headers: { 'X-Forwarded-For': '8.8.4.4' } }
    const client = await connectWebSocket(`ws://127.0.0.1:${proxy.port}`, { upgrade })
    assert.equal(client.info?.client_ip, '8.8.4.4')
    await client.close()
  })
})

const TLS = () => `tls { cert_file: "${certificate.certFile}", key_file: "${certificate.keyFile}" }`
const BEHIND = 'proxy_protocol: true, trusted_proxies: ["127.0.0.1"], max_connections_per_address: 1\n'
const HEADERS = [
  ['version 1', '192.0.2.7', proxyHeaderV1('192.0.2.7', 4711)],
  ['version 1 and IPv6', '2001:db8::7', proxyHeaderV1('2001:db8::7', 4711)],
  ['version 2', '192.0.2.8', proxyHeaderV2('192.0.2.8', 4711)],
] as const

describe('the PROXY protocol', () => {
  for (const [version, address, header] of HEADERS) {
    for (const [carrier, config] of [
      ['TCP', () => BEHIND.replaceAll(',', '\n')],
      ['TCP with TLS', () => `${BEHIND.replaceAll(',', '\n')}${TLS()}\n`],
      ['ws', () => websocket(BEHIND)],
      ['wss', () => `websocket {\nlisten: "127.0.0.1:-1"\n${BEHIND}${TLS()}\n}\n`],
    ] as const) {
      test(`${version} in front of ${carrier}: the client’s address in INFO, monitoring, log and limits`, async () => {
        await using server = await ConfiguredServer.start(MONITORING + config())
        const isTcp = carrier.startsWith('TCP')
        await using relay = await startRelay(isTcp ? server.tcp : server.webSocket(), header)
        const connect = () => {
          const tls = { ca: authority.ca }
          const options = { reconnect: false, maxReconnectAttempts: 0 }
          if (!isTcp) return connectWebSocket(`${carrier}://localhost:${relay.port}`, { ...options, upgrade: tls })
          return connectTcp(`nats://localhost:${relay.port}`, { ...options, ...(carrier !== 'TCP' && { tls }) })
        }
        const client = await connect()
        assert.equal(client.info?.client_ip, address)
        assert.deepEqual(await addressesIn(server), [address])
        const port = ((await server.monitoring('/connz')).body.connections as { port: number }[])[0]?.port
        assert.equal(port, 4711)
        await server.logged(new RegExp(`"address":"${address}"`))
        await assert.rejects(connect())
        await server.logged(isTcp ? /Maximum Connections Exceeded/ : /too many connections from this address/)
        await client.close()
        await until(async () => (await addressesIn(server)).length === 0, 'the end of the first')
        await (await connect()).close()
      })
    }
  }

  test('from somebody who is no trusted proxy is not believed, and the connection is closed', async () => {
    await using server = await ConfiguredServer.start(
      `proxy_protocol: true\ntrusted_proxies: ["192.0.2.1"]\n${websocket('proxy_protocol: true, trusted_proxies: ["192.0.2.1"]')}`,
    )
    for (const address of [server.tcp, server.webSocket()]) {
      const socket = await RawSocket.connect(address)
      socket.write(proxyHeaderV1('192.0.2.7', 1))
      assert.equal(await socket.readToEnd(), '')
      socket.destroy()
    }
    const refused = () => server.log.filter(({ event }) => /not a trusted proxy/.test(event))
    await until(() => refused().length === 2, 'both in the log')
  })

  test('and forwarded headers together: who the last proxy names is believed if the one before it is', async () => {
    await using server = await ConfiguredServer.start(
      websocket('proxy_protocol: true, trusted_proxies: ["127.0.0.1", "10.0.0.1"]'),
    )
    for (const [proxy, expected] of [
      ['10.0.0.1', '8.8.4.4'],
      ['10.0.0.2', '10.0.0.2'],
    ] as const) {
      await using relay = await startRelay(server.webSocket(), proxyHeaderV1(proxy, 1))
      using client = await WireClient.connect(relay, { headers: { 'X-Forwarded-For': '8.8.4.4' } })
      assert.equal(client.info.client_ip, expected)
    }
  })
})

test('a limit by address holds for each listener by itself, over TCP and WebSocket', async () => {
  await using server = await ConfiguredServer.start(
    `max_connections_per_address: 2\n${websocket('max_connections_per_address: 1')}`,
  )
  const options = { reconnect: false }
  const clients = [
    await connectTcp(server.natsUrl, options),
    await connectTcp(server.natsUrl, options),
    await connectWebSocket(server.webSocketUrl(), options),
  ]
  await assert.rejects(connectTcp(server.natsUrl, options), /maximum connections exceeded/i)
  await assert.rejects(connectWebSocket(server.webSocketUrl(), { ...options, upgrade: {} }))
  await server.logged(/too many connections from this address/)
  await clients[0]!.close()
  const again = await until(() => connectTcp(server.natsUrl, options), 'room for another')
  for (const client of [again, ...clients.slice(1)]) await client.close()
})
