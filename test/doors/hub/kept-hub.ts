import type { Heard } from '#store'
import { aDevice, aUser } from '../../auth/rows.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import type { FakeClock } from '../../helpers/fake-clock.ts'
import { until } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, startHub } from './hub-server.ts'

/** Answers a call with a completion: whatever the server was sent before, it has read. */
const CALL = Buffer.from('08950180a131a15890', 'hex')

/** A user of another server, of whom our database knows nothing. */
export const STRANGER = 'stranger'

/**
 * The hub over a database, with Alice and Bob in it since the clock's beginning, and whatever devices are `added`. A token
 * is `<user>/<device>`.
 */
export async function startKeptHub({ clock, heardAllUntilMs }: { clock: FakeClock; heardAllUntilMs?: () => number }) {
  const database = await openTestDatabase(clock)
  const { store } = database
  const began = new Date(clock.now())
  for (const id of [ALICE, BOB]) {
    await store.users.insert(aUser({ id, email: `${id}@example.com`, createdAt: began, updatedAt: began }))
  }
  const writes: string[][] = []
  let lookUps = 0
  let failure: Error | undefined
  let beforeLookUp = async () => {}
  let beforeWrite = async () => {}
  let writing: Promise<unknown> = Promise.resolve()
  /** Look-ups wait until the client has the handshake's answer: what is told may come with it else. */
  let greeted = Promise.resolve()
  const heard: Heard = {
    async find(deviceId, userId) {
      await greeted
      await beforeLookUp()
      try {
        if (failure !== undefined) throw failure
        return await store.heard.find(deviceId, userId)
      } finally {
        // When whoever asked has acted on the answer.
        setImmediate(() => lookUps++)
      }
    },
    async findMany(devices) {
      if (failure !== undefined) throw failure
      return store.heard.findMany(devices)
    },
    async mark(marks) {
      if (failure !== undefined) throw failure
      const written = beforeWrite().then(() => store.heard.mark(marks))
      writing = Promise.allSettled([writing, written])
      await written
      writes.push(marks.map(({ deviceId }) => deviceId).sort())
    },
  }
  const start = () =>
    startHub({
      clock,
      heard,
      heardAllUntilMs,
      organizationsOf: (userId) => store.memberships.confirmedOf(userId),
      async authenticate(token) {
        const [userId = '', deviceId = ''] = token.split('/')
        if (userId === STRANGER) return { user: { id: STRANGER }, device: { id: deviceId } }
        const device = await store.devices.find(deviceId, userId)
        const user = await store.users.find(userId)
        if (device === undefined || !user?.enabled) return undefined
        const organizations = await store.memberships.confirmedOf(userId)
        return { user, device, clientType: device.name, organizations, securityStamp: user.securityStamp }
      },
    })
  let hub = await start()

  return {
    store,
    /** The devices of each write of marks. */
    writes,
    get hub() {
      return hub
    },
    /** A device that has logged in just now. */
    async add(deviceId: string, { userId = ALICE, clientType = 'Desktop' } = {}) {
      const now = new Date(clock.now())
      await store.devices.insert(
        aDevice(userId, { id: deviceId, name: clientType, createdAt: now, updatedAt: now, refreshToken: deviceId }),
      )
    },
    /** Alice's account changes, by a device that is not here. */
    async change({ isTold = true } = {}) {
      const at = await store.users.touch(ALICE, new Date(clock.now()))
      if (isTold) hub.notifier.account('SyncSettings', ALICE, at, null)
    },
    /** Connected, and looked up. */
    async connect(deviceId: string, { userId = ALICE } = {}) {
      const before = lookUps
      const { promise, resolve } = Promise.withResolvers<void>()
      greeted = promise
      const client = await HubClient.start(hub.url, `${userId}/${deviceId}`)
      resolve()
      await until(() => lookUps > before, 'the look-up')
      return client
    },
    heardAtMs: async (deviceId: string) => (await store.heard.find(deviceId, ALICE))?.heardAt?.getTime(),
    /** The next look-up waits for this. */
    holdNextLookUp(work: () => Promise<void>) {
      beforeLookUp = () => {
        beforeLookUp = async () => {}
        return work()
      }
    },
    /** Writes of marks wait for this from now on. */
    holdWrites(work: () => Promise<void>) {
      beforeWrite = work
    },
    /** Resolves when the writes that have begun are done, and whoever waited for them has gone on. */
    async written() {
      await writing
      await new Promise(setImmediate)
    },
    fail(error: Error | undefined) {
      failure = error
    },
    /** As a new process with the same database. */
    async restart() {
      await hub[Symbol.asyncDispose]()
      hub = await start()
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

export type KeptHub = Awaited<ReturnType<typeof startKeptHub>>

/** The client confirms, by saying something, that it has read what it was told. */
export async function confirm(client: HubClient): Promise<void> {
  client.send(CALL)
  await client.next()
}

/** The same, with the server's pings passed over. */
export async function confirmBesidePings(client: HubClient): Promise<void> {
  client.send(CALL)
  while ((await client.next()).type !== 3);
}

/** The types of what it hears up to now: a message of type 10 with that date is the end of it. */
export async function typesHeard({ hub }: KeptHub, client: HubClient, userId = ALICE): Promise<number[]> {
  const types: number[] = []
  hub.notifier.account('SyncOrganizations', userId, new Date(0), null)
  for (;;) {
    const { Type } = await client.nextNotification()
    if (Type === 17) return types
    types.push(Type)
  }
}
