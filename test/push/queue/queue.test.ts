import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotificationType as T } from '#notify'
import { PushCounters } from '../../../src/push/counters.ts'
import type { Push } from '../../../src/push/push.ts'
import { PushQueue } from '../../../src/push/queue/queue.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { about, HandDelivery, nameOf, OTHER, pushOf, settled, toBrowserOf, toPhonesOf, USER } from '../pushes.ts'

const SENT = { kind: 'sent' } as const
const BUSY = { kind: 'busy', why: 'status 500' } as const
const MINUTE_MS = 60_000

function startQueue({ maxWaiting = 1_000 } = {}) {
  const clock = new FakeClock()
  /** By how much it was set back; what is to happen after some time does so all the same. */
  const setBack = { ms: 0 }
  const lines: LoggedEvent[] = []
  // That one is done is said of each, for who follows one.
  const logger = recordingLogger((line) => line.event === 'push done' || lines.push(line))
  const delivery = new HandDelivery()
  const counters = new PushCounters()
  /** What the journal would hold. */
  const kept = new Map<string, Push>()
  const journal = {
    add: (push: Push) => void kept.set(push.id, push),
    remove: ({ id }: Push) => void kept.delete(id),
  }
  const queue = new PushQueue({
    deliver: delivery.deliver,
    journal,
    counters,
    maxWaiting,
    clock: {
      now: () => clock.now() - setBack.ms,
      after: (delayMs, work) => clock.after(delayMs, work),
      every: (intervalMs, work) => clock.every(intervalMs, work),
    },
    logger,
    random: () => 0.5,
  })
  const add = (...pushes: Push[]) => {
    for (const push of pushes) queue.add({ ...push, queuedAtMs: clock.now() })
  }
  return { queue, add, clock, setBack, lines, delivery, counters, kept }
}

test('one addressee is told one thing at a time, in its order', async () => {
  const { add, delivery, counters, queue, kept } = startQueue()
  add(about(T.SyncCipherUpdate, 'a'), about(T.SyncCipherUpdate, 'b'))
  assert.deepEqual(delivery.names, ['SyncCipherUpdate a'])
  await delivery.answer(SENT)
  assert.deepEqual(delivery.names, ['SyncCipherUpdate b'])
  await delivery.answer(SENT)
  assert.equal(counters.phones.sent, 2)
  assert.equal(queue.waiting, 0)
  assert.equal(kept.size, 0)
})

test('several addressees of a push service are told at once, four at most, and in turns', async () => {
  const { add, delivery } = startQueue()
  for (const user of ['u1', 'u2', 'u3', 'u4', 'u5']) {
    for (const id of ['a', 'b']) add(about(T.SyncCipherUpdate, `${user}${id}`, { to: toPhonesOf(user) }))
  }
  assert.deepEqual(
    delivery.names,
    ['u1a', 'u2a', 'u3a', 'u4a'].map((id) => `SyncCipherUpdate ${id}`),
  )
  await delivery.answer(SENT)
  assert.equal(delivery.names.at(-1), 'SyncCipherUpdate u5a')
  await delivery.answer(SENT)
  assert.equal(delivery.names.at(-1), 'SyncCipherUpdate u1b')
})

test('a push service that fails is left alone for longer and longer, and then tried with one push', async () => {
  const { add, delivery, clock, counters, lines } = startQueue()
  for (const user of ['u1', 'u2', 'u3']) add(about(T.SyncCipherUpdate, user, { to: toPhonesOf(user) }))
  for (let i = 0; i < 3; i++) await delivery.answer(BUSY)
  // Half of the jitter: 0.75 of 1 s, 2 s, 4 s …
  for (const pauseMs of [750, 1500, 3000, 6000]) {
    assert.deepEqual(delivery.names, [])
    clock.advance(pauseMs - 1)
    assert.deepEqual(delivery.names, [])
    clock.advance(1)
    assert.equal(delivery.names.length, 1)
    await delivery.answer(BUSY)
  }
  clock.advance(12_000)
  await delivery.answer(SENT)
  assert.equal(delivery.names.length, 2)
  await delivery.answer(SENT)
  await delivery.answer(SENT)
  assert.deepEqual({ sent: counters.phones.sent, retried: counters.phones.retried }, { sent: 3, retried: 7 })
  assert.equal(lines.filter(({ level }) => level === 'warn').length, 1)
})

test('it is left alone for as long as it asks, an hour at most, and the log says so', async () => {
  const { add, delivery, clock, lines } = startQueue()
  add(about(T.SyncCipherUpdate, 'a'))
  await delivery.answer({ kind: 'busy', why: 'status 429', afterMs: 120_000 })
  clock.advance(119_999)
  assert.deepEqual(delivery.names, [])
  clock.advance(1)
  await delivery.answer({ kind: 'busy', why: 'status 429', afterMs: 10 ** 9 })
  clock.advance(60 * MINUTE_MS)
  assert.equal(delivery.names.length, 1)
  assert.deepEqual(
    lines.map(({ fields }) => fields.retryMs),
    [120_000, 60 * MINUTE_MS],
  )
})

test('a user of whom a push service has had enough holds up nobody else there', async () => {
  const { add, delivery, clock, lines } = startQueue()
  for (let i = 0; i < 20; i++) {
    add(about(T.SyncCipherUpdate, `flood${i}`, { to: toBrowserOf(USER, `device${i}`) }))
  }
  for (let i = 0; i < 4; i++) await delivery.answer({ kind: 'busy', why: 'status 429', afterMs: 60 * MINUTE_MS })
  assert.deepEqual(delivery.names, [])
  for (const id of ['a', 'b']) {
    add(about(T.SyncCipherUpdate, id, { to: toBrowserOf(OTHER, 'd') }))
    assert.deepEqual(delivery.names, [`SyncCipherUpdate ${id}`])
    await delivery.answer(SENT)
  }
  clock.advance(60 * MINUTE_MS - 1)
  assert.deepEqual(delivery.names, [])
  clock.advance(1)
  assert.equal(delivery.names.length, 1)
  await delivery.answer(SENT)
  assert.equal(delivery.names.length, 4)
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['push service does not take what it is sent; it waits', 'push service answers again'],
  )
})

test('a push service of browsers that fails for several users is left alone by all, and asked first for one more', async () => {
  const { add, delivery, clock } = startQueue()
  const tell = (user: string) => add(about(T.SyncCipherUpdate, user, { to: toBrowserOf(user, 'd') }))
  for (const user of ['u1', 'u2', 'u3']) tell(user)
  for (let i = 0; i < 3; i++) await delivery.answer({ ...BUSY, afterMs: MINUTE_MS })
  tell('u4')
  assert.deepEqual(delivery.names, [])
  for (const pauseMs of [750, 1500, 3000]) {
    clock.advance(pauseMs - 1)
    assert.deepEqual(delivery.names, [])
    clock.advance(1)
    assert.deepEqual(delivery.names, ['SyncCipherUpdate u4'])
    await delivery.answer(BUSY)
  }
  clock.advance(6_000)
  await delivery.answer(SENT)
  tell('u5')
  assert.deepEqual(delivery.names, ['SyncCipherUpdate u5'])
  clock.advance(MINUTE_MS)
  assert.equal(delivery.names.length, 4)
})

test('a clock that is set back by a day makes nothing wait for a day', async () => {
  const { add, delivery, clock, setBack } = startQueue()
  for (const user of ['u1', 'u2', 'u3']) add(about(T.SyncCipherUpdate, user, { to: toPhonesOf(user) }))
  for (let i = 0; i < 3; i++) await delivery.answer(BUSY)
  setBack.ms = 24 * 60 * MINUTE_MS
  clock.advance(749)
  assert.deepEqual(delivery.names, [])
  clock.advance(1)
  await delivery.answer(SENT)
  assert.equal(delivery.names.length, 2)
})

test('push services have nothing to do with each other', async () => {
  const { add, delivery } = startQueue()
  add(
    about(T.SyncCipherUpdate, 'a'),
    about(T.SyncCipherUpdate, 'b', { to: toBrowserOf(USER, 'd', 'https://one.example') }),
    about(T.SyncCipherUpdate, 'c', { to: toBrowserOf(OTHER, 'e', 'https://two.example') }),
  )
  await delivery.answer(BUSY)
  await delivery.answer(BUSY)
  assert.deepEqual(delivery.names, ['SyncCipherUpdate c'])
})

test('one user has no more than eight requests under way, to however many push services', async () => {
  const { add, delivery } = startQueue()
  const tell = (id: string, user: string) =>
    add(about(T.SyncCipherUpdate, id, { to: toBrowserOf(user, `device ${id}`, `https://${id}.example`) }))
  for (let i = 0; i < 100; i++) tell(`flood${i}`, USER)
  assert.equal(delivery.attempts.length, 8)
  tell('other', OTHER)
  assert.equal(delivery.names.at(-1), 'SyncCipherUpdate other')
  const told = new Set<string>()
  while (delivery.attempts.length > 0) {
    assert.ok(delivery.attempts.length <= 9)
    told.add(delivery.names[0]!)
    await delivery.answer(SENT)
  }
  assert.equal(told.size, 101)
})

test('no more than 256 requests to push services of browsers are under way, users take turns, and the relay has its own', async () => {
  const { add, delivery } = startQueue()
  const users = Array.from({ length: 40 }, (_, i) => `user${i}`)
  for (const user of users) {
    for (let i = 0; i < 10; i++)
      add(about(T.SyncCipherUpdate, user, { to: toBrowserOf(user, `${i}`, `https://${user}${i}`) }))
  }
  assert.equal(delivery.attempts.length, 256)
  add(about(T.SyncCipherUpdate, 'phone'))
  assert.equal(delivery.names.at(-1), 'SyncCipherUpdate phone')
  const before = new Set(delivery.attempts)
  for (const attempt of before) await attempt.answer(SENT)
  assert.equal(delivery.attempts.length, 8 * 8 + 32 * 2)
  // Those who had none before are not behind the rest of those who had.
  for (const user of users.slice(32)) {
    assert.ok(delivery.names.filter((name) => name.endsWith(` ${user}`)).length >= 8)
  }
})

test('what is for a browser that has another push service by now waits for that one', async () => {
  const { add, delivery, queue, counters, kept } = startQueue()
  const [one, two] = ['one', 'two'].map((name) => toBrowserOf(USER, 'd', `https://${name}.example`))
  add(about(T.SyncCipherUpdate, 'earlier', { to: two! }), about(T.SyncCipherUpdate, 'a', { to: one! }))
  await delivery.answer({ ...BUSY, afterMs: MINUTE_MS })
  await delivery.answer({ kind: 'moved', origin: 'https://two.example' })
  assert.deepEqual([delivery.names, queue.waiting, kept.size], [[], 2, 2])
  assert.deepEqual(
    [...kept.values()].map(({ to }) => to),
    [two, two],
  )
  add(about(T.SyncCipherUpdate, 'b', { to: one! }))
  await delivery.answer(SENT)
  assert.equal(counters.browsers.dropped, 0)
})

test('what an answer says of one push is of that push alone', async () => {
  const { add, delivery, counters, lines } = startQueue()
  add(about(T.AuthRequest, 'a'), about(T.SyncCipherUpdate, 'b'), about(T.SyncCipherUpdate, 'c'))
  await delivery.answer({ kind: 'refused', why: 'status 400' })
  await delivery.answer({ kind: 'gone' })
  await delivery.answer(SENT)
  const { sent, dropped, gone, retried } = counters.phones
  assert.deepEqual({ sent, dropped, gone, retried }, { sent: 1, dropped: 1, gone: 1, retried: 0 })
  assert.match(lines.map(({ event }) => event).join('\n'), /push refused/)
})

test('a hint that is refused is told as a hint to sync, and that once', async () => {
  const { add, delivery, counters, queue } = startQueue()
  add(about(T.SyncCipherUpdate, 'a'))
  await delivery.answer({ kind: 'refused', why: 'status 413' })
  assert.deepEqual(delivery.names, ['SyncVault'])
  await delivery.answer({ kind: 'refused', why: 'status 413' })
  assert.equal(queue.waiting, 0)
  assert.equal(counters.phones.dropped, 2)
})

test('a hint to sync in place of what is refused is told while the push service is busy with others', async () => {
  const { add, delivery, queue, kept } = startQueue()
  for (const user of ['u1', 'u2', 'u3', 'u4', 'u5']) add(about(T.SyncCipherUpdate, user, { to: toPhonesOf(user) }))
  await delivery.answer({ kind: 'refused', why: 'status 413' })
  for (let i = 0; i < 4; i++) await delivery.answer(SENT)
  assert.deepEqual(delivery.names, ['SyncVault'])
  await delivery.answer(SENT)
  assert.deepEqual([queue.waiting, kept.size], [0, 0])
  assert.equal(queue.hasForPhonesOf('u1'), false)
})

test('a push that always fails does not stand in the way of others to the same addressee', async () => {
  const { add, delivery, clock, counters, queue } = startQueue()
  add(about(T.Notification, 'bad'))
  for (let round = 0; queue.waiting > 0; round++) {
    assert.ok(round < 200)
    if (round < 50) add(about(T.Notification, `good${round}`))
    clock.advance(300_000)
    while (delivery.attempts.length > 0) await delivery.answer(delivery.names[0]!.endsWith('bad') ? BUSY : SENT)
  }
  assert.equal(counters.phones.dropped, 1)
  assert.ok(counters.phones.sent > 10)
})

test('a push that fails where others do not is given up, and holds up only its own addressee', async () => {
  const { add, delivery, clock, counters, queue } = startQueue()
  add(about(T.SyncCipherUpdate, 'bad'))
  for (let round = 0; queue.waiting > 0; round++) {
    assert.ok(round < 200)
    add(about(T.SyncCipherUpdate, `good${round}`, { to: toPhonesOf(OTHER) }))
    clock.advance(10_000)
    while (delivery.attempts.length > 0) await delivery.answer(delivery.names[0]!.endsWith('bad') ? BUSY : SENT)
  }
  assert.equal(counters.phones.dropped, 1)
  assert.ok(counters.phones.sent > 5)
})

test('what waits too long to be of use is not told; a log-out becomes a sync', async () => {
  const { add, delivery, clock, counters } = startQueue()
  const expiring = (push: Push): Push => ({ ...push, expiresAtMs: clock.now() + 15 * MINUTE_MS })
  add(expiring(about(T.AuthRequest, 'a')), expiring(pushOf(T.LogOut, { to: toPhonesOf(OTHER) })))
  await delivery.answer(BUSY)
  await delivery.answer({ ...BUSY, afterMs: 16 * MINUTE_MS })
  clock.advance(16 * MINUTE_MS)
  await settled()
  assert.equal(counters.phones.dropped, 2)
  assert.deepEqual(
    delivery.attempts.map(({ push }) => [nameOf(push), push.to, push.payload.UserId]),
    [['SyncVault', { kind: 'phones', audience: 'user', id: OTHER, actingPushId: null }, OTHER]],
  )
})

test('when too many wait, the longest line becomes one hint to sync; a log-in to be approved stays', async () => {
  const { add, delivery, queue, counters, kept } = startQueue({ maxWaiting: 100 })
  add(about(T.AuthRequest, 'login', { to: toPhonesOf(OTHER) }))
  await delivery.answer(BUSY)
  for (let i = 0; i < 500; i++) {
    add(about(T.SyncCipherUpdate, `c${i}`, { to: toPhonesOf(i % 3 === 0 ? OTHER : USER) }))
    assert.ok(queue.waiting <= 100)
    assert.equal(kept.size, queue.waiting)
  }
  const waiting = [...kept.values()].map(
    (push) => `${nameOf(push)} ${push.to.kind === 'phones' && push.to.id === USER}`,
  )
  assert.ok(waiting.includes('AuthRequest login false'))
  assert.ok(waiting.includes('SyncVault true'))
  assert.equal(counters.phones.dropped, 0)
})

test('no more than a hundred or so wait for one addressee', async () => {
  const { add, delivery, queue, counters } = startQueue({ maxWaiting: 100_000 })
  add(about(T.AuthRequest, 'login'))
  await delivery.answer(BUSY)
  for (let i = 0; i < 1_000; i++) add(about(T.SyncCipherUpdate, `c${i}`))
  assert.ok(queue.waiting <= 128)
  assert.equal(counters.phones.dropped, 0)
  for (let i = 0; i < 1_000; i++) add(about(T.AuthRequest, `a${i}`))
  assert.equal(queue.waiting, 128)
})

test('with nothing to put together the oldest is dropped, and that is told', async () => {
  const { add, queue, counters, lines, kept, delivery } = startQueue({ maxWaiting: 10 })
  add(about(T.AuthRequest, 'a0', { to: toPhonesOf('u0') }))
  await delivery.answer(BUSY)
  for (let i = 1; i < 15; i++) add(about(T.AuthRequest, `a${i}`, { to: toPhonesOf(`u${i}`) }))
  assert.equal(queue.waiting, 10)
  assert.equal(counters.phones.dropped, 5)
  assert.ok([...kept.values()].some((push) => nameOf(push) === 'AuthRequest a14'))
  assert.ok(lines.some(({ event }) => /the oldest is not told/.test(event)))
})

test('accounts that are told to sync instead stand in the log as one line', async () => {
  const { add, lines, delivery, queue } = startQueue({ maxWaiting: 100 })
  add(about(T.SyncCipherUpdate, 'first', { to: toPhonesOf('u') }))
  await delivery.answer(BUSY)
  for (let i = 0; i < 100; i++) add(about(T.SyncCipherUpdate, `${i}`, { to: toPhonesOf(`u${i % 50}`) }))
  assert.ok(queue.waiting <= 90)
  const told = lines.filter(({ event }) => /accounts are told to sync/.test(event))
  assert.deepEqual(
    told.map(({ fields }) => fields),
    [{ accounts: 11 }],
  )
})

test('a clock that is set back keeps nothing from being put together', async () => {
  const { add, delivery, setBack, counters } = startQueue({ maxWaiting: 10 })
  add(about(T.AuthRequest, 'a', { to: toPhonesOf('u') }))
  await delivery.answer(BUSY)
  for (let i = 0; i < 11; i++) add(about(T.AuthRequest, `a${i}`, { to: toPhonesOf(`u${i}`) }))
  for (const id of ['x', 'y']) add(about(T.SyncCipherUpdate, id, { to: toPhonesOf('v') }))
  const { dropped } = counters.phones
  setBack.ms = 24 * 60 * MINUTE_MS
  add(about(T.SyncCipherUpdate, 'z', { to: toPhonesOf('v') }))
  assert.deepEqual([counters.phones.superseded, counters.phones.dropped], [3, dropped])
})

test('what comes while the relay fails costs no more for all that waits already', async () => {
  const millisecondsOf = async (fails: boolean) => {
    const { add, delivery } = startQueue({ maxWaiting: 100_000 })
    if (fails) {
      add(about(T.SyncCipherUpdate, 'first', { to: toPhonesOf('first') }))
      await delivery.answer(BUSY)
    }
    const pushes = Array.from({ length: 20_000 }, (_, i) => about(T.SyncCipherUpdate, 'a', { to: toPhonesOf(`u${i}`) }))
    const { user, system } = process.cpuUsage()
    add(...pushes)
    const used = process.cpuUsage({ user, system })
    return (used.user + used.system) / 1000
  }
  await millisecondsOf(false)
  const usualMs = await millisecondsOf(false)
  const failingMs = await millisecondsOf(true)
  assert.ok(failingMs < usualMs * 8 + 100, `${failingMs} ms instead of ${usualMs} ms`)
})

test('a user who fills the queue loses what is theirs, and nobody else anything', async () => {
  const { add, queue, counters, lines, kept } = startQueue({ maxWaiting: 1_000 })
  add(about(T.SyncCipherUpdate, 'theirs', { to: toPhonesOf(OTHER) }))
  add(about(T.SyncCipherUpdate, 'next', { to: toPhonesOf(OTHER) }))
  for (let i = 0; i < 5_000; i++) {
    add(about(T.SyncCipherUpdate, `flood${i}`, { to: toBrowserOf(USER, `${i % 64}`, `https://${i}.example`) }))
    assert.ok(queue.waiting <= 1_000)
  }
  const left = [...kept.values()].map(nameOf)
  assert.ok(left.includes('SyncCipherUpdate next'))
  assert.ok(left.includes('SyncCipherUpdate flood4999'))
  assert.equal(counters.phones.dropped, 0)
  assert.equal(lines.filter(({ event }) => /the oldest is not told/.test(event)).length, 1)
})

test('it is known whether anything is still to be told to the phones of a user', async () => {
  const { add, queue, delivery } = startQueue()
  add(about(T.SyncCipherUpdate, 'a'), about(T.SyncCipherUpdate, 'b', { to: toBrowserOf(OTHER, 'd') }))
  assert.equal(queue.hasForPhonesOf(USER), true)
  assert.equal(queue.hasForPhonesOf(OTHER), false)
  await delivery.answer(SENT)
  assert.equal(queue.hasForPhonesOf(USER), false)
})

test('closing waits for what is under way, cuts it off when that takes too long, and leaves the rest in the journal', async () => {
  const { add, queue, delivery, clock, kept } = startQueue()
  add(about(T.SyncCipherUpdate, 'a'), about(T.SyncCipherUpdate, 'b'))
  add(about(T.SyncCipherUpdate, 'c', { to: toPhonesOf(OTHER) }))
  const closed = queue.close(1_000)
  await delivery.answer(SENT)
  assert.deepEqual(delivery.names, ['SyncCipherUpdate c'])
  clock.advance(1_000)
  await closed
  assert.deepEqual([...kept.values()].map(nameOf).sort(), ['SyncCipherUpdate b', 'SyncCipherUpdate c'])
  assert.equal(clock.pending, 0)
})
