/** The HTTP request that becomes a WebSocket: who is let in, and what the others are told. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { encodeMaskedFrame, Opcode } from '#wire/websocket'
import { type Address, RawSocket } from '../../net/raw-socket.ts'
import { MASK, upgradeRequest } from '../../net/raw-websocket.ts'
import {
  type Differing,
  expectationOf,
  IMPLEMENTATIONS,
  type ImplementationName,
  type RunningImplementation,
} from './implementations.ts'
import { WebSocketClient } from './raw-client.ts'

type Headers = Readonly<Record<string, string | undefined>>

/** The answer, header names in lower case; the body only of a refusal. */
async function ask(address: Address, headers: Headers = {}, start?: string) {
  const raw = await RawSocket.connect(address)
  raw.write(upgradeRequest(headers, start))
  const head = await raw.readThrough('\r\n\r\n')
  const [statusLine = '', ...lines] = head.trimEnd().split('\r\n')
  const fields = Object.fromEntries(lines.map((line) => [line.split(': ')[0]!.toLowerCase(), line.split(': ')[1]]))
  const status = Number(statusLine.split(' ')[1])
  const body = status === 101 ? '' : await bodyOf(raw, fields)
  raw.destroy()
  return { status, headers: fields, body }
}

/** One line or one chunk with one line; nats-server keeps some of the connections. */
async function bodyOf(raw: RawSocket, headers: Headers): Promise<string> {
  if (headers['transfer-encoding'] === 'chunked') await raw.readThrough('\r\n')
  else if (headers['content-length'] === undefined) return raw.readToEnd()
  return raw.readThrough('\n')
}

const REFUSALS: readonly (readonly [why: string, headers: Headers, status: Differing<number>, start?: string])[] = [
  ['another method than GET', {}, 405, 'POST / HTTP/1.1'],
  ['no Host', { Host: undefined }, 400],
  ['no Upgrade', { Upgrade: undefined }, 400],
  ['another Upgrade', { Upgrade: 'h2c' }, 400],
  ['no Connection', { Connection: undefined }, 400],
  ['another Connection', { Connection: 'keep-alive' }, 400],
  ['no key', { 'Sec-WebSocket-Key': undefined }, 400],
  ['a key that is not 16 bytes in base64', { 'Sec-WebSocket-Key': 'aGVsbG8=' }, { belfry: 400, natsServer: 101 }],
  ['no version', { 'Sec-WebSocket-Version': undefined }, 400],
  ['version 8', { 'Sec-WebSocket-Version': '8' }, 400],
]

/** Who asks for no upgrade, a person with a browser perhaps, is told by Belfry what the port is. */
function bodyFor(name: ImplementationName, headers: Headers): RegExp {
  const asksForUpgrade = !('Upgrade' in headers || 'Connection' in headers)
  return name === 'belfry' && !asksForUpgrade ? /^This port is for NATS over WebSocket;/ : /^Bad Request\n$/
}

for (const { name, skip, start } of IMPLEMENTATIONS) {
  describe(name, { skip }, () => {
    let server: RunningImplementation
    before(async () => {
      server = await start('')
    })
    after(() => server?.[Symbol.asyncDispose]())

    test('an upgrade is answered with exactly what RFC 6455 asks for', async () => {
      const { status, headers } = await ask(server.webSocket)
      assert.equal(status, 101)
      assert.deepEqual(headers, {
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      })
    })

    test('any path and query will do', async () => {
      for (const target of ['/nats', '/a/b?c=d', '/leafnode/x', '/MQTT', '/%F0%9F']) {
        assert.equal((await ask(server.webSocket, {}, `GET ${target} HTTP/1.1`)).status, 101, target)
      }
    })

    test('header values may be lists in any case; extensions and protocols are declined', async () => {
      const { status, headers } = await ask(server.webSocket, {
        Upgrade: 'h2c, WebSocket',
        Connection: 'keep-alive,UPGRADE',
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
        'Sec-WebSocket-Protocol': 'nats',
      })
      assert.equal(status, 101)
      assert.equal(headers['sec-websocket-extensions'], undefined)
      assert.equal(headers['sec-websocket-protocol'], undefined)
    })

    test('without rules every origin is welcome', async () => {
      for (const origin of ['https://evil.example', 'null', 'nonsense']) {
        assert.equal((await ask(server.webSocket, { Origin: origin })).status, 101, origin)
      }
    })

    for (const [why, headers, expected, line] of REFUSALS) {
      test(`refused: ${why}`, async () => {
        const status = expectationOf(expected, name)
        const answer = await ask(server.webSocket, headers, line)
        assert.equal(answer.status, status)
        // A request without Host gets no further than the HTTP server.
        if (status === 101 || 'Host' in headers) return
        if (status === 405) assert.equal(answer.body, 'Method Not Allowed\n')
        else assert.match(answer.body, bodyFor(name, headers))
        assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
        assert.equal(answer.headers['sec-websocket-version'], '13')
        assert.equal(answer.headers['x-content-type-options'], 'nosniff')
      })
    }

    test('what asks for no upgrade is a bad request', async () => {
      const { status, body } = await ask(server.webSocket, { Upgrade: undefined, Connection: undefined })
      assert.equal(status, 400)
      assert.match(body, bodyFor(name, { Upgrade: undefined }))
    })

    test('a client that sends data before the 101 is cut without an answer', async () => {
      const raw = await RawSocket.connect(server.webSocket)
      const data = encodeMaskedFrame(Opcode.BINARY, Buffer.from('PING\r\n'), MASK).toString('latin1')
      raw.write(upgradeRequest() + data)
      assert.equal(await raw.readToEnd(), '')
      raw.destroy()
      // And nobody else with it.
      using other = await WebSocketClient.connect(server.webSocket)
      assert.match(await other.untilPong(), /PONG/)
    })
  })

  describe(`${name} with same_origin`, { skip }, () => {
    let server: RunningImplementation
    before(async () => {
      server = await start('websocket { listen: "127.0.0.1:-1", no_tls: true, same_origin: true }')
    })
    after(() => server?.[Symbol.asyncDispose]())

    const cases: readonly (readonly [headers: Headers, status: Differing<number>])[] = [
      [{ Host: 'belfry.test' }, 101],
      [{ Host: 'belfry.test', Origin: 'http://belfry.test' }, 101],
      [{ Host: 'belfry.test', Origin: 'http://BELFRY.test:80' }, 101],
      [{ Host: 'belfry.test:80', Origin: 'http://belfry.test' }, 101],
      [{ Host: 'belfry.test:8080', Origin: 'http://belfry.test:8080' }, 101],
      [{ Host: 'belfry.test', Origin: 'http://other.test' }, 403],
      [{ Host: 'belfry.test', Origin: 'http://sub.belfry.test' }, 403],
      [{ Host: 'belfry.test', Origin: 'http://belfry.test:8080' }, 403],
      [{ Host: 'belfry.test', Origin: 'null' }, 403],
      [{ Host: 'belfry.test', 'Sec-WebSocket-Origin': 'http://other.test' }, 403],
      // The scheme is compared by newer releases of nats-server only.
      [
        { Host: 'belfry.test:443', Origin: 'https://belfry.test' },
        { belfry: 403, natsServer: 101 },
      ],
    ]
    for (const [headers, expected] of cases) {
      const status = expectationOf(expected, name)
      test(`${JSON.stringify(headers)} gets ${status}`, async () => {
        const answer = await ask(server.webSocket, headers)
        assert.equal(answer.status, status)
        if (status === 403) assert.equal(answer.body, 'Forbidden\n')
      })
    }
  })

  describe(`${name} with allowed_origins`, { skip }, () => {
    let server: RunningImplementation
    before(async () => {
      const origins = '["https://app.test", "http://localhost:3000/path"]'
      server = await start(`websocket { listen: "127.0.0.1:-1", no_tls: true, allowed_origins: ${origins} }`)
    })
    after(() => server?.[Symbol.asyncDispose]())

    const cases: readonly (readonly [origin: string | undefined, status: number])[] = [
      [undefined, 101],
      ['https://app.test', 101],
      ['https://app.test:443', 101],
      ['HTTPS://APP.TEST/x', 101],
      ['http://localhost:3000', 101],
      ['http://app.test', 403],
      ['https://app.test:8443', 403],
      ['http://localhost', 403],
      ['https://app.test.evil.example', 403],
      ['null', 403],
    ]
    for (const [origin, status] of cases) {
      test(`an origin of ${origin} gets ${status}`, async () => {
        assert.equal((await ask(server.webSocket, { Origin: origin })).status, status)
      })
    }
  })
}
