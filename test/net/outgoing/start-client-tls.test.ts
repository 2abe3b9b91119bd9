import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { ConfigError, silentLogger, systemClock } from '#kit'
import {
  type ClientTlsOptions,
  connectionError,
  dial,
  type Head,
  Listener,
  loadTls,
  publicKeyHash,
  readClientTls,
  readHead,
  startClientTls,
  startTls,
  TcpCarrier,
  TlsHandshakeError,
  tlsServerName,
} from '#net'
import { TestAuthority } from '../../helpers/certificates.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { once, within } from '../../helpers/wait.ts'
import { RecordingReceiver } from '../carrier-server.ts'
import type { Address } from '../raw-socket.ts'
import { tlsOptions } from '../tls-options.ts'
import { startConnectProxy } from './connect-proxy.ts'
import { startRawServer } from './raw-server.ts'

const DIAL = { clock: systemClock, timeoutMs: 5_000 }

const PLAIN: ClientTlsOptions = {
  certificates: [],
  timeoutMs: 5_000,
  cipherSuites: [],
  curvePreferences: [],
  minVersion: 'TLSv1.2',
  pinnedCerts: [],
  handshakeFirst: false,
  isInsecure: false,
}

interface World extends AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly authority: TestAuthority
  /** A TLS server that says `hello` to everybody. */
  listen(options: TlsOptions): Promise<Address & { readonly server: Server }>
}

async function startWorld(): Promise<World> {
  const cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  return {
    folder,
    authority: await TestAuthority.create(folder),
    async listen(options) {
      const server = createServer(options, (socket) => {
        socket.on('error', () => {})
        socket.write('hello')
      })
      const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
      cleanup.defer(() => listener.close(0))
      return { server, ...listener.address }
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  }
}

async function connectTo(
  address: Address,
  options: Partial<ClientTlsOptions>,
  serverName = 'localhost',
): Promise<TLSSocket> {
  const tls = await readClientTls({ ...PLAIN, ...options })
  const socket = await dial(address, DIAL)
  return within(startClientTls(socket, tls, { serverName, clock: systemClock }), 'the handshake')
}

async function heardFrom(secure: TLSSocket): Promise<string> {
  const [data] = await once(secure.resume(), 'data')
  secure.destroy()
  return String(data)
}

test('a server whose certificate an authority of ours signed for its name is believed', async () => {
  await using world = await startWorld()
  const { authority } = world
  const address = await world.listen(await authority.issue({ dnsNames: ['hub.example', '*.leaf.example'] }))
  const caFile = authority.caFile
  for (const name of ['hub.example', 'HUB.example.', 'a.leaf.example']) {
    assert.equal(await heardFrom(await connectTo(address, { caFile }, name)), 'hello')
  }
})

const VERIFY = 'tls: failed to verify certificate: x509: '

for (const [name, request, serverName, reason, isWrongName] of [
  [
    'another name',
    { dnsNames: ['a.example', 'b.example'] },
    'hub.example',
    `${VERIFY}certificate is valid for a.example, b.example, not hub.example`,
    true,
  ],
  [
    'a wildcard of another depth',
    { dnsNames: ['*.example'] },
    'a.b.example',
    `${VERIFY}certificate is valid for *.example, not a.b.example`,
    true,
  ],
  [
    'no address',
    {},
    '127.0.0.1',
    `${VERIFY}cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs`,
    true,
  ],
  [
    'a common name alone',
    { subject: 'CN=hub.example', dnsNames: [] },
    'hub.example',
    `${VERIFY}certificate relies on legacy Common Name field, use SANs instead`,
    true,
  ],
  [
    'no name at all',
    { dnsNames: [], emails: ['a@b.example'] },
    'hub.example',
    `${VERIFY}certificate is not valid for any names, but wanted to match hub.example`,
    true,
  ],
  [
    'a time that is over',
    { hasExpired: true },
    'localhost',
    `${VERIFY}certificate has expired or is not yet valid`,
    false,
  ],
] as const) {
  test(`a certificate for ${name} is refused in Go’s words, with whose it is`, async () => {
    await using world = await startWorld()
    const address = await world.listen(await world.authority.issue(request))
    await assert.rejects(connectTo(address, { caFile: world.authority.caFile }, serverName), (error) => {
      assert.ok(error instanceof TlsHandshakeError)
      assert.equal(error.message.replace(/ \(\S* ?SHA-256: [0-9a-f]{64}\)$/, ''), reason)
      assert.equal(error.isWrongName, isWrongName)
      return true
    })
  })
}

test('a certificate that nobody signed whom we know is refused, unless that was asked for; pins hold either way', async () => {
  await using world = await startWorld()
  await using folder = await temporaryFolder()
  const strangers = await TestAuthority.create(folder, 'strangers')
  const certificate = await strangers.issue({ subject: 'CN=stranger' })
  const address = await world.listen(certificate)
  const pin = publicKeyHash(new X509Certificate(certificate.cert))
  const unknown = /x509: certificate signed by unknown authority \(CN=stranger SHA-256: [0-9a-f]{64}\)$/
  const caFile = world.authority.caFile
  await assert.rejects(connectTo(address, {}), unknown)
  await assert.rejects(connectTo(address, { caFile }), unknown)
  await assert.rejects(connectTo(address, { caFile, pinnedCerts: [pin] }), unknown)
  await assert.rejects(connectTo(address, { isInsecure: true, pinnedCerts: ['0'.repeat(64)] }), {
    message: 'certificate not pinned',
  })
  assert.equal(await heardFrom(await connectTo(address, { isInsecure: true }, 'any.example')), 'hello')
  assert.equal(await heardFrom(await connectTo(address, { caFile: strangers.caFile, pinnedCerts: [pin] })), 'hello')
})

test('the certificate of the server is pinned, and no other of its chain', async () => {
  await using world = await startWorld()
  const { ca, caFile } = world.authority
  const { cert, key } = await world.authority.issue()
  const address = await world.listen({ cert: `${cert}\n${ca}`, key })
  const [own, above] = [cert, ca].map((pem) => publicKeyHash(new X509Certificate(pem))) as [string, string]
  assert.equal(await heardFrom(await connectTo(address, { caFile, pinnedCerts: [own] })), 'hello')
  await assert.rejects(connectTo(address, { caFile, pinnedCerts: [above] }), { message: 'certificate not pinned' })
})

test('a certificate that stands in the file of authorities is believed, whoever signed it', async () => {
  await using world = await startWorld()
  const certificate = await world.authority.issue()
  const address = await world.listen(certificate)
  assert.equal(await heardFrom(await connectTo(address, { caFile: certificate.certFile })), 'hello')
})

test('a server is told a name that it can choose its certificate by, but no address', async () => {
  await using world = await startWorld()
  const asked: string[] = []
  const { cert, key } = await world.authority.issue()
  const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
    asked.push(name)
    done(null)
  }
  const address = await world.listen({ cert, key, SNICallback })
  for (const name of ['hub.example.', '127.0.0.1', '::1']) {
    await heardFrom(await connectTo(address, { isInsecure: true }, name))
  }
  assert.deepEqual(asked, ['hub.example'])
})

test('a server that other servers tell of by its address is expected to have the name that the operator wrote', () => {
  assert.equal(tlsServerName('hub.example', 'other.example'), 'hub.example')
  assert.equal(tlsServerName('10.0.0.1', 'hub.example'), 'hub.example')
  assert.equal(tlsServerName('::1', 'hub.example'), 'hub.example')
  assert.equal(tlsServerName('10.0.0.1'), '10.0.0.1')
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a certificate of ours is shown over ${version}; without one the server’s words reach the operator`, async () => {
    await using world = await startWorld()
    const { authority } = world
    const { cert, key } = await authority.issue()
    const rules = { ca: authority.ca, requestCert: true, rejectUnauthorized: true, maxVersion: version }
    const address = await world.listen({ cert, key, ...rules })
    const { certFile, keyFile } = await authority.issue({ subject: 'CN=leaf' })
    const shown = once(address.server, 'secureConnection')
    const secure = await connectTo(address, { caFile: authority.caFile, certificates: [{ certFile, keyFile }] })
    const [theirs] = (await shown) as [TLSSocket]
    assert.equal(theirs.getPeerX509Certificate()?.subject, 'CN=leaf')
    secure.destroy()
    const failed = connectTo(address, { caFile: authority.caFile }).then(async (unwelcome) => {
      const carrier = new TcpCarrier(unwelcome, { clock: systemClock, logger: silentLogger, writeDeadlineMs: 1000 })
      const receiver = new RecordingReceiver(carrier)
      carrier.start(receiver)
      throw connectionError((await receiver.closed())!)
    })
    const reason =
      version === 'TLSv1.3' ? 'remote error: tls: certificate required' : 'remote error: tls: handshake failure'
    await assert.rejects(failed, { message: reason })
  })
}

test('versions and cipher suites are what they are said to be', async () => {
  await using world = await startWorld()
  const certificate = await world.authority.issue()
  const address = await world.listen({ ...certificate, maxVersion: 'TLSv1.2' })
  const caFile = world.authority.caFile
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
  const secure = await connectTo(address, { caFile, cipherSuites: [suite] })
  assert.equal(secure.getCipher().standardName, suite)
  secure.destroy()
  await assert.rejects(connectTo(address, { caFile, minVersion: 'TLSv1.3' }), {
    message: 'remote error: tls: protocol version not supported',
  })
})

for (const [name, said, reason] of [
  ['speaks NATS', 'INFO {}\r\n', 'tls: first record does not look like a TLS handshake'],
  ['hangs up', '', 'EOF'],
] as const) {
  test(`a server that ${name} instead of a handshake is refused`, async () => {
    await using server = await startRawServer()
    const accepted = server.accepted()
    const failed = assert.rejects(connectTo(server.address, {}), { name: 'TlsHandshakeError', message: reason })
    const peer = await accepted
    peer.socket.end(said)
    await failed
    await peer.readToEnd()
  })
}

test('a server that never finishes is cut when the time is over; so is one that we give up', async () => {
  await using server = await startRawServer()
  const clock = new FakeClock()
  const tls = await readClientTls({ ...PLAIN, timeoutMs: 300 })
  const start = async (signal?: AbortSignal) => {
    const accepted = server.accepted()
    const socket = await dial(server.address, DIAL)
    const started = startClientTls(socket, tls, { serverName: 'hub.example', clock, signal })
    const peer = await accepted
    await peer.until(
      () => peer.take().length > 0,
      () => 'hello',
    )
    return { peer, started }
  }
  const late = await start()
  clock.advance(299)
  assert.equal(late.peer.hasEnded, false)
  clock.advance(1)
  await assert.rejects(late.started, { message: 'i/o timeout' })
  await late.peer.readToEnd()

  const stop = new AbortController()
  const given = await start(stop.signal)
  stop.abort()
  await assert.rejects(within(given.started, 'the end'), TlsHandshakeError)
  await given.peer.readToEnd()
  assert.equal(clock.pending, 0)
})

test('INFO comes first in plain text, and TLS follows on the same connection', async () => {
  await using world = await startWorld()
  await using server = await startRawServer()
  const accepted = server.acceptedSocket()
  const socket = await dial(server.address, DIAL)
  const { secure } = await infoThenTls(world, socket, await accepted)
  secure.destroy()
})

test('a proxy with TLS of its own leads to a server with TLS', async () => {
  await using world = await startWorld()
  await using server = await startRawServer()
  await using proxy = await startConnectProxy({ certificate: await world.authority.issue() })
  const { url } = proxy
  await assert.rejects(dial(server.address, { ...DIAL, proxy }), {
    code: 'PROXY',
    message: /^failed to connect to proxy: tls: failed to verify certificate: x509: certificate signed by unknown auth/,
  })
  const accepted = server.acceptedSocket()
  const tls = await readClientTls({ ...PLAIN, caFile: world.authority.caFile })
  const socket = await dial(server.address, { ...DIAL, proxy: { url, tls } })
  const { secure, peer } = await infoThenTls(world, socket, await accepted)
  peer.destroy()
  await once(secure.resume(), 'end')
  secure.destroy()
})

/** What NATS does on a connection that is to have TLS. */
async function infoThenTls({ authority }: World, socket: Socket, accepted: Socket) {
  const serverTls = await loadTls(tlsOptions({ certificates: [await authority.issue()] }))
  const clientTls = await readClientTls({ ...PLAIN, caFile: authority.caFile })
  accepted.write('INFO {}\r\n')
  const line = (bytes: Buffer): Head<string> | undefined => {
    const end = bytes.indexOf('\n') + 1
    return end === 0 ? undefined : { value: bytes.toString('latin1', 0, end), byteLength: end }
  }
  const peerStarted = startTls(accepted, serverTls)
  assert.equal(await readHead(socket, line, 5_000, systemClock), 'INFO {}\r\n')
  const secure = await startClientTls(socket, clientTls, { serverName: 'localhost', clock: systemClock })
  const peer = await within(peerStarted, 'the handshake')
  secure.write('CONNECT {}\r\n')
  assert.equal(String((await once(peer, 'data'))[0]), 'CONNECT {}\r\n')
  peer.write('PING\r\n')
  assert.equal(String((await once(secure, 'data'))[0]), 'PING\r\n')
  return { secure, peer }
}

for (const [name, change, message] of [
  [
    'a certificate that is missing',
    { certificates: [{ certFile: '/nowhere.pem', keyFile: '/nowhere.pem' }] },
    /^error parsing X509 certificate\/key pair: open \/nowhere\.pem: no such file or directory$/,
  ],
  ['authorities that are missing', { caFile: '/nowhere.pem' }, /^open \/nowhere\.pem: no such file or directory$/],
  ['a cipher suite that nobody knows', { cipherSuites: ['TLS_FOO'] }, /^unrecognized cipher TLS_FOO$/],
] as const) {
  test(`${name} is an error of the configuration`, async () => {
    await assert.rejects(readClientTls({ ...PLAIN, ...change }), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, message)
      return true
    })
  })
}

test('a file of authorities without any is an error of the configuration', async () => {
  await using folder = await temporaryFolder()
  const caFile = folder.join('empty.pem')
  await writeFile(caFile, '')
  await assert.rejects(readClientTls({ ...PLAIN, caFile }), { message: 'failed to parse root ca certificate' })
})
