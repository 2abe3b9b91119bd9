import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Broker, InProcessClient } from '#core'
import { Notifier, NotificationType as T, VAULT_ACCOUNT } from '#notify'
import { type Batch, Inbox } from '../../src/push/inbox.ts'
import { ownTurn } from '../../src/push/own-turn.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { USER } from './pushes.ts'

function openInbox() {
  const clock = new FakeClock()
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  const client = new InProcessClient(account, (error) => {
    throw error
  })
  const batches: Batch[] = []
  const logged: LoggedEvent[] = []
  /** One for each batch that is being looked up. */
  const answers: (() => void)[] = []
  let isAnswering = true
  const inbox = new Inbox({
    account,
    instance: 'here',
    handle: async (batch) => {
      batches.push(batch)
      if (isAnswering) return
      const { promise, resolve } = Promise.withResolvers<void>()
      answers.push(resolve)
      await promise
    },
    clock,
    logger: recordingLogger((line) => logged.push(line)),
  })
  const notifier = new Notifier((subject, payload) => client.publish(subject, payload))
  return {
    clock,
    inbox,
    batches,
    logged,
    /** The database does not answer before `answer` is called. */
    hold() {
      isAnswering = false
    },
    answer() {
      isAnswering = true
      for (const answer of answers.splice(0)) answer()
    },
    /** Resolves with its id. */
    change(userId: string): string {
      const id = randomUUID()
      notifier.folder('SyncFolderCreate', { id, userId, revisionDate: new Date(0) }, null)
      return id
    },
  }
}

test('of more than 64 events of one user the last is that there were more', async () => {
  const { inbox, batches, change } = openInbox()
  const ids = Array.from({ length: 70 }, () => change(USER))
  await inbox.close()
  const [{ events }, ...others] = batches as [Batch, ...Batch[]]
  assert.deepEqual(others, [])
  assert.deepEqual(
    events.slice(0, -1).map(({ payload }) => payload.Id),
    ids.slice(0, 64),
  )
  assert.equal(events.at(-1)!.type, T.SyncVault)
})

test('of more than 10,000 users who change at a time the others are left out, which is told once', async () => {
  const { inbox, batches, change, logged } = openInbox()
  const users = Array.from({ length: 10_002 }, () => randomUUID())
  for (const userId of users) change(userId)
  // One who is kept is kept on.
  change(users[0]!)
  await inbox.close()
  // So that who comes after us tells those who were left out to sync.
  assert.ok(inbox.undecidedSinceMs < Number.POSITIVE_INFINITY)
  assert.deepEqual(
    batches.map(({ id }) => id),
    users.slice(0, 10_000),
  )
  assert.equal(batches[0]!.events.length, 2)
  assert.deepEqual(
    logged.map(({ level }) => level),
    ['error'],
  )
})

test('no more than 16 users are looked up at a time, and the next when one is known', async () => {
  const { inbox, batches, change, clock, hold, answer } = openInbox()
  hold()
  for (let i = 0; i < 40; i++) change(randomUUID())
  for (const passedMs of [100, 1_000]) {
    clock.advance(passedMs)
    // Behind all who were begun with.
    await ownTurn()
    assert.equal(batches.length, 16)
  }
  answer()
  await inbox.close()
  assert.equal(batches.length, 40)
})
