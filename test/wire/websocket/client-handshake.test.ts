import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptKey, checkAnswer, checkUpgrade, upgradeHeaders } from '#wire/websocket'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const NOTHING = { key: KEY, compression: false, noMasking: false }
const EVERYTHING = { key: KEY, compression: true, noMasking: true }
const BOTH = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'

/** RFC 6455 §1.3. */
const RIGHT = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
}

test('what is asked for is what a server of ours accepts', () => {
  const headers = upgradeHeaders('hub.example:443', EVERYTHING)
  assert.deepEqual(headers, [
    ['Host', 'hub.example:443'],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', KEY],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Extensions', BOTH],
    ['Nats-No-Masking', 'true'],
  ])
  const received = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
  assert.deepEqual(checkUpgrade({ method: 'GET', headers: received }), { ok: true, key: KEY })
  assert.equal(upgradeHeaders('h', NOTHING).length, 5)
})

for (const [name, asked, headers, agreed] of [
  ['nothing', NOTHING, {}, { isCompressed: false, isMasked: true }],
  [
    'nothing, in other words',
    NOTHING,
    { upgrade: 'WebSocket', connection: 'keep-alive, UPGRADE' },
    { isCompressed: false, isMasked: true },
  ],
  ['nothing of all that was asked for', EVERYTHING, {}, { isCompressed: false, isMasked: true }],
  ['compression', EVERYTHING, { 'sec-websocket-extensions': BOTH }, { isCompressed: true, isMasked: true }],
  [
    'a window of the server’s',
    EVERYTHING,
    { 'sec-websocket-extensions': `${BOTH};server_max_window_bits="9"` },
    { isCompressed: true, isMasked: true },
  ],
  ['frames without masks', EVERYTHING, { 'nats-no-masking': 'true' }, { isCompressed: false, isMasked: false }],
  ['no masks in other words', EVERYTHING, { 'nats-no-masking': 'True' }, { isCompressed: false, isMasked: true }],
  ['no masks, unasked', NOTHING, { 'nats-no-masking': 'true' }, { isCompressed: false, isMasked: true }],
] as const) {
  test(`a server may agree on ${name}`, () => {
    assert.deepEqual(checkAnswer({ status: 101, headers: { ...RIGHT, ...headers } }, asked), { ok: true, ...agreed })
  })
}

const DEFLATE = 'permessage-deflate'

for (const [reason, asked, status, headers] of [
  ['status 200', NOTHING, 200, {}],
  ["invalid value for header 'Upgrade'", NOTHING, 101, { upgrade: undefined }],
  ["invalid value for header 'Upgrade'", NOTHING, 101, { upgrade: 'h2c' }],
  ["invalid value for header 'Connection'", NOTHING, 101, { connection: 'keep-alive' }],
  ["'Sec-WebSocket-Accept' missing", NOTHING, 101, { 'sec-websocket-accept': undefined }],
  ["invalid value for header 'Sec-WebSocket-Accept'", NOTHING, 101, { 'sec-websocket-accept': acceptKey('other') }],
  [
    "invalid value for header 'Sec-WebSocket-Accept'",
    NOTHING,
    101,
    { 'sec-websocket-accept': RIGHT['sec-websocket-accept'].toLowerCase() },
  ],
  ['a subprotocol that nobody asked for', NOTHING, 101, { 'sec-websocket-protocol': 'mqtt' }],
  ['an extension that nobody asked for', NOTHING, 101, { 'sec-websocket-extensions': BOTH }],
  ...['', '; server_no_context_takeover', '; client_no_context_takeover'].map((parameters) => {
    return [
      'compression negotiation error',
      EVERYTHING,
      101,
      { 'sec-websocket-extensions': DEFLATE + parameters },
    ] as const
  }),
  [
    'compression negotiation error',
    EVERYTHING,
    101,
    { 'sec-websocket-extensions': `${BOTH}; client_max_window_bits=9` },
  ],
  [
    'compression negotiation error',
    EVERYTHING,
    101,
    { 'sec-websocket-extensions': `${BOTH}; server_max_window_bits=16` },
  ],
  ['compression negotiation error', EVERYTHING, 101, { 'sec-websocket-extensions': BOTH.replace(DEFLATE, 'x-zip') }],
  ['compression negotiation error', EVERYTHING, 101, { 'sec-websocket-extensions': `${BOTH}, x-zip` }],
] as const) {
  test(`${JSON.stringify(headers)} of status ${status} is refused`, () => {
    assert.deepEqual(checkAnswer({ status, headers: { ...RIGHT, ...headers } }, asked), { ok: false, reason })
  })
}
