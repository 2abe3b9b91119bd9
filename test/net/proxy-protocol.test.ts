import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import {
  Listener,
  ProxyProtocolError,
  type ProxyProtocolRules,
  proxyProtocolRules,
  readProxyHeader,
  remoteOf,
} from '#net'
import { parseProxyHeader } from '../../src/net/proxy-protocol.ts'
import { RawSocket } from './raw-socket.ts'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'

/** A header of version 2 with these addresses and TLVs. */
function v2(versionAndCommand: number, familyAndTransport: number, rest: readonly number[] = []): Buffer {
  const head = [versionAndCommand, familyAndTransport, rest.length >> 8, rest.length & 255]
  return Buffer.concat([Buffer.from(SIGNATURE, 'latin1'), Buffer.from([...head, ...rest])])
}

const IPV4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x67, 0x10, 0x7e]
const IPV6 = [...Buffer.from('20010db8000000000000000000000007', 'hex'), ...Buffer.alloc(16), 0x12, 0x67, 0x10, 0x7e]
const MAPPED = [...Buffer.from('00000000000000000000ffffc0000207', 'hex'), ...Buffer.alloc(16), 0x12, 0x67, 0x10, 0x7e]
const TLVS = [0x03, 0, 4, 1, 2, 3, 4, 0x20, 0, 2, 9, 9]

for (const [name, bytes, source] of [
  ['TCP4', 'PROXY TCP4 192.0.2.7 10.0.0.1 4711 4222\r\n', { address: '192.0.2.7', port: 4711 }],
  ['TCP6', 'PROXY TCP6 2001:db8::7 ::1 4711 4222\r\n', { address: '2001:db8::7', port: 4711 }],
  ['TCP6 of an IPv4 client', 'PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 4222\r\n', { address: '192.0.2.7', port: 4711 }],
  ['TCP6 in capitals', 'PROXY TCP6 ::FFFF:192.0.2.7 ::1 4711 4222\r\n', { address: '192.0.2.7', port: 4711 }],
  ['UNKNOWN', 'PROXY UNKNOWN\r\n', undefined],
  ['UNKNOWN with what is ignored', 'PROXY UNKNOWN a b c d e f\r\n', undefined],
  ['v2 IPv4', v2(0x21, 0x11, IPV4), { address: '192.0.2.7', port: 4711 }],
  ['v2 IPv4 with TLVs', v2(0x21, 0x11, [...IPV4, ...TLVS]), { address: '192.0.2.7', port: 4711 }],
  ['v2 IPv6', v2(0x21, 0x21, IPV6), { address: '2001:db8::7', port: 4711 }],
  ['v2 IPv6 of an IPv4 client', v2(0x21, 0x21, MAPPED), { address: '192.0.2.7', port: 4711 }],
  ['v2 UNIX', v2(0x21, 0x31, Array<number>(216).fill(0)), undefined],
  ['v2 UNSPEC', v2(0x21, 0x00), undefined],
  ['v2 LOCAL', v2(0x20, 0x11, IPV4), undefined],
] as const) {
  test(`a header ${name} is read however it is cut, and no byte behind it`, () => {
    const header = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    for (let length = 1; length < header.length; length++) {
      assert.equal(parseProxyHeader(header.subarray(0, length)), undefined, `${length} bytes`)
    }
    const head = parseProxyHeader(Buffer.concat([header, Buffer.from('PING\r\n')]))
    assert.deepEqual(head, { value: { source }, byteLength: header.length })
  })
}

for (const [name, bytes] of [
  ['other bytes', 'CONNECT {}\r\n'],
  ['another signature', '\r\n\r\n\0\r\nQUIP\n'],
  ['a line that does not end', `PROXY TCP4 ${'1'.repeat(100)}`],
  ['another protocol', 'PROXY UDP4 192.0.2.7 10.0.0.1 1 2\r\n'],
  ['nothing', 'PROXY \r\n'],
  ['IPv6 as TCP4', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
  ['IPv4 as TCP6', 'PROXY TCP6 192.0.2.7 10.0.0.1 1 2\r\n'],
  ['an address with a zone', 'PROXY TCP6 fe80::1%evil ::1 1 2\r\n'],
  ['a port too high', 'PROXY TCP4 192.0.2.7 10.0.0.1 65536 2\r\n'],
  ['a port with zeros', 'PROXY TCP4 192.0.2.7 10.0.0.1 01 2\r\n'],
  ['no ports', 'PROXY TCP4 192.0.2.7 10.0.0.1\r\n'],
  ['more than ports', 'PROXY TCP4 192.0.2.7 10.0.0.1 1 2 3\r\n'],
  ['two spaces', 'PROXY TCP4  192.0.2.7 10.0.0.1 1 2\r\n'],
  ['version 1 in binary', v2(0x11, 0x11, IPV4)],
  ['another command', v2(0x22, 0x11, IPV4)],
  ['datagrams', v2(0x21, 0x12, IPV4)],
  ['another family', v2(0x21, 0x41, IPV4)],
  ['addresses cut short', v2(0x21, 0x21, IPV4)],
  ['more than a header may have', v2(0x21, 0x11, [...IPV4, ...Array<number>(4096).fill(0)]).subarray(0, 16)],
] as const) {
  test(`${name} is no PROXY header`, () => {
    assert.throws(() => parseProxyHeader(Buffer.from(bytes as string)), ProxyProtocolError)
  })
}

/** A server that answers with whom it sees and what came behind the header, and ends. */
async function answerTo(rules: ProxyProtocolRules, pieces: readonly (string | Buffer)[]): Promise<string> {
  let failure = ''
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    readProxyHeader(socket, rules).then(
      (hasHeader) => {
        const { address, port } = remoteOf(socket)
        socket.once('data', (bytes: Buffer) => {
          socket.end(`${hasHeader} ${address} ${port > 0 && address === '192.0.2.7' ? port : ''} ${bytes}`)
        })
        socket.resume()
      },
      (error: Error) => {
        failure = error.message
      },
    )
  })
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  const client = await RawSocket.connect(listener.address)
  for (const piece of pieces) {
    client.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const answer = await client.readToEnd()
  client.destroy()
  await listener.close(0)
  return answer || failure
}

const HEADER = 'PROXY TCP4 192.0.2.7 10.0.0.1 4711 4222\r\n'
const LOCAL = proxyProtocolRules(['127.0.0.1'])

test('a trusted proxy is believed, and what comes with its header is not lost', async () => {
  assert.equal(await answerTo(LOCAL, [`${HEADER}PING`]), 'true 192.0.2.7 4711 PING')
  assert.equal(await answerTo(LOCAL, ['PRO', HEADER.slice(3), 'PING']), 'true 192.0.2.7 4711 PING')
  assert.equal(await answerTo(LOCAL, [v2(0x20, 0), 'PING']), 'true 127.0.0.1  PING')
})

test('a trusted proxy without a header, and anybody else with one, are closed', async () => {
  assert.equal(await answerTo(LOCAL, ['PING\r\n']), 'unrecognized PROXY protocol format')
  assert.equal(await answerTo(proxyProtocolRules(['192.0.2.1']), [HEADER]), 'not a trusted proxy')
})

test('where nobody is named as trusted a header is believed, and not needed', async () => {
  const anybody = proxyProtocolRules('none')
  assert.equal(await answerTo(anybody, [`${HEADER}PING`]), 'true 192.0.2.7 4711 PING')
  assert.equal(await answerTo(anybody, ['PING']), 'true 127.0.0.1  PING')
})

test('a header that does not come in time closes the connection; one that need not come is waited for no longer', async () => {
  const server = net.createServer()
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  for (const [rules, ending] of [
    [LOCAL, 'timeout reading PROXY protocol header'],
    [proxyProtocolRules('none'), false],
  ] as const) {
    const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve))
    const client = await RawSocket.connect(listener.address)
    client.write('PROXY T')
    const socket = await accepted
    assert.equal(await readProxyHeader(socket, rules, 20).catch((error: Error) => error.message), ending)
    assert.equal(socket.destroyed, ending !== false)
    client.destroy()
  }
  await listener.close(0)
})

test('a connection that ends within its header is refused, with an error', async () => {
  const server = net.createServer({ allowHalfOpen: true })
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve))
  const client = await RawSocket.connect(listener.address)
  client.socket.end('PROXY T')
  await assert.rejects(readProxyHeader(await accepted, LOCAL), ProxyProtocolError)
  await listener.close(0)
})
