/** Asking the hubs who has heard: against hubs that are played, and a real one with real devices. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Account, Broker, Message, Subscription } from '#core'
import { CONTROL_HEARS, CONTROL_WHO_HEARS, encodeHearingAnswer, parseHearingQuestion, VAULT_ACCOUNT } from '#notify'
import { Hearing } from '../../src/push/hearing.ts'
import { ALICE } from '../doors/hub/hub-server.ts'
import { startKeptHub } from '../doors/hub/kept-hub.ts'
import { RawDevice } from '../doors/hub/raw-device.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { lineOf, recordingLogger } from '../helpers/recording-logger.ts'
import { within } from '../helpers/wait.ts'

const SECOND = 1_000

interface World extends Disposable {
  readonly clock: FakeClock
  readonly hearing: Hearing
  readonly log: string[]
  /** The devices of each question. */
  readonly asked: (readonly string[])[]
  /** A hub says so of the last question, on whatever machine. */
  answer(deviceId: string, hasHeard: boolean, openForMs?: number): void
  answerInWords(text: string): void
}

function worldWith({
  absentMs = 0,
  account = new Broker(() => 0).account(VAULT_ACCOUNT),
  clock = new FakeClock(),
} = {}): World {
  const log: string[] = []
  const asked: (readonly string[])[] = []
  let last = ''
  const peer = {
    send(_: Subscription, { payload }: Message) {
      const { question, userId, deviceIds } = parseHearingQuestion(payload)
      assert.equal(userId, ALICE)
      last = question
      asked.push(deviceIds)
    },
  }
  account.subscribe(new Subscription(peer, CONTROL_WHO_HEARS, ''))
  const say = (subject: string, payload: Buffer) => void account.publish(new Message(subject, payload))
  const logger = recordingLogger((line) => log.push(lineOf(line)))
  const hearing = new Hearing({ account, say, absentMs, clock, logger })
  return {
    clock,
    hearing,
    log,
    asked,
    answer(deviceId, hasHeard, openForMs = 15 * SECOND) {
      say(CONTROL_HEARS, encodeHearingAnswer({ question: last, deviceId, hasHeard, openForMs }))
    },
    answerInWords: (text) => say(CONTROL_HEARS, Buffer.from(text)),
    [Symbol.dispose]: () => hearing.close(),
  }
}

/** An answer that may still be to come. */
function watched(answer: Promise<ReadonlySet<string>>) {
  let heard: string[] | undefined
  void answer.then((devices) => {
    heard = [...devices].sort()
  })
  return {
    /** `undefined`: not known yet. */
    async now(): Promise<string[] | undefined> {
      await Promise.resolve()
      return heard
    },
  }
}

/** As a hub without other instances does, inside the fan-out. */
function connectAll(account: Account, deviceIds: readonly string[]): void {
  const peer = {
    send(_: Subscription, { payload }: Message) {
      const { question, deviceIds: asked } = parseHearingQuestion(payload)
      for (const deviceId of deviceIds) {
        if (!asked.includes(deviceId)) continue
        const answer = { question, deviceId, hasHeard: false, openForMs: 15 * SECOND }
        account.publish(new Message(CONTROL_HEARS, encodeHearingAnswer(answer)))
      }
    },
  }
  account.subscribe(new Subscription(peer, CONTROL_WHO_HEARS, ''))
}

test('without other instances it is known at once that nobody is connected', async () => {
  using world = worldWith()
  const answer = watched(world.hearing.ask(ALICE, ['phone', 'browser'], world.clock.now()))
  assert.deepEqual(await answer.now(), [])
  assert.deepEqual(world.asked, [['phone', 'browser']])
  assert.equal(world.clock.pending, 0)
})

test('who is connected is waited for until all of them have confirmed', async () => {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  connectAll(account, ['browser', 'laptop'])
  using world = worldWith({ account })
  const answer = watched(world.hearing.ask(ALICE, ['phone', 'browser', 'laptop'], world.clock.now()))
  world.answer('browser', true)
  assert.equal(await answer.now(), undefined)
  world.answer('laptop', true)
  assert.deepEqual(await answer.now(), ['browser', 'laptop'])
  assert.equal(world.clock.pending, 0)
})

test('after five seconds those count who have confirmed by then', async () => {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  connectAll(account, ['browser', 'laptop'])
  using world = worldWith({ account })
  const answer = watched(world.hearing.ask(ALICE, ['browser', 'laptop'], world.clock.now()))
  world.answer('laptop', true)
  world.clock.advance(4_999)
  assert.equal(await answer.now(), undefined)
  world.clock.advance(1)
  assert.deepEqual(await answer.now(), ['laptop'])
  world.answer('browser', true)
  assert.deepEqual(await answer.now(), ['laptop'], 'that is too late')
})

test('among several instances those who hear nothing of a device have some time to say so', async () => {
  using world = worldWith({ absentMs: 300 })
  const nobody = watched(world.hearing.ask(ALICE, ['phone'], world.clock.now()))
  world.clock.advance(299)
  assert.equal(await nobody.now(), undefined)
  world.clock.advance(1)
  assert.deepEqual(await nobody.now(), [])

  const some = watched(world.hearing.ask(ALICE, ['phone', 'browser', 'laptop'], world.clock.now()))
  world.answer('browser', false)
  world.answer('browser', true)
  assert.equal(await some.now(), undefined, 'the laptop may be connected elsewhere')
  world.clock.advance(200)
  world.answer('laptop', false)
  world.clock.advance(200)
  assert.equal(await some.now(), undefined)
  world.answer('laptop', true)
  assert.deepEqual(await some.now(), ['browser', 'laptop'])

  const all = watched(world.hearing.ask(ALICE, ['browser', 'laptop'], world.clock.now()))
  world.answer('browser', true)
  world.answer('laptop', true)
  assert.deepEqual(await all.now(), ['browser', 'laptop'], 'nobody else could be')
  assert.equal(world.clock.pending, 0)
})

test('of a device with connections to several instances any confirmation counts', async () => {
  using world = worldWith({ absentMs: 300 })
  const answer = watched(world.hearing.ask(ALICE, ['browser', 'phone'], world.clock.now()))
  world.answer('browser', false)
  world.answer('browser', false)
  world.clock.advance(300)
  assert.equal(await answer.now(), undefined)
  world.answer('browser', true)
  assert.deepEqual(await answer.now(), ['browser'])
})

test('a connection that may have come after what was told has not heard it', async () => {
  using world = worldWith({ absentMs: 300 })
  const toldAtMs = world.clock.now() - 100
  const answer = watched(world.hearing.ask(ALICE, ['new', 'same', 'old', 'phone'], toldAtMs))
  world.clock.advance(50)
  world.answer('new', false, 149)
  world.answer('new', true, 149)
  world.answer('same', true, 150)
  world.answer('old', false, 151)
  world.clock.advance(250)
  assert.equal(await answer.now(), undefined)
  world.answer('same', true, 400)
  world.answer('old', true, 401)
  assert.deepEqual(await answer.now(), ['old'], 'what came in the same millisecond is not known to be earlier')
})

test('what was told longer ago may have been lost on a link that is back since: other instances are not asked', async () => {
  using several = worldWith({ absentMs: 300 })
  const late = watched(several.hearing.ask(ALICE, ['browser'], several.clock.now() - SECOND))
  assert.deepEqual(await late.now(), [])
  assert.deepEqual(several.asked, [])
  using alone = worldWith()
  await alone.hearing.ask(ALICE, ['browser'], alone.clock.now() - SECOND)
  assert.equal(alone.asked.length, 1)
})

test('more devices than one question takes are asked about in several', async () => {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  const devices = Array.from({ length: 130 }, (_, i) => `device ${i}`)
  connectAll(account, devices)
  using world = worldWith({ account })
  const answer = watched(world.hearing.ask(ALICE, [...devices, ...devices], world.clock.now()))
  assert.deepEqual(
    world.asked.map(({ length }) => length),
    [64, 64, 2],
  )
  assert.deepEqual(world.asked.flat(), devices)
  for (const device of devices) {
    assert.equal(await answer.now(), undefined)
    world.answer(device, true)
  }
  assert.equal((await answer.now())?.length, 130)
})

test('about no devices nothing is asked, and about more users than are bearable nothing either', async () => {
  using world = worldWith({ absentMs: 300 })
  assert.deepEqual(await watched(world.hearing.ask(ALICE, [], world.clock.now())).now(), [])
  assert.equal(world.asked.length, 0)
  for (let i = 0; i < 4_096; i++) void world.hearing.ask(ALICE, ['browser'], world.clock.now())
  assert.equal(world.asked.length, 4_096)
  assert.deepEqual(await watched(world.hearing.ask(ALICE, ['browser'], world.clock.now())).now(), [])
  assert.equal(world.asked.length, 4_096)
  world.clock.advance(300)
  void world.hearing.ask(ALICE, ['browser'], world.clock.now())
  assert.equal(world.asked.length, 4_097)
})

test('what is no answer is logged, and answers that nobody waits for change nothing', async () => {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  connectAll(account, ['browser'])
  using world = worldWith({ account })
  const other = new Hearing({
    account,
    say: () => {},
    absentMs: 300,
    clock: world.clock,
    logger: recordingLogger(() => {}),
  })
  const elsewhere = watched(other.ask(ALICE, ['browser'], world.clock.now()))
  const answer = watched(world.hearing.ask(ALICE, ['browser'], world.clock.now()))
  const nonsense = ['', '{', 'null', '{"Question":"q","DeviceId":"browser","Heard":true}', '{"Question":1}']
  for (const text of nonsense) world.answerInWords(text)
  world.answer('somebody', true)
  world.answerInWords('{"Question":"q","DeviceId":"browser","Heard":true,"OpenFor":15000}')
  assert.equal(await answer.now(), undefined)
  assert.equal(world.log.length, nonsense.length)
  world.answer('browser', true)
  assert.deepEqual(await answer.now(), ['browser'])
  assert.equal(await elsewhere.now(), undefined, 'questions of several instances are told apart')
  other.close()
  assert.deepEqual(await elsewhere.now(), [])
})

test('when it closes, all is answered with what is known, and nothing more is asked', async () => {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  connectAll(account, ['browser', 'laptop'])
  const world = worldWith({ account, absentMs: 300 })
  const subscriptions = account.subscriptionCount
  const answer = watched(world.hearing.ask(ALICE, ['browser', 'laptop'], world.clock.now()))
  world.answer('browser', true)
  world.hearing.close()
  assert.deepEqual(await answer.now(), ['browser'])
  assert.deepEqual(await world.hearing.ask(ALICE, ['laptop'], world.clock.now()), new Set())
  assert.equal(world.asked.length, 1)
  assert.equal(world.clock.pending, 0)
  assert.equal(account.subscriptionCount, subscriptions - 1)
})

test('a real hub: who reads has heard, who does not read has not, and neither has who came later', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  for (const id of ['browser', 'asleep', 'late', 'away']) await kept.add(id)
  await kept.connect('browser')
  using asleep = await RawDevice.start(kept.hub.port, `${ALICE}/asleep`)
  asleep.stopReading()
  clock.advance(SECOND)
  await kept.change()
  const toldAtMs = clock.now()
  using world = worldWith({ account: kept.hub.account, clock })
  clock.advance(50)
  await kept.connect('late')
  clock.advance(50)
  const answer = world.hearing.ask(ALICE, ['browser', 'asleep', 'late', 'away'], toldAtMs)
  const { promise, resolve } = Promise.withResolvers<void>()
  const heard = new Subscription(
    { send: (_, { payload }) => void (payload.includes('true') && resolve()) },
    CONTROL_HEARS,
    '',
  )
  kept.hub.account.subscribe(heard)
  await within(promise, 'a confirmation')
  await new Promise(setImmediate)
  clock.advance(5 * SECOND)
  assert.deepEqual(await within(answer, 'the answer'), new Set(['browser']))
})
