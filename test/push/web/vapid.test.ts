import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { jwtVerify } from 'jose'
import { Vapid } from '../../../src/push/web/vapid.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

const ORIGIN = 'https://push.example'
const HOUR_MS = 3_600_000

function world(contact = 'mailto:operator@example.com') {
  const clock = new FakeClock()
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const vapid = new Vapid({ key: { privateKey, publicKey: 'the-public-key' }, contact, clock })
  return {
    clock,
    vapid,
    publicKey,
    /** What is in a header, once its signature was checked. */
    async claimsOf(header: string) {
      const [, token = ''] = /^vapid t=([\w.-]+), k=the-public-key$/.exec(header) ?? []
      const options = { algorithms: ['ES256'], currentDate: new Date(clock.now()) }
      return (await jwtVerify(token, createPublicKey(privateKey), options)).payload
    },
  }
}

test('the token names the push service, who runs this server, and half a day', async () => {
  const { vapid, clock, claimsOf } = world('https://vault.example/contact')
  assert.deepEqual(await claimsOf(await vapid.authorization(ORIGIN)), {
    aud: ORIGIN,
    exp: Math.floor(clock.now() / 1000) + 12 * 3600,
    sub: 'https://vault.example/contact',
  })
})

test('one is used for six hours, and each push service has its own', async () => {
  const { vapid, clock, claimsOf } = world()
  const first = await vapid.authorization(ORIGIN)
  clock.advance(6 * HOUR_MS - 1)
  const other = await vapid.authorization('https://other.example')
  assert.equal(await vapid.authorization(ORIGIN), first)
  assert.equal((await claimsOf(other)).aud, 'https://other.example')
  clock.advance(1)
  const next = await vapid.authorization(ORIGIN)
  assert.equal((await claimsOf(next)).exp! - (await claimsOf(first)).exp!, 6 * 3600)
})

test('one that is asked for twice at once is signed once', async () => {
  const { vapid } = world()
  const [one, two] = await Promise.all([vapid.authorization(ORIGIN), vapid.authorization(ORIGIN)])
  assert.equal(one, two)
})

test('one that was not taken is not used again', async () => {
  const { vapid } = world()
  const first = await vapid.authorization(ORIGIN)
  vapid.forget(ORIGIN)
  // Signatures of ECDSA are never the same twice.
  assert.notEqual(await vapid.authorization(ORIGIN), first)
})

test('of many push services those are forgotten that were signed for longest ago', async () => {
  const { vapid } = world()
  const first = await vapid.authorization('https://0.example')
  const second = await vapid.authorization('https://1.example')
  for (let i = 2; i <= 100; i++) await vapid.authorization(`https://${i}.example`)
  assert.equal(await vapid.authorization('https://1.example'), second)
  assert.notEqual(await vapid.authorization('https://0.example'), first)
})
