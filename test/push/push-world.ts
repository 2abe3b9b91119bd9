import { Broker, InProcessClient, Message } from '#core'
import { Notifier, VAULT_ACCOUNT } from '#notify'
import type { Device, PushTargets } from '#store'
import { instanceHeader } from '../../src/notify/pulse.ts'
import { PushRoom, type PushRoomOptions } from '../../src/push/push-room.ts'
import { aDevice, aUser } from '../auth/rows.ts'
import { openTestDatabase, type TestDatabase } from '../helpers/database.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { HandDelivery, OTHER, settled, USER } from './pushes.ts'

const SUBSCRIPTION_KEYS = { p256dh: 'BPoint', auth: 'secret' }

/** Instances over one database, with two users in it. */
export async function startPushWorld() {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const began = new Date(clock.now())
  for (const id of [USER, OTHER]) {
    await database.store.users.insert(aUser({ id, email: `${id}@example.com`, createdAt: began, updatedAt: began }))
  }
  return new PushWorld(clock, database)
}

class PushWorld implements AsyncDisposable {
  readonly clock: FakeClock
  readonly store: TestDatabase['store']
  readonly log: LoggedEvent[] = []
  readonly #database: TestDatabase
  readonly #rooms: PushRoom[] = []

  constructor(clock: FakeClock, database: TestDatabase) {
    this.clock = clock
    this.#database = database
    this.store = database.store
  }

  async device(id: string, fields: Partial<Device> = {}, userId = USER): Promise<Device> {
    const device = aDevice(userId, { id, refreshToken: `${userId} ${id}`, ...fields })
    await this.store.devices.insert(device)
    return device
  }

  phone(id: string, userId = USER): Promise<Device> {
    return this.device(id, { type: 0, pushToken: `token of ${id}`, pushId: `push id of ${id}` }, userId)
  }

  async browser(id: string, userId = USER): Promise<void> {
    await this.device(id, { type: 2 }, userId)
    const endpoint = `https://push.example/${id}`
    const subscription = { userId, deviceId: id, endpoint, ...SUBSCRIPTION_KEYS }
    await this.store.webPushSubscriptions.save(subscription, new Date(this.clock.now()))
  }

  /** An instance. `hears` answers for the hubs. */
  async open(instance: string, given: Partial<PushRoomOptions> = {}) {
    const account = new Broker(() => 0).account(VAULT_ACCOUNT)
    const client = new InProcessClient(account, (error) => {
      throw error
    })
    const [phones, browsers] = [new HandDelivery(), new HandDelivery()]
    const heard = new Set<string>()
    const asked: string[][] = []
    const room = new PushRoom({
      account,
      instance,
      targets: this.store.pushTargets as PushTargets,
      journal: this.store.pushJournal,
      isAlive: async () => false,
      isShared: false,
      toPhones: phones.deliver,
      toBrowsers: browsers.deliver,
      whoHasHeard: async (_userId, deviceIds) => {
        asked.push([...deviceIds])
        return new Set([...deviceIds].filter((id) => heard.has(id)))
      },
      maxWaiting: 1_000,
      clock: this.clock,
      logger: recordingLogger((line) => this.log.push(line)),
      random: () => 0.5,
      ...given,
    })
    this.#rooms.push(room)
    await room.open()
    const notifier = new Notifier((subject, payload) => client.publish(subject, payload))
    const publishFrom = (other: string, subject: string, payload: Buffer) => {
      const header = instanceHeader(other)
      account.publish(new Message(subject, Buffer.concat([header, payload]), '', header.length))
    }
    return { room, phones, browsers, heard, asked, notifier, publishFrom, account }
  }

  /** What was told is gathered, looked up and on its way. */
  async gather(): Promise<void> {
    this.clock.advance(100)
    await this.settle()
  }

  /** Whatever needs the database, and turns of the event loop, has happened. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      await this.store.ping()
      await settled()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const room of this.#rooms) {
      const closed = room.close()
      await this.settle()
      this.clock.advance(2_000)
      await closed
    }
    await this.#database[Symbol.asyncDispose]()
  }
}
