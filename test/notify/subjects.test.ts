import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientTypeOf, relayedSubject, subjectFor } from '#notify'

test('the client type that a subject is for is its last token, also where another server vouches for the user', () => {
  for (const clientType of [undefined, 'Web', 'Cli'] as const) {
    for (const kind of ['user', 'organization', 'installation'] as const) {
      const subject = subjectFor({ kind, id: 'ada', clientType }, 'Notification')
      assert.equal(clientTypeOf(subject), clientType)
      assert.equal(clientTypeOf(relayedSubject('installation', subject)), clientType)
    }
  }
})
