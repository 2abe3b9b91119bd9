/** The request that becomes a WebSocket: who is let in, what the others are told, and what the log says of them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawSocket } from '../../../net/raw-socket.ts'
import { upgradeRequest } from '../../../net/raw-websocket.ts'
import {
  type Differing,
  expectationOf,
  type Implementation,
  newerRow,
  type RunningImplementation,
  table,
} from './servers.ts'
import {
  ask,
  bodyOf,
  frame,
  type Headers,
  OFFERS_COMPRESSION,
  readAnswer,
  statusOf,
  type UpgradeOptions,
  WireClient,
} from './wire-client.ts'

const webSocket = (options = '') => `websocket { listen: "127.0.0.1:-1", no_tls: true\n${options} }`

/** The accept header for the key of every request here: RFC 6455 §1.3 has this very pair. */
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

interface Refusal {
  readonly what: string
  readonly request: UpgradeOptions
  readonly status: Differing<number>
  /** What the log says why. */
  readonly reason: string
  /** Belfry tells what asks for no upgrade at all what this port is for. */
  readonly isNoUpgrade?: boolean
}

const REFUSALS: readonly Refusal[] = [
  { what: 'bad method', request: { method: 'POST' }, status: 405, reason: 'request method must be GET' },
  {
    what: 'no upgrade header',
    request: { headers: { Upgrade: undefined } },
    status: 400,
    reason: "invalid value for header 'Upgrade'",
    isNoUpgrade: true,
  },
  {
    what: 'another upgrade header',
    request: { headers: { Upgrade: 'websockets' } },
    status: 400,
    reason: "invalid value for header 'Upgrade'",
    isNoUpgrade: true,
  },
  {
    what: 'no connection header',
    request: { headers: { Connection: undefined } },
    status: 400,
    reason: "invalid value for header 'Connection'",
    isNoUpgrade: true,
  },
  {
    what: 'another connection header',
    request: { headers: { Connection: 'keep-alive' } },
    status: 400,
    reason: "invalid value for header 'Connection'",
    isNoUpgrade: true,
  },
  { what: 'no key', request: { headers: { 'Sec-WebSocket-Key': undefined } }, status: 400, reason: 'key missing' },
  { what: 'empty key', request: { headers: { 'Sec-WebSocket-Key': '' } }, status: 400, reason: 'key missing' },
  {
    what: 'invalid key encoding',
    request: { headers: { 'Sec-WebSocket-Key': '%%%' } },
    status: { belfry: 400, natsServer: 101 },
    reason: 'invalid websocket key',
  },
  {
    what: 'invalid key length',
    request: { headers: { 'Sec-WebSocket-Key': 'c2hvcnQ=' } },
    status: { belfry: 400, natsServer: 101 },
    reason: 'invalid websocket key',
  },
  {
    what: 'missing version',
    request: { headers: { 'Sec-WebSocket-Version': undefined } },
    status: 400,
    reason: 'invalid version',
  },
  {
    what: 'wrong version',
    request: { headers: { 'Sec-WebSocket-Version': '99' } },
    status: 400,
    reason: 'invalid version',
  },
  {
    what: 'the first of several faults',
    request: { method: 'PUT', headers: { Upgrade: undefined, 'Sec-WebSocket-Version': '8' } },
    status: 405,
    reason: 'request method must be GET',
    isNoUpgrade: true,
  },
  {
    what: 'origin',
    request: { headers: { Origin: 'http://bad.host.com' } },
    status: 403,
    reason: 'origin not allowed: not same origin',
  },
]

const BODIES: Readonly<Record<number, string>> = {
  400: 'Bad Request\n',
  403: 'Forbidden\n',
  404: 'Not Found\n',
  405: 'Method Not Allowed\n',
}

function refusalRows({ name, start }: Implementation): void {
  let server: RunningImplementation
  before(async () => {
    server = await start(webSocket('same_origin: true'))
  })
  after(() => server?.[Symbol.asyncDispose]())

  const assertBody = (body: string, status: number, isNoUpgrade = false) => {
    if (name === 'belfry' && isNoUpgrade) assert.match(body, /^This port is for NATS over WebSocket/)
    else assert.equal(body, BODIES[status])
  }

  for (const { what, request, status, reason, isNoUpgrade } of REFUSALS) {
    test(`WSUpgradeValidationErrors: ${what}`, async () => {
      const answer = await ask(server.webSocket, request)
      const expected = expectationOf(status, name)
      assert.equal(answer.status, expected)
      if (expected !== 101) {
        assertBody(await bodyOf(answer), expected, isNoUpgrade)
        assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
        assert.equal(answer.headers['x-content-type-options'], 'nosniff')
        assert.equal(answer.headers['sec-websocket-version'], '13')
      }
      answer.raw.destroy()
    })

    if (expectationOf(status, name) === 101) continue
    test(`WSServerReportUpgradeFailure: ${what} is logged with the client's address and port`, async () => {
      const { raw } = await ask(server.webSocket, request)
      const line = await server.logged(new RegExp(`127\\.0\\.0\\.1.*\\b${raw.socket.localPort}\\b.*${escaped(reason)}`))
      if (name !== 'belfry') assert.ok(line.includes(`127.0.0.1:${raw.socket.localPort} - websocket handshake error: `))
      raw.destroy()
    })
  }

  test('WSUpgradeValidationErrors: no host', async () => {
    assert.equal(await statusOf(server.webSocket, { headers: { Host: undefined } }), 400)
  })

  test('two hosts are a bad request, whether they differ or not', async () => {
    for (const hosts of ['Host: a\r\nHost: b', 'host: a\r\nHOST: a']) {
      for (const request of [upgradeRequest({ Host: undefined }), 'GET / HTTP/1.1\r\n\r\n']) {
        const raw = await RawSocket.connect(server.webSocket)
        raw.write(request.replace('\r\n', `\r\n${hosts}\r\n`))
        const [head = '', body] = (await raw.readToEnd()).split('\r\n\r\n')
        assert.equal(body, '400 Bad Request')
        const lines = head.split('\r\n').filter((line) => !/^(?:Date|Content-Length):/.test(line))
        const expected = ['HTTP/1.1 400 Bad Request', 'Content-Type: text/plain; charset=utf-8', 'Connection: close']
        assert.deepEqual(lines, expected)
        raw.destroy()
      }
    }
  })

  for (const [path, host, origin, status] of [
    ['http://x/nats', 'a', 'http://x', 101],
    ['http://x/nats', 'a', 'http://a', 403],
    ['http://u:p@x:80/nats?a', 'a', 'http://x', 101],
    ['HTTP://x:81/', '', 'http://x:81', 101],
    ['http:///nats', 'a', 'http://a', 101],
  ] as const) {
    test(`GET ${path} with the host "${host}" and a page of ${origin}: ${status}`, async () => {
      assert.equal(await statusOf(server.webSocket, { path, headers: { Host: host, Origin: origin } }), status)
    })
  }

  test('WSUpgradeValidationErrors: data before the 101, which ends the connection without one', async () => {
    const raw = await RawSocket.connect(server.webSocket)
    raw.write(Buffer.concat([Buffer.from(upgradeRequest()), frame('PING\r\n')]))
    assert.equal(await raw.readToEnd(), '')
    await server.logged(/client sent data before handshake is complete/)
    raw.destroy()
  })

  test('WSUpgradeValidationErrors: headers are lists in any case', async () => {
    const headers = { Upgrade: 'h2c, WebSocket', Connection: 'keep-alive,UPGRADE', 'Sec-WebSocket-Version': '8, 13' }
    assert.equal(await statusOf(server.webSocket, { headers }), 101)
  })

  test('WSUpgradeNoHijacker: what cannot become a WebSocket is a bad request', async () => {
    const raw = await RawSocket.connect(server.webSocket)
    raw.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const answer = await readAnswer(raw)
    assert.equal(answer.status, 400)
    assertBody(await bodyOf(answer), 400, true)
    raw.destroy()
  })

  test('WSUpgradeResponseWriteError: a client that is gone before the answer costs nobody anything', async () => {
    for (let count = 0; count < 20; count++) {
      const raw = await RawSocket.connect(server.webSocket)
      raw.write(upgradeRequest())
      raw.socket.resetAndDestroy()
    }
    using client = await WireClient.ready(server.webSocket)
    assert.equal(await client.untilPong(), 'PONG\r\n')
  })
}

function headerRows(implementation: Implementation): void {
  const { name, start } = implementation
  let plain: RunningImplementation
  let compressing: RunningImplementation
  before(async () => {
    plain = await start(webSocket())
    compressing = await start(webSocket('compression: true'))
  })
  after(async () => {
    await plain?.[Symbol.asyncDispose]()
    await compressing?.[Symbol.asyncDispose]()
  })

  const AGREED = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
  const agreedWith = async (server: RunningImplementation, headers: Headers) => {
    const { raw, headers: answer } = await ask(server.webSocket, { headers })
    raw.destroy()
    return answer['sec-websocket-extensions']
  }

  test('WSCompressNegotiation: not on the server, but the client asks', async () => {
    assert.equal(await agreedWith(plain, OFFERS_COMPRESSION), undefined)
  })

  test('WSCompressNegotiation: on the server, and the client does not ask', async () => {
    assert.equal(await agreedWith(compressing, {}), undefined)
    assert.equal(await agreedWith(compressing, { 'Sec-WebSocket-Extensions': 'x-webkit-deflate-frame' }), undefined)
  })

  for (const offer of [
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'Permessage-Deflate; server_max_window_bits=10; client_no_context_takeover',
    'x-other; a=1, permessage-deflate',
  ]) {
    test(`WSCompressNegotiation: on the server, and the client offers ${offer}`, async () => {
      assert.equal(await agreedWith(compressing, { 'Sec-WebSocket-Extensions': offer }), AGREED)
    })
  }

  test('WSSetHeader: without headers of its own the answer has the standard ones and no others', async () => {
    const { raw, head } = await ask(plain.webSocket, { headers: { 'Sec-WebSocket-Protocol': 'nats' } })
    raw.destroy()
    const [upgrade, connection] = ['Upgrade: websocket', 'Connection: Upgrade']
    assert.equal(
      head,
      `HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n${connection}\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
    )
  })

  for (const row of ['WSSetHeader', 'WSSetHeaderServer']) {
    newerRow(
      implementation,
      `${row}: custom headers come behind the standard ones`,
      'headers are unknown',
      async () => {
        const headers = '"X-Header": "some-value", "X-Another-Header": "another-value"'
        await using server = await start(webSocket(`compression: true, headers { ${headers} }`))
        const { raw, headers: answer, head } = await ask(server.webSocket, { headers: OFFERS_COMPRESSION })
        raw.destroy()
        assert.deepEqual(answer, {
          upgrade: 'websocket',
          connection: 'Upgrade',
          'sec-websocket-accept': ACCEPT,
          'sec-websocket-extensions': AGREED,
          'x-header': 'some-value',
          'x-another-header': 'another-value',
        })
        assert.ok(head.indexOf('X-Header') > head.indexOf('Sec-WebSocket-Extensions'))
        using client = await WireClient.ready(server.webSocket)
        assert.equal(await client.untilPong(), 'PONG\r\n')
      },
    )
  }

  test('WSFrameOutbound: Nats-No-Masking is repeated, and frames come unmasked then', async () => {
    using client = await WireClient.connect(plain.webSocket, { headers: { 'Nats-No-Masking': 'true' } })
    assert.equal(client.answer.headers['nats-no-masking'], 'true')
    client.write(frame('CONNECT {"verbose":false}\r\nPING\r\n', { mask: false }))
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  })

  test('WSUpgradeMQTTOnlyWhenEnabled: MQTT off rejects /mqtt', async () => {
    const status = name === 'natsServer' ? 101 : 404
    const answer = await ask(plain.webSocket, { path: '/mqtt' })
    assert.equal(answer.status, status)
    if (status === 404) assert.equal(await bodyOf(answer), BODIES[404])
    answer.raw.destroy()
  })

  newerRow(
    implementation,
    'WSUpgradeMQTTOnlyWhenEnabled: MQTT off rejects …/mqtt',
    'takes it for a client',
    async () => {
      assert.equal(await statusOf(plain.webSocket, { path: '/some/path/mqtt?a=b' }), 404)
    },
  )

  const isClientPath = (path: string) => async () => {
    using client = await WireClient.ready(plain.webSocket, { path })
    assert.equal(await client.untilPong(), 'PONG\r\n')
  }
  for (const path of ['/', '/nats', '/a/b?c=/mqtt', '/MQTT', '/LEAFNODE', '/%F0%9F']) {
    test(`WSUpgradeMQTTOnlyWhenEnabled: ${path} is for clients`, isClientPath(path))
  }
  for (const path of ['/mqtt/', '/mqtt/x', '/leafnode/x']) {
    const row = `WSUpgradeMQTTOnlyWhenEnabled: ${path} is for clients`
    newerRow(implementation, row, 'it looks at the beginning of the path', isClientPath(path))
  }

  for (const path of ['/leafnode', '/leafnode?x=1', '/some/path/leafnode']) {
    const isClient = name === 'natsServer' && path.startsWith('/some')
    test(`WSUpgradeMQTTOnlyWhenEnabled: leaf nodes off ends ${path} behind the 101`, async () => {
      const { raw, status } = await ask(plain.webSocket, { path })
      assert.equal(status, 101)
      if (isClient) assert.match(await raw.readThrough('\r\n'), /INFO/)
      else assert.equal(await raw.readToEnd(), '')
      raw.destroy()
    })
  }
}

/** `X-Forwarded-For`, and with what address the log says the client came. */
const FORWARDED: readonly (readonly [what: string, value: string | undefined, logged: string | undefined])[] = [
  ['no header', undefined, undefined],
  ['empty value', '', undefined],
  ['invalid IP', 'not a valid IP', undefined],
  ['one IP', '1.2.3.4', '1.2.3.4/'],
  ['several headers', '1.2.3.4\r\nX-Forwarded-For: 5.6.7.8', '1.2.3.4/'],
  ['several IPs in one header', '1.2.3.4, 5.6.7.8', undefined],
  ['IPv6', '::1', '[::1]/'],
]

function forwardedRows({ name, start }: Implementation): void {
  let server: RunningImplementation
  before(async () => {
    server = await start(`debug: true\n${webSocket()}`)
  })
  after(() => server?.[Symbol.asyncDispose]())

  for (const [what, value, logged] of FORWARDED) {
    const row = value === '' ? 'WSUpgradeWithEmptyXForwardedForSliceDoesNotPanic' : 'WSXForwardedFor'
    test(`${row}: ${what}`, async () => {
      using client = await WireClient.ready(server.webSocket, { headers: { 'X-Forwarded-For': value } })
      // The address that counts is the socket's.
      assert.equal(client.info.client_ip, '127.0.0.1')
      const { localPort } = client.raw.socket
      if (name === 'belfry') {
        const line = await server.logged(new RegExp(`client connected.*"port":${localPort}\\b`))
        assert.ok(line.includes(`"address":"${logged ?? ''}127.0.0.1"`), line)
        return
      }
      const line = await server.logged(new RegExp(`127\\.0\\.0\\.1:${localPort} .*Client connection created`))
      assert.match(line, new RegExp(`\\[DBG\\] ${escaped(logged ?? '')}127\\.0\\.0\\.1:${localPort} `))
    })
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

table((implementation) => {
  describe('refusals', () => refusalRows(implementation))
  describe('the answer', () => headerRows(implementation))
  describe('the address', () => forwardedRows(implementation))
})
