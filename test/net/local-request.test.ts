import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLocalRequest } from '#net'
import { requestFrom } from './requests.ts'

const LOCAL: readonly (readonly [peer: string, headers: Record<string, string>])[] = [
  ['127.0.0.1', { host: 'localhost' }],
  ['127.0.0.1', { host: 'localhost:8000' }],
  ['127.0.0.1', { host: 'LOCALHOST' }],
  ['127.9.9.9', { host: '127.0.0.1:8000' }],
  ['::1', { host: '[::1]:8000' }],
  ['::ffff:127.0.0.1', { host: 'localhost' }],
  ['127.0.0.1', { host: 'localhost', origin: 'http://localhost:3000' }],
  ['127.0.0.1', { host: 'localhost', origin: 'https://127.0.0.1' }],
]

const NOT_LOCAL: readonly (readonly [why: string, peer: string, headers: Record<string, string>])[] = [
  ['another machine', '192.168.1.2', { host: 'localhost' }],
  ['another machine over IPv6', '2001:db8::1', { host: 'localhost' }],
  ['a socket that is gone', '', { host: 'localhost' }],
  ['a proxy with X-Forwarded-For', '127.0.0.1', { host: 'localhost', 'x-forwarded-for': '127.0.0.1' }],
  ['a proxy with X-Real-IP', '127.0.0.1', { host: 'localhost', 'x-real-ip': '127.0.0.1' }],
  ['a proxy with Forwarded', '127.0.0.1', { host: 'localhost', forwarded: 'for=127.0.0.1' }],
  ['a proxy with X-Forwarded-Host', '127.0.0.1', { host: 'localhost', 'x-forwarded-host': 'localhost' }],
  ['a proxy with Via', '127.0.0.1', { host: 'localhost', via: '1.1 proxy' }],
  ['a name that was made to resolve to this machine', '127.0.0.1', { host: 'evil.example' }],
  ['a name that only begins like an address', '127.0.0.1', { host: '127.0.0.1.evil.example' }],
  ['a name that only ends like one', '127.0.0.1', { host: 'evil-localhost' }],
  ['a page from elsewhere', '127.0.0.1', { host: 'localhost', origin: 'https://evil.example' }],
  ['a page without origin of its own', '127.0.0.1', { host: 'localhost', origin: 'null' }],
  ['a page whose origin is nonsense', '127.0.0.1', { host: 'localhost', origin: 'localhost' }],
  ['no host', '127.0.0.1', {}],
]

for (const [peer, headers] of LOCAL) {
  test(`${peer} with ${JSON.stringify(headers)} is local`, () => {
    assert.equal(isLocalRequest(requestFrom(peer, headers)), true)
  })
}

for (const [why, peer, headers] of NOT_LOCAL) {
  test(`not local: ${why}`, () => assert.equal(isLocalRequest(requestFrom(peer, headers)), false))
}
