/** What of the pages of settings is logic. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { URI } from 'otpauth'
import { describeBrowser } from '../../../web/src/api/device.ts'
import { Refused, Unreachable } from '../../../web/src/api/errors.ts'
import { Action } from '../../../web/src/pages/action.ts'
import { authenticatorUri } from '../../../web/src/pages/settings/authenticator-uri.ts'
import { deviceIcon, deviceName } from '../../../web/src/pages/settings/device-look.ts'
import { parseDomains, readDomains } from '../../../web/src/pages/settings/domain-groups.ts'
import { faultText } from '../../../web/src/pages/settings/fault-text.ts'
import { defaultOf, isSameKdf } from '../../../web/src/pages/settings/kdf-choice.ts'

const browsers: readonly [userAgent: string, type: number, name: string][] = [
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36', 9, 'Chrome'],
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0 Safari/537.36', 9, 'Chrome'],
  ['Mozilla/5.0 (iPhone) AppleWebKit/605.1 CriOS/140.0 Mobile/15E148 Safari/604.1', 9, 'Chrome'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 10, 'Firefox'],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 OPR/120.0', 11, 'Opera'],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0', 12, 'Edge'],
  ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15', 17, 'Safari'],
  ['Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Vivaldi/7.6', 18, 'Vivaldi'],
  ['Lynx/2.9', 14, 'Browser'],
]
for (const [userAgent, type, name] of browsers) {
  test(`${name} is known by ${userAgent.slice(-40)}`, () => {
    assert.deepEqual(describeBrowser(userAgent, 'id'), { identifier: 'id', type, name })
  })
}

test('a device is called what it is, and what it calls itself if that says more', () => {
  assert.deepEqual(
    [deviceName(9, 'chrome'), deviceName(0, 'Pixel 10'), deviceName(25, ''), deviceName(99, ''), deviceName(null, 'x')],
    ['Chrome', 'Android · Pixel 10', 'Linux CLI', undefined, 'x'],
  )
  assert.deepEqual([0, 25, 6, 10, null].map(deviceIcon), ['phone', 'terminal', 'device', 'globe', 'device'])
})

test('what authenticator apps read has the key, and the account to show', () => {
  const key = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
  const read = URI.parse(authenticatorUri(key, { email: 'a+b@example.com', host: 'vault.example:8443' }))
  assert.equal(read.secret.base32, key)
  assert.deepEqual([read.issuer, read.label], ['Belfry (vault.example 8443)', 'a+b@example.com'])
})

test('domains are read from what people paste', () => {
  assert.deepEqual(parseDomains(' https://A.example/login?x=1, b.example\nb.example；c.example '), [
    'a.example',
    'b.example',
    'c.example',
  ])
  assert.deepEqual(parseDomains(' , '), [])
})

test('groups of domains are read as the server says them', () => {
  const wire = {
    equivalentDomains: [['a', 'b']],
    globalEquivalentDomains: [
      { type: 1, domains: ['c', 7], excluded: true },
      { type: 2, domains: ['d'] },
      { type: 'x' },
    ],
  }
  assert.deepEqual(readDomains(wire), {
    own: [['a', 'b']],
    global: [
      { type: 1, domains: ['c'], isOn: false },
      { type: 2, domains: ['d'], isOn: true },
    ],
  })
  assert.deepEqual(readDomains({}), { own: [], global: [] })
})

test('key derivations differ by any of their numbers', () => {
  const argon2 = { type: 'Argon2id', iterations: 3, memory: 64, parallelism: 4 } as const
  assert.ok(isSameKdf(argon2, { ...argon2 }))
  assert.ok(!isSameKdf(argon2, { ...argon2, memory: 65 }))
  assert.ok(!isSameKdf(argon2, { ...argon2, parallelism: 5 }))
  assert.ok(!isSameKdf(argon2, { type: 'PBKDF2', iterations: 3 }))
  assert.deepEqual(defaultOf('PBKDF2'), { type: 'PBKDF2', iterations: 600_000 })
})

test('a form does one thing at a time', async () => {
  const action = new Action()
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = action.run(() => promise)
  assert.equal(action.isBusy.value, true)
  assert.equal(await action.run(() => assert.fail('two at once')), false)
  resolve()
  assert.equal(await first, true)
  assert.equal(action.isBusy.value, false)
})

test('what is wrong with a field is said in our words, all else in those of the server', async () => {
  const action = new Action()
  const refusing = (fields: Record<string, string[]>) => () =>
    Promise.reject(new Refused(400, 'Token is invalid', fields))
  await action.run(refusing({ token: ['x'] }), faultText({ token: 'Wrong code' }))
  assert.equal(action.error.value, 'Wrong code')
  await action.run(refusing({}), faultText({ token: 'Wrong code' }))
  assert.equal(action.error.value, 'Token is invalid')
  await action.run(() => Promise.reject(new Unreachable('x')))
  assert.match(action.error.value ?? '', /server cannot be reached/)
  await action.run(async () => {})
  assert.equal(action.error.value, null)
})
