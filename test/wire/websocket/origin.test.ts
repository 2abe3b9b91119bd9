import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '#kit'
import { originAllowed, originOf, parseAllowedOrigin } from '#wire/websocket'

const NOT_SAME = 'not same origin'
const NOT_LISTED = 'not in the allowed list'
const SAME = { sameOrigin: true, allowedOrigins: [] }
const list = (...allowedOrigins: string[]) => ({ sameOrigin: false, allowedOrigins })

for (const [origin, host, isTls, rules, reason] of [
  ['https://anywhere', 'h', false, { sameOrigin: false, allowedOrigins: [] }, undefined],
  ['null', 'h', false, { sameOrigin: false, allowedOrigins: [] }, undefined],
  [undefined, 'h', false, SAME, undefined],
  [undefined, 'h', false, list('http://a'), undefined],

  ['http://h:4000', 'h:4000', false, SAME, undefined],
  ['http://H', 'h:80', false, SAME, undefined],
  ['https://h', 'h', true, SAME, undefined],
  ['https://h:443', 'h', true, SAME, undefined],
  ['http://[::1]', '[::1]:80', false, SAME, undefined],
  ['http://other', 'h', false, SAME, NOT_SAME],
  ['http://h:81', 'h', false, SAME, NOT_SAME],
  ['https://h:4000', 'h:4000', false, SAME, NOT_SAME],
  ['http://h', 'h:', false, SAME, undefined],
  ['http://h', 'h@x', false, SAME, NOT_SAME],
  ['null', 'h', false, SAME, 'parse "null": invalid URI for request'],
  ['http://h:x', 'h', false, SAME, 'parse "http://h:x": invalid host "h:x"'],

  ['https://a.example', 'h', false, list('http://b', 'https://a.example:443/path'), undefined],
  ['HTTPS://A.example', 'h', false, list('https://a.EXAMPLE'), undefined],
  ['http://a.example', 'h', false, list('https://a.example'), NOT_LISTED],
  ['https://a.example:8443', 'h', false, list('https://a.example'), NOT_LISTED],
  ['https://b.a.example', 'h', false, list('https://a.example'), NOT_LISTED],
  ['null', 'h', false, list('https://a.example'), 'parse "null": invalid URI for request'],

  ['https://app.example.com', 'h', false, list('https://*.example.com'), undefined],
  ['https://A.B.Example.com', 'h', false, list('https://*.EXAMPLE.com/path'), undefined],
  ['https://example.com', 'h', false, list('https://*.example.com'), NOT_LISTED],
  ['https://.example.com', 'h', false, list('https://*.example.com'), NOT_LISTED],
  ['https://evilexample.com', 'h', false, list('https://*.example.com'), NOT_LISTED],
  ['https://app.example.com.evil', 'h', false, list('https://*.example.com'), NOT_LISTED],
  ['https://appxexamplexcom', 'h', false, list('https://*.example.com'), NOT_LISTED],
  ['http://app.example.com', 'h', false, list('https://*.example.com'), NOT_LISTED],
  ['https://app.example.com:8443', 'h', false, list('https://*.example.com'), NOT_LISTED],
  ['https://app.example.com:8443', 'h', false, list('https://*.example.com:*'), undefined],
  ['https://*.example.com', 'h', false, list('https://example.com'), NOT_LISTED],
  ['http://localhost:5173', 'h', false, list('http://localhost:*'), undefined],
  ['http://localhost', 'h', false, list('http://localhost:*/path'), undefined],
  ['http://[::1]:99', 'h', false, list('http://[::1]:*'), undefined],
  ['http://localhost.evil:5173', 'h', false, list('http://localhost:*'), NOT_LISTED],
  [
    'https://evil\\.example.com',
    'h',
    false,
    list('https://*.example.com'),
    'parse "https://evil\\\\.example.com": invalid host "evil\\\\.example.com"',
  ],
  [
    'http://localhost:*',
    'h',
    false,
    list('http://localhost:*'),
    'parse "http://localhost:*": invalid host "localhost:*"',
  ],

  ['http://h', 'h', false, { sameOrigin: true, allowedOrigins: ['http://a'] }, NOT_LISTED],
  ['http://a', 'h', false, { sameOrigin: true, allowedOrigins: ['http://a'] }, NOT_SAME],
  ['http://h', 'h', false, { sameOrigin: true, allowedOrigins: ['http://a', 'http://h'] }, undefined],
] as const) {
  const rulesText = `${rules.sameOrigin ? 'same origin, ' : ''}[${rules.allowedOrigins}]`
  test(`${origin} at ${isTls ? 'https' : 'http'}://${host} under ${rulesText}: ${reason ?? 'welcome'}`, () => {
    assert.equal(originAllowed(origin, host, isTls, rules), reason)
  })
}

for (const [text, message] of [
  ['foo', 'unable to parse allowed origin: parse "foo": invalid URI for request'],
  ['http:foo', 'unable to parse allowed origin: parse "http:foo": invalid URI for request'],
  ['/foo', 'unable to parse allowed origin "/foo": allowed origins must be absolute URLs with http or https scheme'],
  [
    'ws://a',
    'unable to parse allowed origin "ws://a": allowed origins must be absolute URLs with http or https scheme',
  ],
  ['http:///a', 'unable to parse allowed origin "http:///a": host is required'],
  ['http://*./', 'unable to parse allowed origin "http://*./": host is required'],
  ...['https://*', 'https://*.*.example.com', 'https://a*.example.com', 'https://a.*.com', 'https://**:*'].map(
    (text) =>
      [
        text,
        `unable to parse allowed origin "${text}": only "*." before a host and ":*" behind it match more`,
      ] as const,
  ),
] as const) {
  test(`${text} is no allowed origin`, () => {
    assert.throws(
      () => parseAllowedOrigin(text),
      (error) => error instanceof ConfigError && error.message === message,
    )
  })
}

test('the origin is taken from Origin, otherwise from Sec-WebSocket-Origin', () => {
  assert.equal(originOf({ origin: 'http://a', 'sec-websocket-origin': 'http://b' }), 'http://a')
  assert.equal(originOf({ 'sec-websocket-origin': 'http://b' }), 'http://b')
  assert.equal(originOf({ origin: '' }), undefined)
  assert.equal(originOf({}), undefined)
})
