import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '#store'
import { sampleFolder, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

export function transactionTests(openTestStore: OpenTestStore): void {
  test('a transaction answers with what its work resolves to, and its changes stay', async () => {
    await using opened = await openTestStore()
    const user = sampleUser()
    const answer = await opened.store.transaction(async (store) => {
      await store.users.insert(user)
      return (await store.users.find(user.id))?.name
    })
    assert.equal(answer, user.name)
    assert.deepEqual(await opened.store.users.find(user.id), user)
  })

  test('a transaction whose work rejects leaves nothing behind and rejects with the same error', async () => {
    await using opened = await openTestStore()
    const user = sampleUser()
    const trouble = new Error('trouble')
    const work = opened.store.transaction(async (store) => {
      await store.users.insert(user)
      throw trouble
    })
    await assert.rejects(work, trouble)
    assert.equal(await opened.store.users.find(user.id), undefined)
    await opened.store.users.insert(user)
  })

  test('a transaction whose statement fails is rolled back, and the store goes on', async () => {
    await using opened = await openTestStore()
    const user = sampleUser()
    const work = opened.store.transaction(async (store) => {
      await store.users.insert(user)
      await store.users.insert(user)
    })
    await assert.rejects(work)
    assert.equal(await opened.store.users.find(user.id), undefined)
  })

  test('what is asked outside never sees half a transaction', async () => {
    await using opened = await openTestStore()
    const user = sampleUser()
    await opened.store.users.insert(user)
    const halfway = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const work = opened.store.transaction(async (store) => {
      await store.folders.insert(sampleFolder(user.id))
      halfway.resolve()
      await goOn.promise
      await store.folders.insert(sampleFolder(user.id))
    })
    await halfway.promise
    const outside = opened.store.folders.ofUser(user.id)
    goOn.resolve()
    await work
    assert.notEqual((await outside).length, 1)
    assert.equal((await opened.store.folders.ofUser(user.id)).length, 2)
  })

  test('a transaction that reads and then writes loses nothing to others at the same time', async () => {
    await using opened = await openTestStore()
    const user = sampleUser()
    await opened.store.users.insert(user)
    const increment = () =>
      opened.store.transaction(async (store) => {
        const current = (await store.users.find(user.id))!
        await store.users.update({ ...current, loginVerifyCount: current.loginVerifyCount + 1 })
      })
    await Promise.all(Array.from({ length: 20 }, increment))
    assert.equal((await opened.store.users.find(user.id))?.loginVerifyCount, 20)
  })

  test('a transaction cannot hold another, nor close the store', async () => {
    await using opened = await openTestStore()
    await opened.store.transaction(async (store) => {
      await assert.rejects(
        store.transaction(async () => {}),
        /cannot hold another/,
      )
      await assert.rejects(store.close(), /cannot close/)
    })
    await opened.store.ping()
  })

  test('the store of a transaction is of no use after it', async () => {
    await using opened = await openTestStore()
    let kept: Store | undefined
    await opened.store.transaction(async (store) => {
      kept = store
    })
    await assert.rejects(kept!.users.insert(sampleUser()), /already committed/)
  })

  test('closing waits for the transaction that is open, and then nothing is answered', async () => {
    await using opened = await openTestStore()
    const begun = Promise.withResolvers<void>()
    const order: string[] = []
    const work = opened.store
      .transaction(async (store) => {
        begun.resolve()
        for (let i = 0; i < 20; i++) await store.users.insert(sampleUser())
      })
      .then(() => order.push('committed'))
    await begun.promise
    await Promise.all([work, opened.store.close().then(() => order.push('closed'))])
    assert.deepEqual(order, ['committed', 'closed'])
    await assert.rejects(opened.store.ping())
    await opened.store.close()
  })
}
