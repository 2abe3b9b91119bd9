import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemLookup } from '../../../src/net/outgoing/lookup.ts'

test('who asks for a name that is being looked up waits for the same answer; later it is asked for anew', async () => {
  const first = systemLookup('localhost')
  assert.equal(systemLookup('localhost'), first)
  const addresses = (await first).map(({ address }) => address)
  assert.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'), String(addresses))
  const later = systemLookup('localhost')
  assert.notEqual(later, first)
  await later
})
