import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ClientAddressRules, clientAddress, peerAddress } from '#net'
import { requestFrom } from './requests.ts'

const REAL_IP = 'X-Real-IP'
const client = '192.0.2.7'

function seen(rules: ClientAddressRules, peer: string, headers: Record<string, string>): string {
  return clientAddress(rules)(requestFrom(peer, headers))
}

test('the peer of a socket is the other end, and nobody when there is none any more', () => {
  assert.equal(peerAddress(requestFrom('198.51.100.1')), '198.51.100.1')
  assert.equal(peerAddress(requestFrom('2001:db8::1')), '2001:db8::1')
  assert.equal(peerAddress(requestFrom(undefined)), '')
})

test('an IPv4 address that came over IPv6 is written as IPv4', () => {
  assert.equal(peerAddress(requestFrom('::ffff:198.51.100.1')), '198.51.100.1')
})

test('without a header to believe the peer is the client', () => {
  const rules = { header: undefined, trustedProxies: 'all' } as const
  assert.equal(seen(rules, '127.0.0.1', { 'x-real-ip': client }), '127.0.0.1')
})

const HEADERS: readonly (readonly [value: string, address: string])[] = [
  [client, client],
  [`${client}, 10.0.0.1`, client],
  [`  ${client}  `, client],
  ['2001:db8::7', '2001:db8::7'],
  ['', '10.0.0.9'],
  ['unknown', '10.0.0.9'],
  [`${client}:1234`, client],
  ['[2001:db8::7]:1234', '2001:db8::7'],
  [`::ffff:${client}`, client],
  ['fe80::1%eth0', '10.0.0.9'],
  // What a proxy that appends found there already, and what it wrote itself.
  ['8.8.8.8, 8.8.4.4', '8.8.4.4'],
  ['8.8.8.8, 8.8.4.4, 10.0.0.1, 192.168.0.1', '8.8.4.4'],
  ['8.8.8.8,10.0.0.1', '8.8.8.8'],
  ['nonsense, 10.0.0.1', '10.0.0.1'],
  ['8.8.8.8, unknown, 10.0.0.1', '10.0.0.1'],
  [`, ${client}`, client],
  [`${client},`, '10.0.0.9'],
]
for (const [value, address] of HEADERS) {
  test(`a proxy that says ${JSON.stringify(value)} means ${address}`, () => {
    assert.equal(seen({ header: REAL_IP, trustedProxies: 'local' }, '10.0.0.9', { 'x-real-ip': value }), address)
  })
}

test('where everybody is believed the first counts, as at Vaultwarden', () => {
  const rules = { header: 'X-Forwarded-For', trustedProxies: 'all' } as const
  assert.equal(seen(rules, '8.8.8.8', { 'x-forwarded-for': '203.0.113.7, 8.8.4.4, 9.9.9.9' }), '203.0.113.7')
})

test('past a proxy that is not in the list nothing is believed', () => {
  const rules = { header: 'X-Forwarded-For', trustedProxies: ['127.0.0.1', '10.0.0.1'] }
  const says = (value: string) => seen(rules, '127.0.0.1', { 'x-forwarded-for': value })
  assert.equal(says('203.0.113.7, 10.0.0.2, 10.0.0.1'), '10.0.0.2')
  assert.equal(says('203.0.113.7, 10.0.0.1'), '203.0.113.7')
  assert.equal(seen(rules, '127.0.0.2', { 'x-forwarded-for': '203.0.113.7' }), '127.0.0.2')
})

test('the name of the header may be written in any case', () => {
  assert.equal(seen({ header: 'x-REAL-ip', trustedProxies: 'all' }, '8.8.8.8', { 'x-real-ip': client }), client)
})

describe('which peers are believed', () => {
  const peers: readonly (readonly [
    trusted: ClientAddressRules['trustedProxies'],
    peer: string,
    isBelieved: boolean,
  ])[] = [
    ['local', '127.0.0.1', true],
    ['local', '10.1.2.3', true],
    ['local', '172.16.0.1', true],
    ['local', '172.32.0.1', false],
    ['local', '192.168.178.1', true],
    ['local', '100.64.0.1', true],
    ['local', '169.254.1.1', true],
    ['local', '::1', true],
    ['local', 'fd00::1', true],
    ['local', 'fe80::1', true],
    ['local', 'fe80::1%eth0', true],
    ['local', '::ffff:10.1.2.3', true],
    ['local', '::ffff:8.8.8.8', false],
    ['local', '8.8.8.8', false],
    ['local', '2a00::1', false],
    ['local', '', false],
    ['all', '8.8.8.8', true],
    ['all', '2a00::1', true],
    [['203.0.113.5'], '203.0.113.5', true],
    [['203.0.113.5'], '::ffff:203.0.113.5', true],
    [['203.0.113.5'], '203.0.113.6', false],
    [['203.0.113.5'], '127.0.0.1', false],
    [['198.51.100.0/25'], '198.51.100.127', true],
    [['198.51.100.0/25'], '198.51.100.128', false],
    [['0.0.0.0/0'], '8.8.8.8', true],
    [['2001:db8::/32', '10.0.0.1/32'], '2001:db8:1::1', true],
    [['2001:db8::/32', '10.0.0.1/32'], '10.0.0.1', true],
    [['2001:db8::/32', '10.0.0.1/32'], '2001:db9::1', false],
  ]
  for (const [trustedProxies, peer, isBelieved] of peers) {
    test(`${peer || 'no peer'} is ${isBelieved ? '' : 'not '}believed by "${trustedProxies}"`, () => {
      const address = seen({ header: REAL_IP, trustedProxies }, peer, { 'x-real-ip': client })
      assert.equal(address === client, isBelieved)
    })
  }
})

for (const range of ['', 'proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129']) {
  test(`"${range}" is no range of proxies`, () => {
    assert.throws(() => clientAddress({ header: REAL_IP, trustedProxies: [range] }), {
      name: 'ConfigError',
      message: `IP_HEADER_TRUSTED_PROXIES: "${range}" is no address or CIDR range`,
    })
  })
}
