import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passwordStrength, type Strength } from '../../../web/src/pages/password-strength.ts'

const PASSWORDS: readonly (readonly [password: string, strength: Strength])[] = [
  ['', 'weak'],
  ['password', 'weak'],
  ['P4ssw0rd!2024', 'weak'],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
  ['abcdefghijklmnopqrstuvwxyz', 'weak'],
  ['qwertyuiopasdfghjkl', 'weak'],
  ['12345678901234567890', 'weak'],
  ['abc123abc123abc123abc123', 'weak'],
  ['alice.example', 'weak'],
  ['sunnyafternoon', 'weak'],
  ['yellow-bridge-seven', 'fair'],
  ['correct horse battery', 'good'],
  ['correct horse battery staple', 'strong'],
  ['xK9#mQ2$vL7!pR4&', 'strong'],
  ['Tx7%hq-2Lw', 'fair'],
]
for (const [password, strength] of PASSWORDS) {
  test(`"${password}" is ${strength}`, () => {
    assert.equal(passwordStrength(password, ['alice@example.com', 'Alice']), strength)
  })
}

test('what others know of somebody is no good password', () => {
  const password = 'Margaret Thornbury-Jones'
  assert.notEqual(passwordStrength(password), 'weak')
  assert.equal(passwordStrength(password, ['margaret@thornbury.example', 'Margaret Thornbury-Jones']), 'weak')
})

test('of a long text it is said soon', () => {
  const startMs = performance.now()
  passwordStrength('correct horse '.repeat(2_000))
  assert.ok(performance.now() - startMs < 5_000)
})
