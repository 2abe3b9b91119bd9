/** Which devices have heard what was told: asked on one subject, answered on another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { Subscription } from '#core'
import { CONTROL_HEARS, CONTROL_WHO_HEARS, encodeHearingQuestion, parseHearingAnswer } from '#notify'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { until } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, type HubServer, publishLarge, startHub } from './hub-server.ts'
import { confirmBesidePings, STRANGER, startKeptHub } from './kept-hub.ts'
import { RawDevice } from './raw-device.ts'
import { EventStream, JSON_HANDSHAKE, PollingClient } from './requests.ts'

const SECOND = 1_000

/** Somebody who asks. */
class Asker {
  /** `<question> <device> connected` or `<question> <device> heard`, in their order. */
  readonly answers: string[] = []
  /** Of the last answer; milliseconds. */
  openForMs: number | undefined
  readonly #hub: HubServer

  constructor(hub: HubServer) {
    this.#hub = hub
    const peer = {
      send: (_: Subscription, message: { readonly payload: Buffer }) => {
        const { question, deviceId, hasHeard, openForMs } = parseHearingAnswer(message.payload)
        this.answers.push(`${question} ${deviceId} ${hasHeard ? 'heard' : 'connected'}`)
        this.openForMs = openForMs
      },
    }
    hub.account.subscribe(new Subscription(peer, CONTROL_HEARS, ''))
  }

  /** What is answered inside the fan-out of the question. */
  ask(question: string, deviceIds: readonly string[], userId = ALICE): string[] {
    const before = this.answers.length
    const bytes = encodeHearingQuestion({ question, userId, deviceIds })
    this.#hub.publish(CONTROL_WHO_HEARS, bytes.toString())
    return this.answers.slice(before)
  }

  /** Resolves when that was answered, not earlier than anything else of `answers`. */
  async until(answer: string): Promise<void> {
    await until(() => this.answers.includes(answer), `"${answer}"`)
  }
}

/** A hub whose only sessions are those of Alice's `device`, for the clients that know no other token. */
const startHubOfOne = (clock: FakeClock) =>
  startHub({
    clock,
    authenticate: async () => ({ user: { id: ALICE }, device: { id: 'device' }, securityStamp: 'stamp' }),
  })

test('a device is said to be connected at once, and to have heard when its client has confirmed it', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  await kept.add('laptop')
  await kept.add('browser', { clientType: 'Web' })
  await kept.connect('laptop')
  await kept.connect('browser')
  const asker = new Asker(kept.hub)
  await kept.change()
  assert.deepEqual(asker.ask('q', ['laptop', 'browser', 'phone']).sort(), ['q browser connected', 'q laptop connected'])
  await asker.until('q laptop heard')
  await asker.until('q browser heard')
  assert.equal(asker.answers.length, 4)
})

test('nothing is said of other devices, of those of others, and of users of other servers', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  await kept.add('laptop')
  await kept.add('tablet')
  await kept.add('desktop', { userId: BOB })
  await kept.connect('laptop')
  await kept.connect('desktop', { userId: BOB })
  await HubClient.start(kept.hub.url, `${STRANGER}/visitor`)
  const asker = new Asker(kept.hub)
  assert.deepEqual(asker.ask('1', ['tablet', 'desktop']), [])
  assert.deepEqual(asker.ask('2', ['laptop'], BOB), [])
  assert.deepEqual(asker.ask('3', ['visitor'], STRANGER), [])
  assert.deepEqual(asker.ask('4', []), [])
})

test('a device is asked behind what it was told, also in the same turn', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  await kept.add('laptop')
  using device = await RawDevice.start(kept.hub.port, `${ALICE}/laptop`)
  const asker = new Asker(kept.hub)
  await kept.change()
  assert.deepEqual(asker.ask('q', ['laptop']), ['q laptop connected'])
  assert.equal(await device.pong(), 1)
  await asker.until('q laptop heard')
})

test('an answer to what was asked earlier says nothing of what was told since', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  using device = await RawDevice.start(kept.hub.port, `${ALICE}/laptop`)
  const asker = new Asker(kept.hub)
  await kept.change()
  asker.ask('1', ['laptop'])
  await until(() => device.pings.length > 0, 'the first ping')
  await kept.change()
  asker.ask('2', ['laptop'])
  await kept.change()
  asker.ask('3', ['laptop'])
  await device.until(() => device.messages.length === 3, 'three events')
  assert.equal(device.pings.length, 1)
  assert.equal(await device.pong(), 1)
  await asker.until('1 laptop heard')
  assert.deepEqual(asker.answers.slice(3), ['1 laptop heard'])
  assert.equal(await device.pong(), 3)
  await asker.until('3 laptop heard')
  assert.deepEqual(asker.answers.slice(4), ['2 laptop heard', '3 laptop heard'])
  await turnOver()
  assert.equal(device.pings.length, 0)
})

test('neither does the answer to what it is asked by itself, some seconds after it was told something', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  using device = await RawDevice.start(kept.hub.port, `${ALICE}/laptop`)
  const asker = new Asker(kept.hub)
  await kept.change()
  clock.advance(6 * SECOND)
  await until(() => device.pings.length > 0, 'a ping')
  await kept.change()
  asker.ask('q', ['laptop'])
  await device.pong()
  assert.equal(await device.pong(), 2)
  await asker.until('q laptop heard')
})

test('a client that has not shaken hands is not connected yet', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  await kept.add('laptop')
  const client = await HubClient.connect(kept.hub.url, `${ALICE}/laptop`)
  const asker = new Asker(kept.hub)
  assert.deepEqual(asker.ask('1', ['laptop']), [])
  client.shakeHands()
  await client.nextFrame()
  assert.deepEqual(asker.ask('2', ['laptop']), ['2 laptop connected'])
  await asker.until('2 laptop heard')
})

test('a client that was told less than there was is not asked before it has caught up', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  using device = await RawDevice.start(kept.hub.port, `${ALICE}/laptop`)
  const asker = new Asker(kept.hub)
  device.stopReading()
  await publishLarge(kept.hub, 400)
  assert.deepEqual(asker.ask('1', ['laptop']), [])
  device.readAgain()
  await until(() => {
    clock.advance(SECOND)
    device.ping()
    return asker.ask('2', ['laptop']).length > 0
  }, 'its turn')
  await until(async () => {
    if (device.pings.length > 0) await device.pong()
    return asker.answers.includes('2 laptop heard')
  }, 'its answer')
  assert.ok(!asker.answers.some((answer) => answer.startsWith('1')))
})

test('a client that falls behind after a question has still heard what was told before it', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  await kept.add('laptop')
  using device = await RawDevice.start(kept.hub.port, `${ALICE}/laptop`)
  const asker = new Asker(kept.hub)
  await kept.change()
  asker.ask('1', ['laptop'])
  await until(() => device.pings.length > 0, 'the ping')
  device.stopReading()
  await publishLarge(kept.hub, 400)
  assert.deepEqual(asker.ask('2', ['laptop']), [])
  assert.equal(await device.pong(), 1)
  await asker.until('1 laptop heard')
})

test('when a connection ends, so do its questions; another one of the device has its own', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('browser', { clientType: 'Web' })
  const tabs = [
    await RawDevice.start(kept.hub.port, `${ALICE}/browser`),
    await RawDevice.start(kept.hub.port, `${ALICE}/browser`),
  ] as const
  const asker = new Asker(kept.hub)
  assert.equal(asker.ask('q', ['browser']).length, 2)
  await until(() => tabs.every(({ pings }) => pings.length > 0), 'pings')
  const before = clock.pending
  tabs[0].destroy()
  await until(() => kept.hub.door.connectionCount === 1, 'the end of one tab')
  assert.deepEqual(asker.answers.slice(2), [])
  assert.ok(clock.pending < before, 'nothing waits for it')
  await tabs[1].pong()
  await asker.until('q browser heard')
  assert.equal(asker.answers.length, 3)
})

test('of a client that answers no question few are remembered, and not for long', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  using device = await RawDevice.start(kept.hub.port, `${ALICE}/laptop`)
  const asker = new Asker(kept.hub)
  for (let i = 1; i <= 8; i++) assert.deepEqual(asker.ask(`${i}`, ['laptop']), [`${i} laptop connected`])
  assert.deepEqual(asker.ask('9', ['laptop']), [])
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(asker.ask('9', ['laptop']), [])
    clock.advance(10 * SECOND)
    await device.call()
  }
  assert.deepEqual(asker.ask('10', ['laptop']), ['10 laptop connected'])
  await device.pong()
  await device.pong()
  await asker.until('10 laptop heard')
  assert.deepEqual(asker.answers.slice(9), ['10 laptop heard'], 'the others are forgotten')
})

test('who polls has heard what was told before the poll that waits', async () => {
  await using hub = await startHubOfOne(new FakeClock())
  await using client = await PollingClient.start(hub)
  const asker = new Asker(hub)
  const { answer } = await client.hold()
  assert.deepEqual(asker.ask('1', ['device']), ['1 device connected'])
  await asker.until('1 device heard')
  hub.notifier.account('SyncSettings', ALICE, new Date(0), null)
  asker.ask('2', ['device'])
  await answer
  await turnOver()
  assert.deepEqual(asker.answers.slice(2), ['2 device connected'], 'the answer may have been lost')
  await client.hold()
  await asker.until('2 device heard')
})

test('of a transport that cannot ask nothing is said', async () => {
  await using hub = await startHubOfOne(new FakeClock())
  const stream = await EventStream.open(hub)
  await stream.say(JSON_HANDSHAKE)
  await stream.next()
  const asker = new Asker(hub)
  assert.deepEqual(asker.ask('q', ['device']), [])
  stream.destroy()
})

test('it is said for how long a device has been connected, up to a bound', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('old')
  await kept.add('new')
  const old = await kept.connect('old')
  const asker = new Asker(kept.hub)
  const openForMs = (deviceId: string) => {
    assert.equal(asker.ask('q', [deviceId]).length, 1)
    return asker.openForMs
  }
  assert.equal(openForMs('old'), 0)
  clock.advance(14 * SECOND)
  const fresh = await kept.connect('new')
  assert.equal(openForMs('old'), 14 * SECOND)
  clock.advance(2 * SECOND)
  assert.equal(openForMs('new'), 2 * SECOND)
  assert.equal(openForMs('old'), 16 * SECOND)
  for (const client of [old, fresh]) await confirmBesidePings(client)
  clock.advance(13_999)
  assert.equal(openForMs('new'), 15_999)
  assert.equal(openForMs('old'), 29_999)
  clock.advance(1)
  assert.equal(openForMs('old'), 15 * SECOND)
  for (const client of [old, fresh]) await confirmBesidePings(client)
  clock.advance(15 * SECOND)
  assert.equal(openForMs('new'), 15 * SECOND)
})

test('what is no question is logged, and costs nobody anything', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  await kept.add('laptop')
  await kept.connect('laptop')
  const asker = new Asker(kept.hub)
  const many = Array.from({ length: 65 }, (_, i) => `device ${i}`)
  for (const nonsense of ['', 'null', '{', '{"Question":"q"}', `"${'x'.repeat(70_000)}"`]) {
    kept.hub.publish(CONTROL_WHO_HEARS, nonsense)
  }
  assert.deepEqual(asker.ask('q', ['laptop', ...many]), [])
  assert.equal(kept.hub.log.filter((line) => line.includes('question who hears not understood')).length, 6)
  assert.deepEqual(asker.ask('q', ['laptop']), ['q laptop connected'])
  await asker.until('q laptop heard')
})
