import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argon2Password, bcryptPassword, checkPassword, isPlainSecret } from '#auth'

for (const [name, hash, pattern] of [
  ['bcrypt', (password: string) => bcryptPassword(password, 4), /^\$2b\$04\$.{53}$/],
  [
    'argon2',
    (password: string) => argon2Password(password, { memoryKib: 64, passes: 1 }),
    /^\$argon2id\$v=19\$m=64,t=1,p=4\$.{22}\$.{43}$/,
  ],
] as const) {
  test(`a hash by ${name} is that of its password, and no two are the same`, async () => {
    const hashed = await hash('pässwörd')
    assert.match(hashed, pattern)
    assert.equal(isPlainSecret(hashed), false)
    assert.equal(await checkPassword(hashed, 'pässwörd'), true)
    assert.equal(await checkPassword(hashed, 'password'), false)
    assert.notEqual(await hash('pässwörd'), hashed)
  })
}

test('bcrypt takes a cost from 4 to 31, and 72 bytes at most', async () => {
  for (const cost of [3, 32, 4.5, Number.NaN]) await assert.rejects(bcryptPassword('secret', cost), RangeError)
  await assert.rejects(bcryptPassword('ä'.repeat(37), 4), /72 bytes/)
  assert.equal(await checkPassword(await bcryptPassword('ä'.repeat(36), 4), 'ä'.repeat(36)), true)
})

test('argon2 takes parameters that it has', async () => {
  for (const parameters of [{ parallelism: 0 }, { passes: 0 }, { memoryKib: 31 }, { passes: 1.5 }]) {
    await assert.rejects(argon2Password('secret', parameters), RangeError)
  }
})
