/** TLS on the TCP port: behind INFO, before it, or as the client likes. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import type { TcpTls } from '#doors/nats'
import { systemClock } from '#kit'
import { ensureLocalCertificate } from '#net'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { once, until } from '../../helpers/wait.ts'
import { RawSocket } from '../../net/raw-socket.ts'
import { type DoorServer, startDoor } from './door-server.ts'
import { TcpClient } from './raw-client.ts'

let folder: TemporaryFolder
let secureContext: tls.SecureContext

before(async () => {
  folder = await temporaryFolder()
  const { certificatePem, keyPem } = await ensureLocalCertificate({ folder: folder.path, clock: systemClock })
  secureContext = tls.createSecureContext({ cert: certificatePem, key: keyPem })
})
after(() => folder[Symbol.asyncDispose]())

function tcpTls(settings: Partial<TcpTls> = {}): TcpTls {
  return {
    timeoutMs: 5_000,
    handshakeFirst: false,
    allowNonTls: false,
    async accept(socket) {
      const secure = new tls.TLSSocket(socket, { isServer: true, secureContext })
      await once(secure, 'secure').catch((error: Error) => {
        secure.destroy()
        throw error
      })
      return secure
    },
    ...settings,
  }
}

function secured(socket: Socket): Promise<RawSocket> {
  const secure = tls.connect({ socket, rejectUnauthorized: false })
  return once(secure, 'secureConnect').then(() => new RawSocket(secure))
}

/** What INFO says in plain text, on a socket that can be handed to TLS then. */
async function plainInfo(server: DoorServer) {
  const raw = await RawSocket.connect(server.tcp)
  const line = await raw.readThrough('\n')
  raw.socket.removeAllListeners('data')
  raw.socket.pause()
  return { raw, info: JSON.parse(line.slice('INFO '.length)) }
}

async function speaksNats(raw: RawSocket): Promise<void> {
  raw.write('CONNECT {"verbose":false,"pedantic":false}\r\nSUB a 1\r\nPUB a 2\r\nhi\r\nPING\r\n')
  assert.equal(await raw.readThrough('PONG\r\n'), 'MSG a 1 2\r\nhi\r\nPONG\r\n')
}

describe('TLS behind INFO', () => {
  test('INFO asks for TLS in plain text, then both ends are secured', async () => {
    await using server = await startDoor({ tls: tcpTls() })
    const { raw, info } = await plainInfo(server)
    assert.deepEqual([info.tls_required, info.tls_available, info.tls_verify], [true, undefined, undefined])
    const secure = await secured(raw.socket)
    await speaksNats(secure)
    const [snapshot] = [...server.door.openSnapshots()]
    assert.equal(snapshot?.cid, info.client_id)
    assert.equal(snapshot?.tls?.version, '1.3')
    assert.match(snapshot?.tls?.cipherSuite ?? '', /^TLS_/)
    assert.equal(server.door.totals().totalConnections, 1)
    secure.destroy()
  })

  test('a client that goes on in plain text is told that it may not', async () => {
    await using server = await startDoor({ tls: tcpTls() })
    using client = await TcpClient.connect(server.tcp)
    client.say('CONNECT {}\r\nPING\r\n')
    await client.ended()
    assert.equal(await client.hear(1), "-ERR 'Secure Connection - TLS Required'\r\n")
    assert.ok(server.log.some(({ event }) => event === 'TLS handshake failed'))
  })

  test('a client that says nothing is told so when its time is over', async () => {
    await using server = await startDoor({ tls: tcpTls({ timeoutMs: 100 }) })
    using client = await TcpClient.connect(server.tcp)
    await client.ended()
    assert.equal(await client.hear(1), "-ERR 'Secure Connection - TLS Required'\r\n")
  })

  test('a handshake that fails costs nobody else anything', async () => {
    await using server = await startDoor({ tls: tcpTls() })
    using client = await TcpClient.connect(server.tcp)
    client.raw.write(Buffer.from([0x16, 3, 1, 0, 4, 99, 0, 0, 0]))
    await client.ended()
    const { raw } = await plainInfo(server)
    const secure = await secured(raw.socket)
    await speaksNats(secure)
    secure.destroy()
    assert.ok(server.log.some(({ event }) => event === 'TLS handshake failed'))
  })

  test('a client that leaves before is gone', async () => {
    await using server = await startDoor({ tls: tcpTls() })
    const client = await TcpClient.connect(server.tcp)
    assert.equal(server.door.connectionCount, 1)
    client.raw.socket.resetAndDestroy()
    await until(() => server.door.connectionCount === 0, 'its end')
  })

  test('those in their handshake count as connections, and end with the server', async () => {
    await using server = await startDoor({ tls: tcpTls(), limits: { maxConnections: 1 } })
    using first = await TcpClient.connect(server.tcp)
    using second = await TcpClient.connect(server.tcp)
    await second.ended()
    assert.equal(await second.hear(1), "-ERR 'maximum connections exceeded'\r\n")
    server.door.close()
    await first.ended()
  })
})

describe('TLS before INFO', () => {
  test('nothing is said in plain text', async () => {
    await using server = await startDoor({ tls: tcpTls({ handshakeFirst: true }) })
    const secure = await secured((await RawSocket.connect(server.tcp)).socket)
    assert.match(await secure.readThrough('\n'), /^INFO \{/)
    await speaksNats(secure)
    secure.destroy()
  })

  test('with a time to wait, those who begin with it get INFO behind it', async () => {
    await using server = await startDoor({ tls: tcpTls({ handshakeFirst: 5_000 }) })
    const secure = await secured((await RawSocket.connect(server.tcp)).socket)
    assert.match(await secure.readThrough('\n'), /^INFO \{/)
    await speaksNats(secure)
    secure.destroy()
  })

  test('with a time to wait, those who wait get INFO before it', async () => {
    await using server = await startDoor({ tls: tcpTls({ handshakeFirst: 50 }) })
    const { raw, info } = await plainInfo(server)
    assert.equal(info.tls_required, true)
    const secure = await secured(raw.socket)
    await speaksNats(secure)
    secure.destroy()
  })
})

describe('TLS for those who like', () => {
  test('who begins with NATS is served in plain text', async () => {
    await using server = await startDoor({ tls: tcpTls({ allowNonTls: true }) })
    using client = await TcpClient.connect(server.tcp)
    assert.deepEqual([client.info.tls_required, client.info.tls_available], [undefined, true])
    await speaksNats(client.raw)
  })

  test('who begins with TLS is served over it', async () => {
    await using server = await startDoor({ tls: tcpTls({ allowNonTls: true }) })
    const { raw } = await plainInfo(server)
    const secure = await secured(raw.socket)
    await speaksNats(secure)
    secure.destroy()
  })
})
