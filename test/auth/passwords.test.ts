import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, newPassword, verifyPassword } from '#auth'

const CLIENT_HASH = '4Aa46Fc7qpSyhQZ1PBBTSDpBMGrkvVsIOK5CG+1yzBE='

test('the stored hash is the one Vaultwarden would store', async () => {
  const salt = Buffer.from(Array.from({ length: 64 }, (_, index) => index))
  const hash = await hashPassword(CLIENT_HASH, salt, 600_000)
  assert.equal(hash.toString('hex'), 'd758f77d6e53944c6b29d0284863b49a08ecadab425f4572207a5d7528f15a0d')
})

test('a password set anew is accepted, another one is not', async () => {
  const stored = await newPassword(CLIENT_HASH, 1000)
  assert.equal(stored.salt.length, 64)
  assert.equal(await verifyPassword(CLIENT_HASH, stored), true)
  assert.equal(await verifyPassword(`${CLIENT_HASH}=`, stored), false)
})

test('the same password is stored under another salt each time', async () => {
  const [first, second] = [await newPassword(CLIENT_HASH, 1000), await newPassword(CLIENT_HASH, 1000)]
  assert.notDeepEqual(first.salt, second.salt)
  assert.notDeepEqual(first.passwordHash, second.passwordHash)
})

test('a user without a master password cannot be entered with any', async () => {
  const invited = { passwordHash: Buffer.alloc(0), salt: Buffer.alloc(64), passwordIterations: 1000 }
  assert.equal(await verifyPassword('', invited), false)
  assert.equal(await verifyPassword(CLIENT_HASH, invited), false)
})
