import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configDigest, parseConfigText } from '#config'

/** What nats-server 2.15 says of these; test/config/corpus.test.ts asks it, where one is installed that says it. */
const digests: readonly (readonly [what: string, text: string, digest: string])[] = [
  ['a plain file', 'port: 4222\n', '797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e'],
  ['the same as JSON', '{ "port": 4222 }', '797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e'],
  [
    'characters that are unsafe in HTML or JavaScript',
    'server_name: "<a&b>\u2028é"',
    '2bafa0e42e9cb9e9461afcfe3ea2aabe7d9335190fe790114dd3deb4369e7d9b',
  ],
  [
    'control characters',
    'websocket { authorization { timeout: "\\x01\\x1f\\x7f\\t\\n\\"\\\\ <a&b> é" } }',
    '19f3b8dd8090e95dc6c9cc743239fd251f1f2455edbd0892c416fd5557e96790',
  ],
  [
    'floats, dates, empty maps and lists, sizes, and values that came from variables',
    'f: [1.5, 100000000.25\n 0.000001, 0.00000012, 123456789012345678901234567890.5, -1.0\n' +
      '0.0, 2026-01-31T12:00:00Z, {}, [], true, -5, 1KB\n]\nwebsocket { authorization { timeout: $f } }',
    'a1f940c83b3be581c57cd12e610cd654772dc9ce0eb9d1e5db0e0ba91ae01d63',
  ],
  [
    'keys that come in another order by bytes than by UTF-16',
    'accounts { B {}, a {}, \ufb00 {}, \u{1d4b3} {} }',
    '3dea818fa0f4c070b75b99e856c7dfa4f479c6d4a76f7da28b523dc5dde42d27',
  ],
]

describe('the digest of a configuration is that of nats-server for', () => {
  for (const [what, text, digest] of digests) {
    test(what, () => assert.equal(configDigest(parseConfigText(text, 'test.conf')), digest))
  }
})
