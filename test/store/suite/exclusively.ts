import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

export function exclusiveTests(openTestStore: OpenTestStore): void {
  test('exclusive work of one name does not run beside itself, of another it does', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const done: string[] = []
    const work = (name: string) => async () => void done.push(name)
    const ran = await store.exclusively('purge', async () => {
      done.push('first')
      assert.equal(await store.exclusively('purge', work('beside')), false)
      assert.equal(await store.exclusively('backup', work('other')), true)
    })
    assert.equal(ran, true)
    assert.equal(await store.exclusively('purge', work('next')), true)
    assert.deepEqual(done, ['first', 'other', 'next'])
  })

  test('exclusive work that rejects is over, and its error is the answer', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const trouble = new Error('trouble')
    await assert.rejects(
      store.exclusively('purge', () => Promise.reject(trouble)),
      trouble,
    )
    assert.equal(await store.exclusively('purge', async () => {}), true)
  })

  test('exclusive work uses the store as everybody does', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = sampleUser()
    await store.exclusively('purge', async (lost) => {
      assert.equal(lost.aborted, false)
      await store.transaction((inside) => inside.users.insert(user))
    })
    assert.deepEqual(await store.users.find(user.id), user)
  })
}
