import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  acceptKey,
  asksForNoMasking,
  checkUpgrade,
  offersDeflate,
  type RequestHeaders,
  refusal,
  switchingProtocols,
} from '#wire/websocket'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const GOOD: RequestHeaders = {
  host: 'server.example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
}

test('a correct request is accepted with its key', () => {
  assert.deepEqual(checkUpgrade({ method: 'GET', headers: GOOD }), { ok: true, key: KEY })
})

for (const headers of [
  { upgrade: 'WebSocket' },
  { upgrade: 'h2c, websocket' },
  { connection: 'keep-alive, upgrade' },
  { connection: ['keep-alive', 'Upgrade'] },
  { 'sec-websocket-version': '8, 13' },
]) {
  test(`${JSON.stringify(headers)} is as good`, () => {
    assert.equal(checkUpgrade({ method: 'GET', headers: { ...GOOD, ...headers } }).ok, true)
  })
}

for (const [method, headers, status, reason] of [
  ['POST', {}, 405, 'request method must be GET'],
  ['GET', { host: undefined }, 400, "'Host' missing in request"],
  ['GET', { upgrade: undefined }, 400, "invalid value for header 'Upgrade'"],
  ['GET', { upgrade: 'websockets' }, 400, "invalid value for header 'Upgrade'"],
  ['GET', { connection: 'keep-alive' }, 400, "invalid value for header 'Connection'"],
  ['GET', { 'sec-websocket-key': undefined }, 400, 'key missing'],
  ['GET', { 'sec-websocket-key': '' }, 400, 'key missing'],
  ['GET', { 'sec-websocket-key': 'abc' }, 400, 'invalid websocket key'],
  ['GET', { 'sec-websocket-key': Buffer.alloc(15).toString('base64') }, 400, 'invalid websocket key'],
  ['GET', { 'sec-websocket-key': Buffer.alloc(17).toString('base64') }, 400, 'invalid websocket key'],
  ['GET', { 'sec-websocket-version': undefined }, 400, 'invalid version'],
  ['GET', { 'sec-websocket-version': '130' }, 400, 'invalid version'],
  // The first of two faults in the order of the checks.
  ['GET', { upgrade: 'x', 'sec-websocket-version': '8' }, 400, "invalid value for header 'Upgrade'"],
] as const) {
  test(`${method} with ${JSON.stringify(headers)} is refused: ${reason}`, () => {
    assert.deepEqual(checkUpgrade({ method, headers: { ...GOOD, ...headers } }), { ok: false, status, reason })
  })
}

test('the accept key is that of RFC 6455', () => {
  assert.equal(acceptKey(KEY), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test('the 101 has the standard headers first, then others', () => {
  assert.equal(
    switchingProtocols(KEY, [['X-Served-By', 'belfry']]),
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Served-By: belfry\r\n\r\n',
  )
})

test('a refusal says what nats-server says and that the connection ends', () => {
  assert.equal(
    refusal(405),
    'HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\nSec-Websocket-Version: 13\r\n' +
      'X-Content-Type-Options: nosniff\r\nContent-Length: 19\r\nConnection: close\r\n\r\nMethod Not Allowed\n',
  )
})

test('a refusal may have its own headers and body', () => {
  const text = refusal(
    401,
    [
      ['content-type', 'application/json'],
      ['WWW-Authenticate', 'Bearer'],
    ],
    '{"é":1}',
  )
  assert.doesNotMatch(text, /text\/plain/)
  assert.match(text, /^HTTP\/1\.1 401 Unauthorized\r\n/)
  assert.match(text, /\r\ncontent-type: application\/json\r\nWWW-Authenticate: Bearer\r\nContent-Length: 8\r\n/)
  assert.ok(text.endsWith('\r\n\r\n{"é":1}'))
})

test('a header cannot break out of its line', () => {
  assert.throws(() => switchingProtocols(KEY, [['X', 'a\r\nSet-Cookie: b']]), TypeError)
  assert.throws(() => refusal(400, [['X\n', 'a']]), TypeError)
})

for (const [offer, isOffered] of [
  [undefined, false],
  ['', false],
  ['permessage-deflate', true],
  ['Permessage-Deflate', true],
  ['permessage-deflate; client_max_window_bits', true],
  ['permessage-deflate;server_max_window_bits=10; client_no_context_takeover', true],
  ['x-webkit-deflate-frame, permessage-deflate; client_max_window_bits=9', true],
  [['foo', 'permessage-deflate'], true],
  ['permessage-deflated', false],
  ['foo; permessage-deflate', false],
] as const) {
  test(`${JSON.stringify(offer)} ${isOffered ? 'offers' : 'does not offer'} permessage-deflate`, () => {
    assert.equal(offersDeflate({ 'sec-websocket-extensions': offer }), isOffered)
  })
}

for (const [value, asks] of [
  ['true', true],
  [undefined, false],
  ['True', false],
  ['1', false],
  ['false, true', false],
] as const) {
  test(`Nats-No-Masking: ${value} ${asks ? 'asks' : 'does not ask'} for unmasked frames`, () => {
    assert.equal(asksForNoMasking({ 'nats-no-masking': value }), asks)
  })
}
