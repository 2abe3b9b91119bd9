import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fingerprintPhrase } from '../../../web/src/generator/fingerprint-phrase.ts'

/** The vector of Bitwarden's own client library. */
const KEY =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuyYs8W7NWf0Zv35Ueco93730dtRKi4Jhc6Snar+86drE+ruSfaCWMcbg' +
  'sAoAj2Pm6KAzaJrTIVCqBERQ23OncpzjfcGAeyf+v3w/gSw/EjihMJ4AG5ICY4hLFYcGdgwa+7is+TVO0i6PEWjKQa3l2+mQo2XY' +
  '7pg2ngHDMssV4gxSqq+qoBX3+FBhewCYdOV+3cebwsAzz7HwoFTxKViwNW8crbHonhZPhZgfIAzEkzo5MvzQg5azhLKW6vuPfaOQ' +
  'FC5HqPykVnh8OPzO0uzUi3+97CguAu4N2CgwVYXltZuw2fGamdVw3kjbxQPbOE1tL0j7gyTwYKkfUl2m8gMh1QIDAQAB'

test('a public key has the phrase that other clients show', async () => {
  assert.equal(
    await fingerprintPhrase('a09726a0-9590-49d1-a5f5-afe300b6a515', KEY),
    'turban-deftly-anime-chatroom-unselfish',
  )
})
