import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { type Account, Broker, type Message, Subscription } from '#core'
import { ALL_INSTANCES_SAY, CONTROL_DEVICES, CONTROL_PULSE, encodePulse, Instances, VAULT_ACCOUNT } from '#notify'
import { FakeClock } from '../helpers/fake-clock.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'

const SECOND = 1_000
/** What is looked up reaches so far before what is known to be missed. */
const MARGIN = 15 * SECOND

/** Instances whose messages reach each other as long as nothing is cut. Time passes for all of them together. */
class Cluster {
  readonly clock = new FakeClock()
  readonly events: string[] = []
  readonly #members = new Map<string, { account: Account; cut: boolean }>()

  /** `aheadMs`: of its clock. */
  add(id: string, { hasLink = true, aheadMs = 0 } = {}) {
    const account = new Broker(() => 0).account(VAULT_ACCOUNT)
    const member = { account, cut: false }
    this.#members.set(id, member)
    const peer = { send: (_: Subscription, message: Message) => this.#spread(id, message) }
    for (const subject of ALL_INSTANCES_SAY) account.subscribe(new Subscription(peer, subject, ''))
    const lookedUp: number[] = []
    let again = 0
    let failure: Error | undefined
    let held: Promise<void> | undefined
    const instances = new Instances({
      account,
      id,
      hasLink,
      clock: {
        now: () => this.clock.now() + aheadMs,
        after: (ms, work) => this.clock.after(ms, work),
        every: (ms, work) => this.clock.every(ms, work),
      },
      logger: recordingLogger(({ event, fields }) =>
        this.events.push(`${id}: ${event} ${fields.instance ?? ''}`.trim()),
      ),
      lookUp: async (sinceMs, tellsAgain) => {
        lookedUp.push(sinceMs)
        if (tellsAgain) again++
        await held
        if (failure !== undefined) throw failure
      },
    })
    return {
      account,
      instances,
      /** How long before now it was looked up from, each time since this was asked last. */
      lookUps: () => lookedUp.splice(0).map((sinceMs) => this.clock.now() - sinceMs),
      /** How many of the look-ups since this was asked last tell again what was told before. */
      againCount: () => {
        const count = again
        again = 0
        return count
      },
      fail: (error: Error | undefined) => (failure = error),
      /** Until the returned is called no look-up is answered. */
      hold: () => {
        const { promise, resolve } = Promise.withResolvers<void>()
        held = promise
        return () => {
          held = undefined
          resolve()
        }
      },
      cut: (isCut: boolean) => {
        member.cut = isCut
        if (isCut) instances.linkDown()
        else instances.linkUp()
      },
      /** Messages get lost, and nobody notices at once. */
      mute: (isMute: boolean) => (member.cut = isMute),
    }
  }

  async pass(ms: number) {
    for (let passed = 0; passed < ms; passed += SECOND / 2) {
      this.clock.advance(SECOND / 2)
      await turnOver()
    }
  }

  /** Another one that is linked and has been heard by the others. */
  async settled(id: string, aheadMs = 0) {
    const member = this.add(id, { aheadMs })
    member.instances.linkUp()
    await this.pass(3 * SECOND)
    member.lookUps()
    return member
  }

  #isSpreading = false

  #spread(from: string, message: Message) {
    if (this.#isSpreading || this.#members.get(from)!.cut) return
    this.#isSpreading = true
    for (const [id, { account, cut }] of this.#members) if (id !== from && !cut) account.publish(message)
    this.#isSpreading = false
  }
}

test('instances that hear everything of each other look nothing up', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  for (let i = 0; i < 20; i++) {
    a.instances.say('vault.user.1.SyncVault', Buffer.from('{}'))
    b.instances.say('relay.x.user.1.SyncVault', Buffer.from('{}'))
    await cluster.pass(700)
  }
  assert.deepEqual([a.lookUps(), b.lookUps()], [[], []])
  assert.equal(a.instances.heardAllUntilMs, Number.POSITIVE_INFINITY)
  assert.deepEqual([a.instances.count, b.instances.count], [1, 1])
})

test('what an instance says to itself is missed by nobody', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  a.mute(true)
  a.instances.say(CONTROL_DEVICES, Buffer.from('{"UserId":"1"}'))
  a.mute(false)
  await cluster.pass(10 * SECOND)
  assert.deepEqual([a.lookUps(), b.lookUps()], [[], []])
})

test('a single message that is lost is noticed with the next pulse, and looked up once', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  a.mute(true)
  a.instances.say('vault.user.1.SyncVault', Buffer.from('{}'))
  a.mute(false)
  await cluster.pass(2 * SECOND)
  const [since, ...more] = b.lookUps()
  assert.ok(since! > MARGIN && since! <= MARGIN + 4 * SECOND, `${since}`)
  assert.deepEqual(more, [])
  assert.deepEqual(a.lookUps(), [])
  await cluster.pass(10 * SECOND)
  assert.deepEqual(b.lookUps(), [])
})

test('what is missed while the database is asked is asked about next, and not at once', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  await cluster.pass(20 * SECOND)
  const answer = b.hold()
  a.mute(true)
  a.instances.say('vault.user.1.SyncVault', Buffer.from('{}'))
  a.mute(false)
  await cluster.pass(1 * SECOND)
  const [since, ...more] = b.lookUps()
  // Since the pulse before, however long both have known each other.
  assert.ok(since! <= MARGIN + 3 * SECOND, `${since}`)
  assert.deepEqual(more, [])
  b.instances.linkDown()
  await cluster.pass(20 * SECOND)
  assert.deepEqual(b.lookUps(), [], 'one at a time')
  answer()
  await cluster.pass(6 * SECOND)
  assert.ok(b.lookUps().length >= 1)
  assert.ok(b.instances.heardAllUntilMs < cluster.clock.now())
})

test('who closes waits for what the database is asked', async () => {
  const cluster = new Cluster()
  const a = await cluster.settled('a')
  const answer = a.hold()
  a.cut(true)
  await cluster.pass(6 * SECOND)
  let isClosed = false
  const closed = a.instances.close().then(() => {
    isClosed = true
  })
  await turnOver()
  assert.equal(isClosed, false)
  answer()
  await closed
})

test('an instance that is late may have said what was not heard yet', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  b.mute(true)
  const last = cluster.clock.now()
  await cluster.pass(3 * SECOND)
  const { heardAllUntilMs } = a.instances
  assert.ok(heardAllUntilMs <= last - MARGIN, `${last - heardAllUntilMs}`)
  assert.ok(heardAllUntilMs > last - MARGIN - 2 * SECOND)
  assert.equal(a.instances.count, 1, 'it is not lost')
})

test('more instances than anybody has are not remembered', async () => {
  const cluster = new Cluster()
  const a = await cluster.settled('a')
  for (let i = 0; i < 1_100; i++) {
    const pulse = { instance: `x${i}`, said: 0, atMs: cluster.clock.now(), upMs: 0, isLast: false }
    a.instances.say(CONTROL_PULSE, encodePulse(pulse))
  }
  assert.equal(a.instances.count, 1_024)
})

test('what is said to several audiences is one buffer, so that it is encoded once', () => {
  const cluster = new Cluster()
  const { account, instances } = cluster.add('a')
  const bodies: Buffer[] = []
  account.subscribe(new Subscription({ send: (_, { body }) => void bodies.push(body) }, 'vault.user.*.SyncVault', ''))
  const payload = Buffer.from('{}')
  for (const user of [1, 2]) instances.say(`vault.user.${user}.SyncVault`, payload)
  assert.equal(bodies.length, 2)
  assert.equal(bodies[0], bodies[1])
})

test('while the link is down the database is asked every five seconds, and once more when it is back', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  a.cut(true)
  const before = cluster.clock.now()
  assert.ok(a.instances.heardAllUntilMs <= before)
  await cluster.pass(21 * SECOND)
  const { length } = a.lookUps()
  assert.ok(length === 4 || length === 5, `${length}`)
  // The other finds out by itself.
  assert.ok(b.lookUps().length >= 3)
  a.cut(false)
  await cluster.pass(3 * SECOND)
  assert.ok(a.lookUps().length >= 1)
  assert.ok(b.lookUps().length >= 1)
  await cluster.pass(20 * SECOND)
  assert.deepEqual([a.lookUps(), b.lookUps()], [[], []])
  assert.equal(a.instances.heardAllUntilMs, Number.POSITIVE_INFINITY)
  assert.equal(b.instances.heardAllUntilMs, Number.POSITIVE_INFINITY)
})

test('what an instance changes whose clock is behind is looked up by its time', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b', -120 * SECOND)]
  const telling = /differ; tokens of the one may not hold at the other/
  await cluster.pass(5 * SECOND)
  assert.equal(cluster.events.filter((event) => telling.test(event)).length, 2, 'each says so, once')
  a.cut(true)
  await cluster.pass(11 * SECOND)
  const lookUps = a.lookUps()
  assert.ok(lookUps.length >= 2)
  for (const since of lookUps) assert.ok(since >= MARGIN + 120 * SECOND, `${since}`)
  assert.ok(a.instances.heardAllUntilMs <= cluster.clock.now() - MARGIN - 120 * SECOND)
  // The other is not behind anybody.
  for (const since of b.lookUps()) assert.ok(since <= MARGIN + 120 * SECOND + 11 * SECOND, `${since}`)
})

test('that the database was away for one is looked up by all, once for all who say so, and tells again', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  const sinceMs = cluster.clock.now()
  await cluster.pass(4 * SECOND)
  a.instances.databaseWasAway(sinceMs)
  await cluster.pass(SECOND / 2)
  b.instances.databaseWasAway(sinceMs + SECOND)
  await cluster.pass(10 * SECOND)
  for (const one of [a, b]) {
    const [since, ...more] = one.lookUps()
    assert.ok(since! >= 4 * SECOND + MARGIN, `${since}`)
    assert.deepEqual(more, [])
    assert.equal(one.againCount(), 1)
  }
})

test('what is to be told again is, also when the database fails once more', async () => {
  const cluster = new Cluster()
  const a = await cluster.settled('a')
  a.fail(new Error('no database'))
  a.instances.databaseWasAway(cluster.clock.now())
  await cluster.pass(2 * SECOND)
  assert.equal(a.againCount(), 1)
  a.fail(undefined)
  await cluster.pass(10 * SECOND)
  assert.equal(a.againCount(), 1)
  await cluster.pass(10 * SECOND)
  assert.equal(a.againCount(), 0)
})

test('what an instance said before it was linked is looked up by the others, from its start on', async () => {
  const cluster = new Cluster()
  const a = await cluster.settled('a')
  const b = cluster.add('b')
  b.mute(true)
  await cluster.pass(30 * SECOND)
  b.instances.say('vault.user.1.SyncVault', Buffer.from('{}'))
  b.mute(false)
  b.instances.linkUp()
  await cluster.pass(3 * SECOND)
  const [since] = a.lookUps()
  assert.ok(since! >= 30 * SECOND + MARGIN, `${since}`)
})

test('an instance that dies is looked after for ten minutes; one that says goodbye is not', async () => {
  const cluster = new Cluster()
  const [a, b, c] = [await cluster.settled('a'), await cluster.settled('b'), await cluster.settled('c')]
  await c.instances.close()
  await cluster.pass(10 * SECOND)
  assert.deepEqual(a.lookUps(), [])
  b.mute(true)
  await cluster.pass(10 * SECOND)
  assert.ok(a.lookUps().length >= 1)
  assert.ok(cluster.events.includes('a: instance is not heard any more; the database is asked instead b'))
  await cluster.pass(10 * 60 * SECOND)
  a.lookUps()
  await cluster.pass(30 * SECOND)
  assert.deepEqual(a.lookUps(), [])
  assert.equal(a.instances.heardAllUntilMs, Number.POSITIVE_INFINITY)
})

test('an instance that is known to be dead is looked after once more', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  b.mute(true)
  await cluster.pass(10 * SECOND)
  assert.deepEqual(a.instances.lost, ['b'])
  a.lookUps()
  a.instances.forget('b')
  await cluster.pass(10 * SECOND)
  assert.equal(a.lookUps().length, 1)
  assert.deepEqual(a.instances.lost, [])
  assert.equal(a.instances.heardAllUntilMs, Number.POSITIVE_INFINITY)
})

test('a database that cannot be asked is asked again, from the same time on', async () => {
  const cluster = new Cluster()
  const [a, b] = [await cluster.settled('a'), await cluster.settled('b')]
  b.fail(new Error('no database'))
  a.mute(true)
  a.instances.say('vault.user.1.SyncVault', Buffer.from('{}'))
  a.mute(false)
  await cluster.pass(6 * SECOND)
  b.fail(undefined)
  await cluster.pass(6 * SECOND)
  const since = b.lookUps()
  assert.ok(since.length >= 2)
  assert.equal(new Set(since).size, 1, `${since}`)
  await cluster.pass(10 * SECOND)
  assert.deepEqual(b.lookUps(), [])
})

test('an instance at the database that is not heard is made up for every five seconds, until it is heard or gone', async () => {
  const cluster = new Cluster()
  const a = await cluster.settled('a')
  await cluster.pass(10 * SECOND)
  a.instances.others(1, cluster.clock.now() - 10 * SECOND)
  await cluster.pass(1 * SECOND)
  // As far back as it was not there for certain.
  assert.deepEqual(a.lookUps(), [11 * SECOND + MARGIN])
  assert.ok(a.instances.heardAllUntilMs < cluster.clock.now() - 10 * SECOND)
  await cluster.pass(20 * SECOND)
  assert.equal(a.lookUps().length, 4)
  a.instances.others(0, undefined)
  await cluster.pass(5 * SECOND)
  assert.equal(a.lookUps().length, 1)
  assert.equal(a.instances.heardAllUntilMs, Number.POSITIVE_INFINITY)
  await cluster.pass(30 * SECOND)
  assert.deepEqual(a.lookUps(), [])
})

test('without a cluster an instance waits for no link, and sends nothing but what its own devices hear', async () => {
  const cluster = new Cluster()
  const a = cluster.add('a', { hasLink: false })
  const b = await cluster.settled('b')
  await cluster.pass(20 * SECOND)
  a.lookUps()
  assert.equal(a.instances.heardAllUntilMs, Number.POSITIVE_INFINITY)
  await cluster.pass(20 * SECOND)
  assert.deepEqual(a.lookUps(), [])
  assert.equal(b.instances.count, 0)
})

test('nonsense on the subject of pulses is logged and changes nothing', async () => {
  const cluster = new Cluster()
  const a = await cluster.settled('a')
  const pulse = { instance: 'x', said: 1, atMs: 0, upMs: 0, isLast: false }
  const wrong = [{ said: -1 }, { instance: 'x'.repeat(65) }, { instance: 'x\n' }].map((part) =>
    String(encodePulse({ ...pulse, ...part })),
  )
  const tooLong = String(encodePulse(pulse)).replace('{', `{${' '.repeat(1_024)}`)
  for (const payload of ['', 'null', '[]', '{}', '{"Instance":1}', ...wrong, tooLong]) {
    a.instances.say(CONTROL_PULSE, Buffer.from(payload))
  }
  assert.equal(a.instances.count, 0)
  assert.equal(cluster.events.filter((event) => event.startsWith('a: pulse of another instance')).length, 9)
})

test('whoever pretends to be an instance has the database asked once a second, and about nothing from before', async () => {
  const cluster = new Cluster()
  const a = await cluster.settled('a')
  const startMs = cluster.clock.now() - 3 * SECOND
  const lies = Array.from({ length: 50 }, (_, said) => ({
    instance: `made-up-${said % 5}`,
    said,
    atMs: 0,
    upMs: 1_000,
  }))
  for (let second = 0; second < 10; second++) {
    for (const lie of lies) {
      a.instances.say(CONTROL_PULSE, encodePulse({ ...lie, isLast: lie.said % 2 === 1 }))
      await turnOver()
    }
    await cluster.pass(SECOND)
  }
  const lookUps = a.lookUps()
  assert.ok(lookUps.length >= 2 && lookUps.length <= 11, `${lookUps}`)
  // Their clocks are believed to be behind, by as much as that is believed of any.
  const most = cluster.clock.now() - startMs + MARGIN + 60 * 60 * SECOND
  for (const sinceMs of lookUps) assert.ok(sinceMs <= most, `${sinceMs}`)
})
