/** A real nats-server as the hub, over every transport: CONNECT by hand, then messages that are long in both directions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger, systemClock } from '#kit'
import {
  type Carrier,
  dial,
  openWebSocketStream,
  readClientTls,
  readHead,
  startClientTls,
  TcpCarrier,
  upgradeToWebSocket,
} from '#net'
import { TestAuthority } from '../../helpers/certificates.ts'
import { type NatsServer, startNatsServer } from '../../helpers/nats-server.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { RecordingReceiver } from '../carrier-server.ts'
import { compressionOf, writeBatch } from '../compressing-server.ts'
import { RawSocket } from '../raw-socket.ts'
import { startConnectProxy } from './connect-proxy.ts'

const { skip } = requireProgram('nats-server')

const LINK = { clock: systemClock, logger: silentLogger, writeDeadlineMs: 5_000 }
const DIAL = { clock: systemClock, timeoutMs: 5_000 }
const CONNECT = 'CONNECT {"server_id":"NTEST","name":"test","headers":true,"version":"2.9.10"}\r\n'

/** Well over what goes into one read, and compressible. */
const LONG = 'The quick brown fox jumps over the lazy dog. '.repeat(10_000)

function addressOf(url: string | undefined) {
  const { hostname, port } = new URL(url!)
  return { host: hostname, port: Number(port) }
}

/** Logs in, and sends a long message each way. */
async function exchange(hub: NatsServer, carrier: Carrier, door: RecordingReceiver): Promise<void> {
  const heard = () => door.events.map((event) => (event.startsWith('bytes ') ? event.slice(6) : '')).join('')
  const untilHeard = (text: string) => door.until(() => heard().includes(text), JSON.stringify(text.slice(0, 80)))
  const say = (text: string) => writeBatch(carrier, Buffer.from(text, 'latin1'))
  say(CONNECT)
  await untilHeard('"connect_info":true')
  say('LS+ down.x\r\nPING\r\n')
  await untilHeard('PONG\r\n')

  using client = await RawSocket.connect(addressOf(hub.url))
  client.write('CONNECT {"verbose":false}\r\nSUB up.> 1\r\nPING\r\n')
  await client.readThrough('PONG\r\n')
  await untilHeard('LS+ up.>\r\n')
  say(`LMSG up.x ${LONG.length}\r\n${LONG}\r\n`)
  await client.readThrough(`MSG up.x 1 ${LONG.length}\r\n${LONG}\r\n`)
  client.write(`PUB down.x ${LONG.length}\r\n${LONG}\r\n`)
  await untilHeard(`LMSG down.x ${LONG.length}\r\n${LONG}\r\n`)
  assert.doesNotMatch(heard(), /-ERR/)
  carrier.close(1000, 'Client Closed')
  await door.closed()
  assert.equal(door.events.at(-1), 'closed')
}

const LEAFNODES = 'leafnodes { listen: "127.0.0.1:-1" }'

for (const [name, compression, noMasking] of [
  ['masked', false, false],
  ['without masks', false, true],
  ['compressed and masked', true, false],
  ['compressed and without masks', true, true],
] as const) {
  for (const scheme of ['ws', 'wss']) {
    test(`a nats-server is a hub over ${scheme}, ${name}`, { skip }, async () => {
      await using folder = await temporaryFolder()
      const authority = await TestAuthority.create(folder)
      const { certFile, keyFile } = await authority.issue()
      const security = scheme === 'ws' ? 'no_tls: true' : `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`
      await using hub = await startNatsServer(
        `${LEAFNODES}\nwebsocket { listen: "127.0.0.1:-1", compression: true, ${security} }`,
      )
      await using proxy = await startConnectProxy({ credentials: 'leaf:pw' })
      const address = addressOf(hub.ports.websocket?.[0])
      const way = { url: proxy.url, username: 'leaf', password: 'pw' }
      const plain = await dial(address, { ...DIAL, ...(noMasking && { proxy: way }) })
      const tls = await readClientTls({ ...PLAIN_TLS, caFile: authority.caFile })
      const socket =
        scheme === 'ws' ? plain : await startClientTls(plain, tls, { serverName: 'localhost', clock: systemClock })
      const request = { host: `${address.host}:${address.port}`, path: '/leafnode', compression, noMasking }
      const upgraded = await upgradeToWebSocket(socket, request, DIAL)
      assert.deepEqual(upgraded.agreed, {
        isCompressed: compression,
        isMasked: !noMasking,
        isBrowser: false,
        isClient: true,
      })
      const opened = Promise.withResolvers<RecordingReceiver>()
      openWebSocketStream(upgraded, {
        ...LINK,
        compression: compressionOf(),
        maxCompressedBytes: () => 1024 * 1024,
        receiver(carrier) {
          const receiver = new RecordingReceiver(carrier)
          opened.resolve(receiver)
          return receiver
        },
      })
      const door = await opened.promise
      await exchange(hub, door.carrier, door)
    })
  }
}

const PLAIN_TLS = {
  certificates: [],
  timeoutMs: 5_000,
  cipherSuites: [],
  curvePreferences: [],
  minVersion: 'TLSv1.2',
  pinnedCerts: [],
  handshakeFirst: false,
  isInsecure: false,
} as const

for (const hasTls of [false, true]) {
  test(`a nats-server is a hub over TCP${hasTls ? ', with TLS after its INFO and a certificate of ours' : ''}`, {
    skip,
  }, async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const { certFile, keyFile } = await authority.issue()
    const ours = await authority.issue({ subject: 'CN=leaf' })
    const security = `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${authority.caFile}", verify: true }`
    await using hub = await startNatsServer(`leafnodes { listen: "127.0.0.1:-1"${hasTls ? `, ${security}` : ''} }`)
    const [, port] = await hub.program.saying(/leafnode connections on 127\.0\.0\.1:(\d+)/)
    const plain = await dial({ host: '127.0.0.1', port: Number(port) }, DIAL)
    const info = await readHead(
      plain,
      (bytes) => {
        const byteLength = bytes.indexOf('\n') + 1
        return byteLength === 0 ? undefined : { value: bytes.toString('latin1', 0, byteLength), byteLength }
      },
      5_000,
    )
    assert.match(info ?? '', /^INFO \{.*"leafnode_urls":/)
    const tls = await readClientTls({ ...PLAIN_TLS, caFile: authority.caFile, certificates: [ours] })
    const socket = hasTls ? await startClientTls(plain, tls, { serverName: 'localhost', clock: systemClock }) : plain
    const carrier = new TcpCarrier(socket, LINK)
    const door = new RecordingReceiver(carrier)
    carrier.start(door)
    await exchange(hub, carrier, door)
  })
}
