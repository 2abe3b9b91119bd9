import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import net, { type Socket } from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  Listener,
  loadTls,
  proxyProtocolRules,
  publicKeyHash,
  readProxyHeader,
  remoteOf,
  startTls,
  TlsHandshakeError,
  type TlsOptions,
} from '#net'
import { TestAuthority, type TestCertificate } from '../helpers/certificates.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, within } from '../helpers/wait.ts'
import { RawSocket } from './raw-socket.ts'
import { tlsOptions } from './tls-options.ts'

interface World extends AsyncDisposable {
  readonly authority: TestAuthority
  readonly listener: Listener
  /** The server's end of the next connection. */
  accepted(): Promise<Socket>
  settings(options?: Partial<TlsOptions>): ReturnType<typeof loadTls>
}

async function startWorld(): Promise<World> {
  const folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const certificates = [await authority.issue()]
  const server = net.createServer({ allowHalfOpen: true })
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  return {
    authority,
    listener,
    accepted: async () => ((await once(server, 'connection')) as [Socket])[0],
    settings: (options) => loadTls(tlsOptions({ certificates, ...options })),
    async [Symbol.asyncDispose]() {
      await listener.close(0)
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A TLS client that trusts anybody, with its errors swallowed. */
function tlsClient(world: World, options: ConnectionOptions = {}): TLSSocket {
  const client = connect({
    port: world.listener.address.port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...options,
  })
  client.on('error', () => {})
  return client
}

/** Resolves when the socket is gone, however it went. */
function closed(socket: Socket): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
  return within(gone, 'the end of the connection')
}

test('INFO goes out in plain text, and TLS follows on the same connection', async () => {
  await using world = await startWorld()
  const tls = await world.settings()
  const [client, socket] = await Promise.all([RawSocket.connect(world.listener.address), world.accepted()])
  socket.write('INFO {}\r\n')
  const started = startTls(socket, tls)
  assert.equal(await client.readThrough('\r\n'), 'INFO {}\r\n')
  client.socket.removeAllListeners('data').removeAllListeners('end')
  const secureClient = connect({ socket: client.socket, rejectUnauthorized: false })
  secureClient.write('ping')
  const secure = await within(started, 'the handshake')
  assert.deepEqual(await once(secure, 'data'), [Buffer.from('ping')])
  secure.write('pong')
  assert.deepEqual(await once(secureClient, 'data'), [Buffer.from('pong')])
  secureClient.destroy()
})

test('a hello that was here before the handshake began, behind a PROXY header, is not lost', async () => {
  await using world = await startWorld()
  const tls = await world.settings()
  const plain = net.connect(world.listener.address.port, '127.0.0.1')
  plain.write('PROXY TCP4 192.0.2.7 10.0.0.1 4711 4222\r\n')
  const client = connect({ socket: plain, rejectUnauthorized: false })
  const socket = await world.accepted()
  // Until all of the hello is here as well.
  await once(socket, 'readable')
  await readProxyHeader(socket, proxyProtocolRules('all'))
  const secure = await within(startTls(socket, tls), 'the handshake')
  assert.deepEqual(remoteOf(secure), { address: '192.0.2.7', port: 4711 })
  client.end('behind it')
  assert.deepEqual(await once(secure.resume(), 'data'), [Buffer.from('behind it')])
})

const UNKNOWN =
  /^tls: failed to verify certificate: x509: certificate signed by unknown authority \(CN=stranger SHA-256: [0-9a-f]{64}\)$/

for (const [name, options, offered, reason] of [
  ['without a certificate', { verify: true }, 'none', /^tls: client didn't provide a certificate$/],
  [
    'without a certificate, over TLS 1.2',
    { verify: true },
    'none over 1.2',
    /^tls: client didn't provide a certificate$/,
  ],
  ['that nobody signed whom we know', { verify: true }, 'stranger', UNKNOWN],
  [
    'that has expired',
    { verifyAndMap: true },
    'expired',
    /x509: certificate has expired or is not yet valid \(CN=old /,
  ],
  ['that is not pinned', { verify: true, pinnedCerts: ['0'.repeat(64)] }, 'good', /^certificate not pinned$/],
] as const) {
  test(`a client ${name} is refused, with the reason in Go's words`, async () => {
    await using world = await startWorld()
    await using folder = await temporaryFolder()
    const tls = await world.settings({ ...options, caFile: world.authority.caFile })
    const strangers = await TestAuthority.create(folder, 'strangers')
    const certificates: Record<string, ConnectionOptions> = {
      none: {},
      'none over 1.2': { maxVersion: 'TLSv1.2' },
      stranger: pick(await strangers.issue({ subject: 'CN=stranger' })),
      expired: pick(await world.authority.issue({ subject: 'CN=old', hasExpired: true })),
      good: pick(await world.authority.issue()),
    }
    const client = tlsClient(world, certificates[offered])
    const socket = await world.accepted()
    await assert.rejects(within(startTls(socket, tls), 'the refusal'), (error) => {
      assert.ok(error instanceof TlsHandshakeError)
      assert.match(error.message, reason)
      assert.equal(error.isProbe, false)
      return true
    })
    assert.equal(socket.destroyed, true)
    await closed(client)
  })
}

function pick({ cert, key }: TestCertificate): ConnectionOptions {
  return { cert, key }
}

test('a client whose certificate is signed and pinned comes in', async () => {
  await using world = await startWorld()
  const certificate = await world.authority.issue({ subject: 'OU=NATS.io, CN=example.com' })
  const pinnedCerts = [publicKeyHash(new X509Certificate(certificate.cert))]
  const tls = await world.settings({ verify: true, caFile: world.authority.caFile, pinnedCerts })
  const client = tlsClient(world, pick(certificate))
  const secure = await within(startTls(await world.accepted(), tls), 'the handshake')
  assert.equal(secure.getPeerX509Certificate()?.subject, 'OU=NATS.io\nCN=example.com')
  client.destroy()
})

for (const [name, bytes, reason, isProbe] of [
  ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'tls: first record does not look like a TLS handshake', true],
  ['NATS', 'CONNECT {}\r\nPING\r\n', 'tls: first record does not look like a TLS handshake', true],
  ['half a hello', '\x16\x03\x01', 'EOF', false],
] as const) {
  test(`${name} instead of a handshake costs only its connection`, async () => {
    await using world = await startWorld()
    const tls = await world.settings()
    const client = net.connect(world.listener.address.port, '127.0.0.1')
    client.on('error', () => {})
    client.end(Buffer.from(bytes, 'latin1'))
    await assert.rejects(within(startTls(await world.accepted(), tls), 'the refusal'), { message: reason, isProbe })
    client.destroy()
  })
}

test('a client that never finishes is cut when the time is over, and at the close of the listener', async () => {
  await using world = await startWorld()
  const tls = await world.settings({ timeoutMs: 30 })
  const [client, socket] = await Promise.all([RawSocket.connect(world.listener.address), world.accepted()])
  await assert.rejects(within(startTls(socket, tls), 'the timeout'), {
    message: 'i/o timeout',
    isProbe: true,
  })
  await client.readToEnd()

  const slow = await world.settings({ timeoutMs: 60_000 })
  const [other, accepted] = await Promise.all([RawSocket.connect(world.listener.address), world.accepted()])
  const handshake = startTls(accepted, slow)
  await Promise.all([assert.rejects(handshake, { message: 'EOF' }), world.listener.close(0), other.readToEnd()])
})

test('a client that is gone before the handshake begins is refused', async () => {
  await using world = await startWorld()
  const tls = await world.settings()
  const accepted = world.accepted()
  const client = await RawSocket.connect(world.listener.address)
  const socket = await accepted
  socket.on('error', () => {})
  client.socket.resetAndDestroy()
  await closed(socket.resume())
  await assert.rejects(startTls(socket, tls), { message: 'EOF' })
})
