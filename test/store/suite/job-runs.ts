import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenTestStore } from '../suite.ts'

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, second))

export function jobRunTests(openTestStore: OpenTestStore): void {
  test('the run of a job begins once for each due time, and never for an earlier one', async () => {
    await using opened = await openTestStore()
    const { jobRuns } = opened.store
    const begin = (job: string, second: number) => jobRuns.begin(job, at(second), at(59))
    assert.equal(await begin('purge', 10), true)
    assert.equal(await begin('purge', 10), false)
    assert.equal(await begin('purge', 9), false)
    assert.equal(await begin('clean', 9), true)
    assert.equal(await begin('purge', 11), true)
    assert.equal(await begin('purge', 10), false)
  })

  test('of many who begin the same run at once one does', async () => {
    await using opened = await openTestStore()
    const begun = await Promise.all(
      Array.from({ length: 10 }, () => opened.store.jobRuns.begin('purge', at(1), at(59))),
    )
    assert.deepEqual(begun.filter(Boolean), [true])
  })

  test('a run that was recorded by a clock far ahead holds up no other', async () => {
    await using opened = await openTestStore()
    const { jobRuns } = opened.store
    assert.equal(await jobRuns.begin('purge', at(50), at(59)), true)
    assert.equal(await jobRuns.begin('purge', at(10), at(50)), false)
    assert.equal(await jobRuns.begin('purge', at(10), at(40)), true)
    assert.equal(await jobRuns.begin('purge', at(10), at(40)), false)
  })
}
