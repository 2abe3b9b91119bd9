import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isGlobalAddress } from '../../../src/net/outgoing/global-address.ts'

for (const address of ['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '192.0.3.1', '223.255.255.255']) {
  test(`${address} is on the public internet`, () => assert.equal(isGlobalAddress(address), true))
}
for (const address of ['2606:4700::1111', '2001:4860:4860::8888', '2a00:1450::1', '3ffe::1']) {
  test(`${address} is on the public internet`, () => assert.equal(isGlobalAddress(address), true))
}

for (const [what, ...addresses] of [
  ['this machine', '127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '::1', '::'],
  ['a private network', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1'],
  ['the network of a carrier', '100.64.0.1', '100.127.255.255'],
  ['the link at hand', '169.254.169.254', 'fe80::1', 'fe80::1%eth0', '2606:4700::1111%eth0'],
  ['many hosts', '224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1'],
  ['nobody', '192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '240.0.0.1', '2001:db8::1', '3fff::1', '100::1'],
  [
    'an IPv4 address in disguise',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ],
  ['a tunnel', '2001::1', '192.88.99.1', '64:ff9b:1::1'],
  ['no address', '', 'localhost', '1.1.1', '0x7f.1', '[::1]', '1.1.1.1:80'],
] as const) {
  for (const address of addresses) {
    test(`"${address}", which is of ${what}, is not on the public internet`, () => {
      assert.equal(isGlobalAddress(address), false)
    })
  }
}
