import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SettingsService } from '@simplewebauthn/server'
import { verifyRegistration, WebAuthnError } from '../../../src/vault/two-factor/webauthn/relying-party.ts'
import { settingsIn } from '../harness.ts'

test('no chain of certificates is followed, and so nothing is fetched that a certificate names', async () => {
  const settings = settingsIn({ join: (name) => name })
  const response = {
    id: 'AA',
    parts: { clientDataJSON: 'e30', attestationObject: 'AA' },
    challenge: 'AA',
    topOrigin: '',
  }
  await assert.rejects(verifyRegistration(settings, response), WebAuthnError)
  for (const identifier of ['android-key', 'android-safetynet', 'apple', 'packed', 'tpm', 'fido-u2f'] as const) {
    assert.deepEqual(SettingsService.getRootCertificates({ identifier }), [], identifier)
  }
})
