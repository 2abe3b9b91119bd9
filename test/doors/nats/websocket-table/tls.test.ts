/** `websocket { tls {} }`: who gets through the handshake, how long it may take, and new certificates by reload. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { TestAuthority, type TestCertificate } from '../../../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../helpers/temp.ts'
import { RawSocket } from '../../../net/raw-socket.ts'
import { upgradeRequest } from '../../../net/raw-websocket.ts'
import { table } from './servers.ts'
import { ask, connectTls, statusOf, WireClient } from './wire-client.ts'

let folder: TemporaryFolder
let authority: TestAuthority
let server: TestCertificate
let other: TestCertificate
let client: TestCertificate
/** Of an authority that nobody knows. */
let stranger: TestCertificate

before(async () => {
  folder = await temporaryFolder()
  authority = await TestAuthority.create(folder, 'authority')
  server = await authority.issue({ subject: 'CN=server' })
  other = await authority.issue({ subject: 'CN=other' })
  client = await authority.issue({ subject: 'CN=client' })
  stranger = await (await TestAuthority.create(folder, 'strangers')).issue({ subject: 'CN=stranger' })
})
after(() => folder[Symbol.asyncDispose]())

const listener = (more: string) => `websocket { listen: "127.0.0.1:-1"\n${more} }`
const block = ({ certFile, keyFile }: TestCertificate, more = '') =>
  `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${authority.caFile}"\n${more} }\n`

const trusting = () => ({ ca: authority.ca })
const presenting = ({ cert, key }: TestCertificate) => ({ ...trusting(), cert, key })

table(({ name, start }) => {
  test('WSTLSConnection: a client that uses TLS speaks NATS, and is told that it must', async () => {
    await using running = await start(listener(block(server)))
    using connected = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(await connected.untilPong(), 'PONG\r\n')
    const { host, port, tls_required, tls_available } = connected.info
    const own = [running.webSocket.host, running.webSocket.port, true, true]
    // The reference tells what is so for TCP.
    const tcps = [running.tcp.host, running.tcp.port, undefined, undefined]
    assert.deepEqual([host, port, tls_required, tls_available], name === 'natsServer' ? tcps : own)
  })

  test('WSTLSConnection: a client that does not is told so in plain words', async () => {
    await using running = await start(listener(block(server)))
    const raw = await RawSocket.connect(running.webSocket)
    raw.write(upgradeRequest())
    const said = await raw.readToEnd()
    assert.match(said, /^HTTP\/1\.[01] 400 Bad Request\r\n/)
    assert.match(said, /\r\n\r\n.*HTTPS? /)
    raw.destroy()
    using connected = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(await connected.untilPong(), 'PONG\r\n')
  })

  test('WSTLSConnection: tls comes before no_tls', async () => {
    await using running = await start(listener(`${block(server)}no_tls: true`))
    using connected = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(await connected.untilPong(), 'PONG\r\n')
  })

  test('WSCheckOrigin: over TLS the same origin is one with https', async () => {
    await using running = await start(listener(`${block(server)}same_origin: true`))
    for (const [host, origin, status] of [
      ['host.com', 'https://host.com', 101],
      ['host.com:443', 'https://host.com', 101],
      ['host.com', 'https://host.com:443', 101],
      ['host.com', 'http://host.com', 403],
      // 2.9.10 does not look at the scheme.
      ['host.com:443', 'http://host.com:443', name === 'natsServer' ? 101 : 403],
    ] as const) {
      const headers = { Host: host, Origin: origin }
      assert.equal(await statusOf(running.webSocket, { headers, tls: trusting() }), status, `${origin} at ${host}`)
    }
  })

  test('WSTLSVerifyClientCert: with a certificate of the authority, without one, and with another', async () => {
    await using running = await start(listener(block(server, 'verify: true')))
    using connected = await WireClient.ready(running.webSocket, { tls: presenting(client) })
    assert.equal(await connected.untilPong(), 'PONG\r\n')
    // In TLS 1.3 the client hears of it only when its own handshake is done.
    await assert.rejects(ask(running.webSocket, { tls: trusting() }), isCut)
    await assert.rejects(ask(running.webSocket, { tls: presenting(stranger) }), isCut)
    await running.logged(/TLS handshake error/)
    assert.equal(await connected.untilPong(), 'PONG\r\n')
  })

  test('WSTLSVerifyClientCert: nobody is asked for one without verify', async () => {
    await using running = await start(listener(block(server)))
    using connected = await WireClient.ready(running.webSocket, { tls: presenting(stranger) })
    assert.equal(await connected.untilPong(), 'PONG\r\n')
  })

  test('WSHandshakeTimeout: who never begins the TLS handshake is cut off, and the log says why', async () => {
    await using running = await start(listener(`${block(server)}handshake_timeout: "100ms"`))
    const raw = await RawSocket.connect(running.webSocket)
    const startedMs = performance.now()
    assert.equal(await raw.readToEnd(), '')
    assert.ok(performance.now() - startedMs > 80)
    raw.destroy()
    const line = await running.logged(/handshake.*time(d )?-?out/i)
    if (name !== 'belfry') assert.match(line, /websocket: .*timeout/)
  })

  for (const isTls of [true, false]) {
    test(`WSHandshakeTimeout: who never ends the request is cut off${isTls ? ', over TLS too' : ''}`, async () => {
      await using running = await start(
        listener(`${isTls ? block(server) : 'no_tls: true\n'}handshake_timeout: "500ms"`),
      )
      const options = isTls ? { tls: trusting() } : {}
      // WSUpgradeConnDeadline: this one was in time, and is left alone when the other's is over.
      using inTime = await WireClient.ready(running.webSocket, options)
      const raw = isTls ? await connectTls(running.webSocket, trusting()) : await RawSocket.connect(running.webSocket)
      raw.write('GET / HTTP/1.1\r\nHost: localhost\r\n')
      assert.match(await raw.readToEnd(), /^(HTTP\/1\.1 408 .*)?$/s)
      raw.destroy()
      assert.equal(await inTime.untilPong(), 'PONG\r\n')
    })
  }

  test('WSUpgradeConnDeadline: handshake_timeout is over with the handshake', async () => {
    await using running = await start(listener('no_tls: true, handshake_timeout: "500ms"'))
    using connected = await WireClient.ready(running.webSocket)
    const silent = await RawSocket.connect(running.webSocket)
    await silent.readToEnd()
    silent.destroy()
    assert.equal(await connected.untilPong(), 'PONG\r\n')
  })

  test('WSReloadTLSConfig: a new certificate is for new connections', async () => {
    await using running = await start(listener(block(server)))
    using old = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(subjectOf(old), 'server')
    assert.equal(await running.reload(listener(block(other))), undefined)
    using next = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(subjectOf(next), 'other')
    assert.equal(next.info.port, name === 'natsServer' ? running.tcp.port : running.webSocket.port)
    assert.equal(await old.untilPong(), 'PONG\r\n')
  })

  test('WSReloadTLSConfig: from now on client certificates are required', async () => {
    await using running = await start(listener(block(server)))
    using old = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(await running.reload(listener(block(server, 'verify: true'))), undefined)
    await assert.rejects(ask(running.webSocket, { tls: trusting() }), isCut)
    using next = await WireClient.ready(running.webSocket, { tls: presenting(client) })
    assert.equal(await next.untilPong(), 'PONG\r\n')
    if (name !== 'belfry') assert.equal(await old.untilPong(), 'PONG\r\n')
  })

  test('WSReloadTLSConfig: a reload without TLS or no_tls fails, and changes nothing', async () => {
    await using running = await start(listener(block(server)))
    assert.match((await running.reload(listener(''))) ?? '', /TLS configuration/)
    using next = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(await next.untilPong(), 'PONG\r\n')
  })

  test('WSReloadTLSConfig: a reload to a certificate that is not there fails, and changes nothing', async () => {
    await using running = await start(listener(block(server)))
    const failure = await running.reload(listener(block({ ...server, certFile: folder.join('missing.pem') })))
    assert.match(failure ?? '', /missing\.pem/)
    using next = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(await next.untilPong(), 'PONG\r\n')
  })

  test('WSReloadTLSConfig: turning TLS off is not supported, except by Belfry', async () => {
    await using running = await start(listener(block(server)))
    const failure = await running.reload(listener('no_tls: true'))
    if (name === 'belfry') {
      assert.equal(failure, undefined)
      using plain = await WireClient.ready(running.webSocket)
      assert.equal(await plain.untilPong(), 'PONG\r\n')
      return
    }
    assert.match(failure ?? '', /not supported for Websocket/)
    using next = await WireClient.ready(running.webSocket, { tls: trusting() })
    assert.equal(await next.untilPong(), 'PONG\r\n')
  })
})

function isCut(error: Error): boolean {
  return /ended after|certificate|alert|socket hang up|ECONNRESET/.test(error.message)
}

function subjectOf({ raw }: WireClient): string | undefined {
  const subject = (raw.socket as TLSSocket).getPeerX509Certificate()?.subject
  return subject?.slice('CN='.length)
}
