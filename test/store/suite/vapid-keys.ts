import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenTestStore } from '../suite.ts'

export function vapidKeyTests(openTestStore: OpenTestStore): void {
  test('the first key of Web Push that is claimed is the one, until it is replaced', async () => {
    await using opened = await openTestStore()
    const { vapidKeys } = opened.store
    assert.equal(await vapidKeys.claim('one'), 'one')
    assert.equal(await vapidKeys.claim('two'), 'one')
    await vapidKeys.replace('three')
    assert.equal(await vapidKeys.claim('one'), 'three')
    assert.equal((await opened.query('SELECT * FROM belfry_vapid_key')).length, 1)
  })

  test('a key of Web Push can be replaced before any is claimed', async () => {
    await using opened = await openTestStore()
    await opened.store.vapidKeys.replace('one')
    assert.equal(await opened.store.vapidKeys.claim('two'), 'one')
  })

  test('of many keys of Web Push that are claimed at once one is the first, for all', async () => {
    await using opened = await openTestStore()
    const claims = Array.from({ length: 10 }, (_, index) => opened.store.vapidKeys.claim(`${index}`))
    assert.equal(new Set(await Promise.all(claims)).size, 1)
  })
}
