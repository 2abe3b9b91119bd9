import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonProtocol, messagePackProtocol, Timestamp } from '#wire/signalr'
import { argumentIn } from '../../../../src/doors/hub/bitwarden/argument.ts'

const published = {
  ContextId: null,
  Type: 25,
  Payload: {
    OrganizationId: 'o1',
    CollectionIds: ['ABC'],
    Title: '2024-01-02T03:04:05Z',
    RevisionDate: 'tomorrow',
    Policy: { Id: 'p1', Data: '{"MinLength":8}', Enabled: true, CreationDate: '2024-01-02T03:04:05.6780Z' },
  },
}

test('in JSON names begin with a small letter, also within, and dates are the text that was published', () => {
  assert.deepEqual(argumentIn(jsonProtocol(64), published), {
    contextId: null,
    type: 25,
    payload: {
      organizationId: 'o1',
      collectionIds: ['ABC'],
      title: '2024-01-02T03:04:05Z',
      revisionDate: 'tomorrow',
      policy: { id: 'p1', data: '{"MinLength":8}', enabled: true, creationDate: '2024-01-02T03:04:05.6780Z' },
    },
  })
})

test('in MessagePack names stay, and what is a date under a name of dates becomes one', () => {
  const { Payload } = published
  assert.deepEqual(argumentIn(messagePackProtocol(64), published), {
    ...published,
    Payload: { ...Payload, Policy: { ...Payload.Policy, CreationDate: new Timestamp(1_704_164_645, 678_000_000) } },
  })
})
