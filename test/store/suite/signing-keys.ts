import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenTestStore } from '../suite.ts'

export function signingKeyTests(openTestStore: OpenTestStore): void {
  test('the first signing key that is claimed is the one, until it is replaced', async () => {
    await using opened = await openTestStore()
    const { signingKeys } = opened.store
    assert.equal(await signingKeys.find(), undefined)
    assert.equal(await signingKeys.claim('one'), 'one')
    assert.equal(await signingKeys.claim('two'), 'one')
    assert.equal(await signingKeys.find(), 'one')
    await signingKeys.replace('two')
    assert.equal(await signingKeys.claim('one'), 'two')
    assert.deepEqual(
      (await opened.query('SELECT fingerprint FROM belfry_signing_key')).map((row) => row.fingerprint),
      ['two'],
    )
  })

  test('of many signing keys that are claimed at once one is the first, for all', async () => {
    await using opened = await openTestStore()
    const claims = Array.from({ length: 10 }, (_, index) => opened.store.signingKeys.claim(`${index}`))
    assert.equal(new Set(await Promise.all(claims)).size, 1)
  })
}
