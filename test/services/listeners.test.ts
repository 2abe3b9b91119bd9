/** Several listeners of one server, each with rules of its own, and the same subjects behind all of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { connectTcp, connectWebSocket, type NatsConnection } from '../conformance/nats-clients.ts'
import { ask, OFFERS_COMPRESSION, statusOf, WireClient } from '../doors/nats/websocket-table/wire-client.ts'
import { TestAuthority, type TestCertificate } from '../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once, within } from '../helpers/wait.ts'
import { RawSocket } from '../net/raw-socket.ts'
import { block, ConfiguredServer, websockets } from './configured-server.ts'

let folder: TemporaryFolder
let authority: TestAuthority
let certificate: TestCertificate
let client: TestCertificate
before(async () => {
  folder = await temporaryFolder()
  authority = await TestAuthority.create(folder)
  certificate = await authority.issue()
  client = await authority.issue({ subject: 'CN=service' })
})
after(() => folder[Symbol.asyncDispose]())

const tls = (more = '') => `tls { cert_file: "${certificate.certFile}", key_file: "${certificate.keyFile}"\n${more} }\n`

test('one for the public with TLS, origins and compression, one for inside: subjects are shared, rules are not', async () => {
  const inside = block('authorization { user: inside, password: pass }')
  const outside = `{ listen: "127.0.0.1:-1"\n${tls()}allowed_origins: ["https://app.example.com"], compression: true }`
  await using server = await ConfiguredServer.start(websockets(outside, inside))
  const secure = { tls: { ca: authority.ca } }
  const from = (origin: string) => ({ Origin: origin, ...OFFERS_COMPRESSION })
  const publicAnswer = await ask(server.webSocket(0), { ...secure, headers: from('https://app.example.com') })
  assert.match(publicAnswer.headers['sec-websocket-extensions'] ?? '', /permessage-deflate/)
  assert.equal(await statusOf(server.webSocket(0), { ...secure, headers: from('https://evil.example') }), 403)
  const insideAnswer = await ask(server.webSocket(1), { headers: from('https://evil.example') })
  assert.equal(insideAnswer.headers['sec-websocket-extensions'], undefined)
  for (const { raw } of [publicAnswer, insideAnswer]) raw.destroy()

  const headers = { Origin: 'https://app.example.com' }
  const { port } = server.webSocket(0)
  const page = await connectWebSocket(`wss://localhost:${port}`, { upgrade: { ca: authority.ca, headers } })
  const service = await connectWebSocket(server.webSocketUrl(1), { user: 'inside', pass: 'pass' })
  const tcp = await connectTcp(server.natsUrl)
  await assert.rejects(connectWebSocket(server.webSocketUrl(1), { reconnect: false }), /Authorization Violation/)
  const heard = (from: NatsConnection, subject: string) => {
    const { promise, resolve } = Promise.withResolvers<string>()
    from.subscribe(subject, { max: 1, callback: (_, message) => resolve(message.string()) })
    return promise
  }
  const all = Promise.all([heard(page, 'news'), heard(tcp, 'news')])
  await page.flush()
  await tcp.flush()
  service.publish('news', 'for all')
  assert.deepEqual(await within(all, 'the news'), ['for all', 'for all'])
  for (const connection of [page, service, tcp]) await connection.close()
})

test('the TCP listener takes up TLS while it runs; who is in goes on in plain text', async () => {
  await using server = await ConfiguredServer.start('client_advertise: "a.example.com:1"\n')
  const plain = await connectTcp(server.natsUrl, { reconnect: false })
  assert.equal(plain.info?.host, 'a.example.com')
  await server.reload(`client_advertise: "b.example.com:2"\n${tls()}`)
  const options = { reconnect: false, tls: { ca: authority.ca } }
  const secure = await connectTcp(`localhost:${server.tcp.port}`, options)
  assert.deepEqual([secure.info?.host, secure.info?.port, secure.info?.tls_required], ['b.example.com', 2, true])
  await plain.flush()
  const refused = await RawSocket.connect(server.tcp)
  refused.write('CONNECT {}\r\n')
  assert.match(await refused.readToEnd(), /-ERR 'Secure Connection - TLS Required'\r\n$/)
  refused.destroy()
  for (const connection of [plain, secure]) await connection.close()
})

for (const carrier of ['TCP', 'wss'] as const) {
  test(`whose certificate is pinned no more has to go: ${carrier}`, async () => {
    const config = (pins: string) => {
      const block = tls(`ca_file: "${authority.caFile}", verify: true\n${pins}`)
      return carrier === 'TCP' ? block : `websocket { listen: "127.0.0.1:-1"\n${block}}\n`
    }
    await using server = await ConfiguredServer.start(config(''))
    const identity = { ca: authority.ca, cert: client.cert, key: client.key }
    const connection =
      carrier === 'TCP'
        ? await connectTcp(`localhost:${server.tcp.port}`, { reconnect: false, tls: identity })
        : await connectWebSocket(`wss://localhost:${server.webSocket().port}`, { reconnect: false, upgrade: identity })
    const lines = await server.reload(config(`pinned_certs: ["${'ab'.repeat(32)}"]`))
    assert.match(lines.at(-1)!, /^closed connection \d+ of 127\.0\.0\.1:\d+: Authentication Failure$/)
    assert.match(String(await within(connection.closed(), 'the end')), /Authorization Violation/)
  })
}

test('a certificate for each listener', async () => {
  const other = await authority.issue({ subject: 'CN=other' })
  const second = `{ listen: "127.0.0.1:-1", tls { cert_file: "${other.certFile}", key_file: "${other.keyFile}" } }`
  await using server = await ConfiguredServer.start(websockets(`{ listen: "127.0.0.1:-1"\n${tls()}}`, second))
  const subjects = []
  for (const at of [0, 1]) {
    using connected = await WireClient.ready(server.webSocket(at), { tls: { ca: authority.ca } })
    subjects.push((connected.raw.socket as TLSSocket).getPeerX509Certificate()?.subject)
  }
  assert.deepEqual(subjects, ['CN=localhost', 'CN=other'])
})

test('a proxy in front does TLS: clients hear that it is there, and whoever tries it here fails alone', async () => {
  await using server = await ConfiguredServer.start('tls {}\nallow_non_tls: true\n')
  const raw = await RawSocket.connect(server.tcp)
  const info = await raw.readThrough('\r\n')
  assert.match(info, /"tls_available":true/)
  assert.doesNotMatch(info, /"tls_required":true/)
  const secure = connectTls({ socket: raw.socket, rejectUnauthorized: false })
  await assert.rejects(once(secure, 'secureConnect'), /handshake failure/)
  const client = await connectTcp(server.natsUrl, { tls: null })
  await client.flush()
  await client.close()
})
