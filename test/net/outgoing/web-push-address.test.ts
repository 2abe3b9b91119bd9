import assert from 'node:assert/strict'
import { createECDH } from 'node:crypto'
import { test } from 'node:test'
import { ProtocolError } from '#kit'
import { checkWebPushAddress, type GuardRules, type WebPushFields } from '#net'

const GUARDED: GuardRules = { blockedHosts: /^bad\.example$/, blocksNonGlobalAddresses: true, prefersIpv6: false }
const OPEN: GuardRules = { ...GUARDED, blocksNonGlobalAddresses: false }

/** RFC 8291 Appendix A. */
const ADDRESS: WebPushFields = {
  endpoint: 'https://push.example/p/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV?v=1',
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
}
const POINT = Buffer.from(ADDRESS.p256dh, 'base64url')

/** The same point as another encoding of SEC 1 has it, 65 bytes long too. */
function hybridPoint(): string {
  const ecdh = createECDH('prime256v1')
  ecdh.generateKeys()
  return ecdh.getPublicKey('base64url', 'hybrid')
}

test('what a browser says of its subscription is taken as it is', () => {
  assert.deepEqual(checkWebPushAddress(ADDRESS, GUARDED), ADDRESS)
})

test('keys may be in base64 or base64url, padded or not, and are answered in one form', () => {
  const bytes = (text: string) => Buffer.from(text, 'base64url')
  const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=')
  for (const encode of [(text: string) => bytes(text).toString('base64'), padded]) {
    const { p256dh, auth } = ADDRESS
    const said = { ...ADDRESS, p256dh: encode(p256dh), auth: encode(auth) }
    assert.notEqual(said.p256dh, p256dh)
    assert.deepEqual(checkWebPushAddress(said, GUARDED), ADDRESS)
  }
})

test('more members than are asked for are not handed on', () => {
  const said = { ...ADDRESS, expirationTime: null, keys: {} }
  assert.deepEqual(checkWebPushAddress(said, GUARDED), ADDRESS)
})

const offCurve = Buffer.from(POINT)
offCurve[64]! ^= 1

for (const [what, change, text] of [
  ['no URL', { endpoint: 'push' }, /endpoint/],
  ['plain HTTP', { endpoint: 'http://push.example/a' }, /endpoint/],
  ['a URL with a space in front', { endpoint: ' https://push.example/a' }, /endpoint/],
  ['a URL with a user', { endpoint: 'https://user@push.example/a' }, /endpoint/],
  ['a URL with a password', { endpoint: 'https://:password@push.example/a' }, /endpoint/],
  ['a long URL', { endpoint: `https://push.example/${'a'.repeat(2028)}` }, /endpoint/],
  ['a URL with a port', { endpoint: 'https://push.example:8443/a' }, /endpoint/],
  ['a blocked host', { endpoint: 'https://bad.example/a' }, /endpoint/],
  ['a host of this machine', { endpoint: 'https://127.0.0.1/a' }, /endpoint/],
  ['a host of this network, written otherwise', { endpoint: 'https://0x0a000001/a' }, /endpoint/],
  ['a host of this network by IPv6', { endpoint: 'https://[fe80::1]/a' }, /endpoint/],
  ['an empty key', { p256dh: '' }, /p256dh/],
  ['a short key', { p256dh: POINT.subarray(0, 64).toString('base64url') }, /p256dh/],
  ['a compressed key', { p256dh: `A${ADDRESS.p256dh.slice(1, 44)}` }, /p256dh/],
  ['a hybrid key', { p256dh: hybridPoint() }, /p256dh/],
  ['a key that is off the curve', { p256dh: offCurve.toString('base64url') }, /p256dh/],
  [
    'a key with other characters in it',
    { p256dh: `${ADDRESS.p256dh.slice(0, 40)}\n${ADDRESS.p256dh.slice(40)}` },
    /p256dh/,
  ],
  ['a key of great length', { p256dh: 'A'.repeat(1_000_000) }, /p256dh/],
  ['a short secret', { auth: ADDRESS.auth.slice(0, 20) }, /auth/],
  ['a long secret', { auth: `${ADDRESS.auth}AA` }, /auth/],
  ['a secret with other characters', { auth: `${ADDRESS.auth.slice(0, 21)}.` }, /auth/],
] satisfies [string, Partial<WebPushFields>, RegExp][]) {
  test(`${what} is refused, and not repeated`, () => {
    const said = { ...ADDRESS, ...change }
    assert.throws(
      () => checkWebPushAddress(said, GUARDED),
      (error) => {
        assert.ok(error instanceof ProtocolError)
        assert.equal(error.code, 'INVALID_SUBSCRIPTION')
        assert.match(error.message, text)
        for (const value of Object.values(change)) assert.ok(value === '' || !error.message.includes(value))
        return true
      },
    )
  })
}

test('the longest URL is taken', () => {
  const endpoint = `https://push.example/${'a'.repeat(2027)}`
  assert.equal(endpoint.length, 2048)
  assert.equal(checkWebPushAddress({ ...ADDRESS, endpoint }, GUARDED).endpoint, endpoint)
})

test('where private networks may be asked, so may a push service in them, on any port', () => {
  for (const endpoint of ['https://127.0.0.1:8443/a', 'https://push.example:8443/a']) {
    assert.equal(checkWebPushAddress({ ...ADDRESS, endpoint }, OPEN).endpoint, endpoint)
  }
  assert.throws(() => checkWebPushAddress({ ...ADDRESS, endpoint: 'https://bad.example/' }, OPEN), ProtocolError)
})
