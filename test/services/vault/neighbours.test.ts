import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { instanceMark } from '#store'
import { Neighbours } from '../../../src/services/vault/neighbours.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { recordingLogger } from '../../helpers/recording-logger.ts'

const SECOND = 1_000

/** An instance beside which others may have the database open, and may be heard. */
function neighbourhood({ hasLink }: { hasLink: boolean }) {
  const clock = new FakeClock()
  const startMs = clock.now()
  const lines: string[] = []
  const told: string[] = []
  const world = {
    atDatabase: [] as string[],
    heard: [] as string[],
    lost: [] as string[],
    isLinked: hasLink,
    isDown: false,
  }
  const neighbours = new Neighbours({
    hasLink,
    clock,
    logger: recordingLogger(({ level, fields, event }) => lines.push(`${level} ${fields.others ?? ''} ${event}`)),
    store: {
      otherInstances: async () => {
        if (world.isDown) throw new Error('away')
        return world.atDatabase.map(instanceMark)
      },
    },
    instances: {
      get heard() {
        return world.heard
      },
      get lost() {
        return world.lost
      },
      get isLinked() {
        return world.isLinked
      },
      forget(id) {
        world.lost = world.lost.filter((lost) => lost !== id)
      },
      others: (unheard, sinceMs) =>
        told.push(sinceMs === undefined ? `${unheard}` : `${unheard} since ${(sinceMs - startMs) / SECOND} s`),
    },
  })
  return {
    world,
    neighbours,
    clock,
    lines: () => lines.splice(0),
    told: () => told.splice(0),
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += SECOND) {
        clock.advance(SECOND)
        await turnOver()
      }
    },
  }
}

describe('an instance without a cluster', () => {
  const alarm = 'error 1 other instances use this database, and none of their changes is heard here'

  test('is told at once that it is not alone at its database, then ever more rarely, and when it is', async () => {
    const { world, pass, lines, told } = neighbourhood({ hasLink: false })
    await turnOver()
    assert.deepEqual([lines(), told()], [[], ['0']])
    world.atDatabase = ['b']
    await pass(10 * SECOND)
    assert.deepEqual(lines(), [alarm])
    // None of them can have changed anything before the look at which it was not there yet.
    assert.deepEqual(told(), ['1 since 0 s'])
    await pass(9 * 60 * SECOND)
    // After one, two and four minutes more.
    assert.deepEqual(lines(), [alarm, alarm, alarm])
    world.atDatabase = []
    await pass(10 * SECOND)
    assert.deepEqual(lines(), ['info  no other instance uses this database any more'])
    world.atDatabase = ['c']
    await pass(10 * SECOND)
    assert.deepEqual(lines(), [alarm])
  })

  test('that cannot ask its database forgets nothing and says nothing', async () => {
    const { world, pass, lines, told } = neighbourhood({ hasLink: false })
    await pass(20 * SECOND)
    told()
    world.isDown = true
    await pass(60 * SECOND)
    assert.deepEqual([lines(), told()], [[], []])
    world.isDown = false
    world.atDatabase = ['b']
    await pass(10 * SECOND)
    assert.deepEqual([lines(), told()], [[alarm], ['1 since 20 s']])
  })

  test('does not look any more once it is closed', async () => {
    const { neighbours, clock } = neighbourhood({ hasLink: false })
    await neighbours.close()
    assert.equal(clock.pending, 0)
  })
})

describe('an instance with a cluster', () => {
  const alarm = 'error 1 other instances use this database, but are not heard over the cluster'

  test('says nothing of those that it hears, nor of one that is about to be heard or gone', async () => {
    const { world, pass, lines, told } = neighbourhood({ hasLink: true })
    world.atDatabase = ['b', 'c']
    world.heard = ['b']
    await pass(20 * SECOND)
    world.heard = ['b', 'c']
    await pass(60 * SECOND)
    assert.deepEqual(lines(), [])
    // To make up for what is heard a moment later would be a sync for nothing.
    assert.ok(told().every((one) => one === '0'))
  })

  test('names those that it does not hear although it is linked', async () => {
    const { world, pass, lines, told } = neighbourhood({ hasLink: true })
    await pass(20 * SECOND)
    world.atDatabase = ['b', 'c']
    world.heard = ['b']
    await pass(40 * SECOND)
    assert.deepEqual(lines(), [alarm])
    // All that it can have changed is made up for: it was not there yet at the look before.
    assert.deepEqual(told().slice(-2), ['1 since 20 s', '1'])
    world.atDatabase = ['b', 'c', 'd']
    await pass(40 * SECOND)
    assert.deepEqual(told().slice(-2), ['2 since 60 s', '2'])
    lines()
    world.heard = ['b', 'c', 'd']
    await pass(10 * SECOND)
    assert.deepEqual(lines(), ['info  all instances on this database are heard'])
  })

  test('whose link is down leaves it to the link to say so', async () => {
    const { world, pass, lines } = neighbourhood({ hasLink: true })
    world.isLinked = false
    world.atDatabase = ['b']
    await pass(90 * SECOND)
    assert.deepEqual(lines(), [])
    world.isLinked = true
    await pass(20 * SECOND)
    assert.deepEqual(lines(), [])
    await pass(30 * SECOND)
    assert.deepEqual(lines(), [alarm])
  })
})

test('who is not heard any more is forgotten when it has left the database, and not while that cannot be asked', async () => {
  const { world, pass } = neighbourhood({ hasLink: true })
  world.atDatabase = ['b', 'c']
  await pass(10 * SECOND)
  world.lost = ['b', 'c']
  await pass(20 * SECOND)
  assert.deepEqual(world.lost, ['b', 'c'])
  world.atDatabase = ['c']
  world.isDown = true
  await pass(20 * SECOND)
  assert.deepEqual(world.lost, ['b', 'c'])
  world.isDown = false
  await pass(10 * SECOND)
  assert.deepEqual(world.lost, ['c'])
})
