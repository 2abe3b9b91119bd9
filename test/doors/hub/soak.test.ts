import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encodeHandshakeRequest, type HubMessage, HubMessageType, messagePackProtocol, readWhole } from '#wire/signalr'
import { encodeMaskedFrame, MessageAssembler, Opcode } from '#wire/websocket'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { ALICE, BOB, type HubServer, startHub } from './hub-server.ts'

const CLIENTS = 50
const STEP_MS = 5_000
const STEPS_PER_HOUR = 3_600_000 / STEP_MS
const PING_EVERY_STEPS = 3
const USERS = [ALICE, BOB]
const MASK = Buffer.alloc(4, 7)

const protocol = messagePackProtocol(64, 1 << 24)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapBytes(): number {
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** The same numbers each time. (mulberry32) */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % sides
  }
}

/** What happened in a day, so that the test does not pass because nothing did. */
const COUNTS = { connected: 0, events: 0, syncs: 0, pings: 0, closes: 0 }

/** One device in its ups and downs, over a transport without a network. */
class Device {
  readonly userId: string
  /** `vanished`: it says nothing and reads nothing, and its network tells nobody. */
  state: 'away' | 'here' | 'vanished' = 'away'
  isReading = true
  readonly #roll: (sides: number) => number
  readonly #counts: typeof COUNTS
  #socket: Duplex | undefined
  #steps = 0
  /** The number of the event it heard last, until it misses some and is told. */
  #heard: number | undefined

  constructor(userId: string, roll: (sides: number) => number, counts: typeof COUNTS) {
    this.userId = userId
    this.#roll = roll
    this.#counts = counts
  }

  step(hub: HubServer): void {
    this.#steps++
    if (this.state === 'away') {
      if (this.#roll(12) === 0) this.connect(hub)
    } else if (this.state === 'vanished') {
      // From another network. What the server has of the old connection is its own business.
      if (this.#roll(20) === 0) this.connect(hub)
    } else {
      if (this.#steps % PING_EVERY_STEPS === 0) this.#send(protocol.ping)
      this.#live()
    }
  }

  #live(): void {
    switch (this.#roll(400)) {
      case 0:
        this.state = 'vanished'
        this.isReading = false
        this.#socket!.pause()
        break
      case 1:
        this.#send(protocol.encodeClose())
        break
      case 2:
        this.#socket!.destroy()
        break
      case 3:
        this.#send(Buffer.from('ffffffffff', 'hex'))
        break
      case 4:
        this.#send(Buffer.alloc(40_000))
        break
      case 5:
      case 6:
      case 7:
        this.isReading = !this.isReading
        if (this.isReading) this.#socket!.resume()
        else this.#socket!.pause()
        break
      case 8:
        for (let i = 0; i < 100; i++) this.#send(call(String(i)))
    }
  }

  connect(hub: HubServer): void {
    const [ours, theirs] = duplexPair()
    this.#socket = ours
    this.state = 'here'
    this.isReading = true
    this.#heard = undefined
    this.#counts.connected++
    ours.on('error', () => {})
    ours.on('end', () => ours.destroy())
    ours.on('close', () => {
      this.#counts.closes++
      if (this.#socket === ours) this.leave()
    })
    ours.once('data', (response: Buffer) => {
      assert.match(response.toString('latin1'), /^HTTP\/1\.1 101 /)
      this.#read(ours)
    })
    const request = Object.assign(new IncomingMessage(theirs as Socket), {
      method: 'GET',
      url: `/notifications/hub?access_token=${this.userId}`,
      headers: {
        host: 'localhost',
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    })
    hub.door.userHub.onUpgrade(request, theirs, Buffer.alloc(0))
    this.#send(encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }))
  }

  /** For good, or until it connects again. */
  leave(): void {
    this.state = 'away'
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #read(socket: Duplex): void {
    let hasShakenHands = false
    const assembler = new MessageAssembler(
      { maskRequired: false, validateText: false, maxMessageBytes: 1 << 24 },
      {
        onMessage: (data) => {
          const messages = hasShakenHands ? data : data.subarray(3)
          hasShakenHands = true
          for (const message of readWhole(protocol, messages)) this.#hear(message)
        },
        onPing: () => {},
        onPong: () => {},
        onClose: () => socket.destroy(),
      },
    )
    socket.on('data', (chunk: Buffer) => assembler.feed(chunk))
  }

  #hear(message: HubMessage): void {
    if (message.type === HubMessageType.Ping) this.#counts.pings++
    if (message.type !== HubMessageType.Invocation) return
    const { Type, Payload } = message.arguments[0] as { Type: number; Payload: { Id: string } }
    if (Type === 5) {
      this.#counts.syncs++
      this.#heard = undefined
      return
    }
    this.#counts.events++
    const number = Number(Payload.Id)
    if (this.#heard !== undefined) assert.equal(number, this.#heard + 1, 'events come in order, and none is missing')
    this.#heard = number
  }

  #send(bytes: Buffer): void {
    this.#socket!.write(encodeMaskedFrame(Opcode.BINARY, bytes, MASK))
  }
}

function call(invocationId: string): Buffer {
  return protocol.encode({ type: HubMessageType.Invocation, invocationId, target: 'X', arguments: [] })
}

test('after a day of fifty devices that come, hear, vanish, lag and misbehave nothing is left of them', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock, maxPendingBytes: 32_768 })
  const timersBefore = clock.pending
  const counts = { ...COUNTS }
  const devices = Array.from({ length: CLIENTS }, (_, i) => new Device(USERS[i % 2]!, dice(i), counts))
  const roll = dice(4711)
  const published = [0, 0]
  const heaps: number[] = []

  for (let hour = 0; hour < 24; hour++) {
    for (let step = 0; step < STEPS_PER_HOUR; step++) {
      for (const device of devices) device.step(hub)
      if (roll(3) === 0) {
        const user = roll(2)
        const id = String(++published[user]!)
        const revisionDate = new Date(clock.now())
        hub.notifier.folder('SyncFolderUpdate', { id, userId: USERS[user]!, revisionDate }, null)
      }
      // Now and then so much at once that who does not read falls behind.
      if (roll(250) === 0) {
        const user = roll(2)
        for (let i = 0; i < 300; i++) {
          const id = String(++published[user]!)
          hub.notifier.folder('SyncFolderUpdate', { id, userId: USERS[user]!, revisionDate: new Date(0) }, null)
        }
      }
      for (let turn = 0; turn < 4; turn++) await turnOver()
      clock.advance(STEP_MS)
    }
    hub.log.length = 0
    heaps.push(heapBytes())
  }

  // Who is there now vanishes without a word, and is gone within two pings.
  for (const device of devices) if (device.state === 'here') device.state = 'vanished'
  for (let i = 0; i < 30_000 / STEP_MS; i++) {
    for (let turn = 0; turn < 4; turn++) await turnOver()
    clock.advance(STEP_MS)
  }
  for (let turn = 0; turn < 4; turn++) await turnOver()
  assert.equal(hub.door.connectionCount, 0)
  for (const user of USERS) assert.equal(hub.publish(`vault.user.${user}.SyncVault`, '{}'), 0)
  assert.equal(clock.pending, timersBefore, 'timers')

  const { connected, events, syncs, pings, closes } = counts
  assert.ok(connected > 2_000 && closes > 2_000, `${connected} connections`)
  assert.ok(events > 100_000, `${events} events`)
  assert.ok(syncs > 100, `${syncs} times SyncVault instead`)
  assert.ok(pings > 10_000, `${pings} pings`)
  const grown = Math.min(...heaps.slice(-4)) - Math.min(...heaps.slice(1, 5))
  assert.ok(grown < 1_000_000, `the heap grew by ${grown} bytes: ${heaps}`)
})
