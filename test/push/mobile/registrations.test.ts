import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Device } from '#store'
import { Registrations, type RegistrationsOptions } from '../../../src/push/mobile/registrations.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { until } from '../../helpers/wait.ts'
import { sampleDevice, sampleUser } from '../../store/samples.ts'
import { INSTALLATION, startMobileWorld } from './mobile-world.ts'

const ANDROID = 0
const IOS = 1

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Longer than a phone that has just logged out is left alone. */
const SETTLED_MS = 2_000

async function startWorld() {
  const mobile = await startMobileWorld()
  const { clock, client, logger, relay, settings } = mobile
  const database = await openTestDatabase(clock)
  const { store, query } = database
  const stack = new AsyncDisposableStack()
  stack.use(database)
  stack.use(mobile)
  const waiting = new Set<string>()
  const start = (changes: Partial<RegistrationsOptions> = {}) => {
    const isWaiting = (userId: string) => waiting.has(userId)
    const registrations = new Registrations({
      settings,
      relay: client,
      store,
      isWaiting,
      clock,
      logger,
      random: () => 0,
      ...changes,
    })
    stack.defer(() => registrations.close())
    return registrations
  }
  const addUser = async () => {
    const user = sampleUser()
    await store.users.insert(user)
    return user.id
  }
  return {
    ...mobile,
    store,
    /** Users whose phones are still to be told something. */
    waiting,
    start,
    addUser,
    async addPhone(userId: string, changes: Partial<Device> = {}) {
      const phone = sampleDevice(userId, { type: ANDROID, pushToken: randomUUID(), ...changes })
      await store.devices.insert(phone)
      return phone
    },
    async join(userId: string) {
      const id = randomUUID()
      await query(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('${id}', 'Acme', 'acme@example.com')`)
      await query(
        `INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype)
         VALUES ('${randomUUID()}', '${userId}', '${id}', true, '', 2, 2)`,
      )
      return id
    },
    leaveAll: (userId: string) => query(`DELETE FROM users_organizations WHERE user_uuid = '${userId}'`),
    /** Push tokens that the relay knows. */
    known: () => [...relay.registrations.values()].map(({ pushToken }) => pushToken).sort(),
    /** Resolves when so many pauses have begun since the start. */
    pauses: (count: number) =>
      until(
        () => mobile.logged.filter(({ level, fields }) => level !== 'error' && 'retryMs' in fields).length === count,
        `${count} pauses`,
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

type World = Awaited<ReturnType<typeof startWorld>>

/** That the database knows what the relay was told of that many phones of the user, and took. */
const saved = ({ store }: World, userId: string, count: number) =>
  until(async () => {
    const rows = await store.pushRegistrations.ofUser(userId)
    return rows.length === count && rows.every(({ digest, isRefused }) => digest !== '' && !isRefused)
  }, `${count} registrations to be written down`)

describe('a phone', () => {
  test('is registered when it comes, with its user, its token and the organizations of its user', async () => {
    await using world = await startWorld()
    const { relay, addUser, addPhone, join, store } = world
    const userId = await addUser()
    const organizations = [await join(userId), await join(userId)]
    const registrations = world.start()
    const phone = await addPhone(userId, { type: IOS })
    registrations.changed(userId)
    const { deviceId, ...told } = await relay.registered.next()
    assert.deepEqual(told, {
      pushToken: phone.pushToken,
      userId,
      type: IOS,
      identifier: phone.id,
      organizationIds: organizations.toSorted(),
      installationId: INSTALLATION.installationId,
    })
    await saved(world, userId, 1)
    assert.equal((await store.devices.find(phone.id, userId))?.pushId, deviceId)
  })

  test('keeps the name that it had for Vaultwarden', async () => {
    await using world = await startWorld()
    const userId = await world.addUser()
    const { pushId } = await world.addPhone(userId, { pushId: randomUUID() })
    world.start()
    assert.equal((await world.relay.registered.next()).deviceId, pushId)
  })

  test('is not registered again while nothing has changed', async () => {
    await using world = await startWorld()
    const { clock, relay, addUser, addPhone } = world
    const userId = await addUser()
    await addPhone(userId)
    const registrations = world.start()
    await saved(world, userId, 1)
    registrations.changed(userId)
    clock.advance(6 * 60 * MINUTE_MS)
    const other = await addUser()
    await addPhone(other)
    registrations.changed(other)
    await saved(world, other, 1)
    assert.deepEqual(
      relay.registered.all.map((registration) => registration.userId),
      [userId, other],
    )
  })

  test('is registered anew under its name when its token, or the organizations of its user, are others', async () => {
    await using world = await startWorld()
    const { relay, store, addUser, addPhone, join, leaveAll } = world
    const userId = await addUser()
    const phone = await addPhone(userId)
    const registrations = world.start()
    const first = await relay.registered.next()
    await saved(world, userId, 1)

    await store.devices.update({ ...phone, pushToken: 'another', pushId: first.deviceId })
    registrations.changed(userId)
    assert.deepEqual(await relay.registered.next(), { ...first, pushToken: 'another' })
    const organization = await join(userId)
    registrations.changed(userId)
    assert.deepEqual((await relay.registered.next()).organizationIds, [organization])
    await leaveAll(userId)
    registrations.changed(userId)
    assert.deepEqual((await relay.registered.next()).organizationIds, [])
    assert.equal(relay.registrations.size, 1)
  })

  test('of two users is registered for each', async () => {
    await using world = await startWorld()
    const [ada, bob] = [await world.addUser(), await world.addUser()]
    const { id, pushToken } = await world.addPhone(ada)
    await world.addPhone(bob, { id, pushToken })
    world.start()
    const both = [await world.relay.registered.next(), await world.relay.registered.next()]
    assert.deepEqual(new Set(both.map(({ userId }) => userId)), new Set([ada, bob]))
    assert.equal(new Set(both.map(({ deviceId }) => deviceId)).size, 2)
    assert.ok(both.every(({ identifier }) => identifier === id))
  })

  test('is told to the relay again after thirty days, which may have lost it', async () => {
    await using world = await startWorld()
    const { clock, relay, addUser, addPhone } = world
    const userId = await addUser()
    await addPhone(userId)
    world.start()
    await saved(world, userId, 1)
    const [first] = relay.registered.takeAll()
    relay.registrations.clear()
    clock.advance(30 * DAY_MS)
    assert.deepEqual(await relay.registered.next(), first)
  })

  test('of a member of more organizations than the relay can note is registered with as many as it can', async () => {
    await using world = await startWorld()
    const userId = await world.addUser()
    await world.addPhone(userId)
    const organizations: string[] = []
    for (let i = 0; i < 55; i++) organizations.push(await world.join(userId))
    const registrations = world.start()
    const { organizationIds } = await world.relay.registered.next()
    assert.deepEqual(organizationIds, organizations.toSorted().slice(0, 50))
    await saved(world, userId, 1)
    registrations.changed(userId)
    const other = await world.addUser()
    await world.addPhone(other)
    registrations.changed(other)
    await saved(world, other, 1)
    assert.equal(world.relay.registered.all.length, 2)
  })
})

describe('a phone that is gone', () => {
  /** A user with a phone that was registered, and is gone by now. */
  async function loggedOut(world: World) {
    const userId = await world.addUser()
    const phone = await world.addPhone(userId)
    const registrations = world.start()
    await saved(world, userId, 1)
    await world.store.devices.delete(phone.id, userId)
    const { deviceId } = await world.relay.registered.next()
    return { userId, phone, registrations, deviceId }
  }

  test('is taken out of the relay, but not in the moment in which it may have to be told', async () => {
    await using world = await startWorld()
    const { userId, registrations, deviceId } = await loggedOut(world)
    registrations.changed(userId)
    await until(() => world.clock.pending >= 2, 'the deletion to be put off')
    world.clock.advance(SETTLED_MS - 1)
    assert.deepEqual(world.relay.deleted.all, [])
    world.clock.advance(1)
    assert.equal(await world.relay.deleted.next(), deviceId)
    await saved(world, userId, 0)
    assert.deepEqual(world.known(), [])
  })

  test('is left alone as long when another one has gone before', async () => {
    await using world = await startWorld()
    const userId = await world.addUser()
    const phones = [await world.addPhone(userId), await world.addPhone(userId)]
    const registrations = world.start()
    await saved(world, userId, 2)
    for (const { id } of phones) {
      await world.store.devices.delete(id, userId)
      registrations.changed(userId)
      await until(() => world.clock.pending >= 2, 'the deletion to be put off')
      world.clock.advance(SETTLED_MS - 1)
    }
    // Of somebody else, so that it is known that nothing else was begun.
    const other = await world.addUser()
    await world.addPhone(other)
    registrations.changed(other)
    await saved(world, other, 1)
    assert.deepEqual(world.relay.deleted.all, [])
    world.clock.advance(1)
    await saved(world, userId, 0)
  })

  test('is taken out once what is still to be told to it has gone out', async () => {
    await using world = await startWorld()
    const { userId, registrations, deviceId } = await loggedOut(world)
    world.waiting.add(userId)
    registrations.changed(userId)
    for (let i = 0; i < 5; i++) {
      await until(() => world.clock.pending >= 2, 'the deletion to be put off')
      world.clock.advance(10_000)
    }
    assert.deepEqual(world.relay.deleted.all, [])
    await until(() => world.clock.pending >= 2, 'the deletion to be put off')
    world.waiting.delete(userId)
    world.clock.advance(10_000)
    assert.equal(await world.relay.deleted.next(), deviceId)
  })

  test('is taken out once it has settled when what was to be told to it has gone out meanwhile', async () => {
    await using world = await startWorld()
    const { userId, registrations, deviceId } = await loggedOut(world)
    world.waiting.add(userId)
    registrations.changed(userId)
    await until(() => world.clock.pending >= 2, 'the deletion to be put off')
    world.waiting.delete(userId)
    world.clock.advance(SETTLED_MS)
    assert.equal(await world.relay.deleted.next(), deviceId)
  })

  test('has its token withdrawn, and is registered again under its name when it has one again', async () => {
    await using world = await startWorld()
    const { userId, phone, registrations, deviceId } = await loggedOut(world)
    await world.store.devices.insert({ ...phone, pushToken: null })
    registrations.changed(userId)
    await until(() => world.clock.pending >= 2, 'the deletion to be put off')
    world.clock.advance(SETTLED_MS)
    await saved(world, userId, 0)
    await world.store.devices.update({ ...phone, pushToken: 'new', pushId: deviceId })
    registrations.changed(userId)
    assert.equal((await world.relay.registered.next()).deviceId, deviceId)
  })

  test('and comes back before it is taken out stays where it is', async () => {
    await using world = await startWorld()
    const { userId, phone, registrations, deviceId } = await loggedOut(world)
    registrations.changed(userId)
    await until(() => world.clock.pending >= 2, 'the deletion to be put off')
    await world.store.devices.insert({ ...phone, pushToken: 'new' })
    registrations.changed(userId)
    const { deviceId: again, pushToken } = await world.relay.registered.next()
    assert.deepEqual([again, pushToken], [deviceId, 'new'])
    await saved(world, userId, 1)
    world.clock.advance(MINUTE_MS)
    const other = await world.addUser()
    await world.addPhone(other)
    registrations.changed(other)
    await saved(world, other, 1)
    assert.deepEqual(world.relay.deleted.all, [])
  })

  test('is found by a sweep, but not taken out while another instance may still have to tell it', async () => {
    await using world = await startWorld()
    const { registrations, deviceId } = await loggedOut(world)
    await registrations.close()
    world.start()
    await until(() => world.clock.pending >= 2, 'the deletion to be put off')
    world.clock.advance(20 * MINUTE_MS - 1)
    assert.deepEqual(world.relay.deleted.all, [])
    world.clock.advance(1)
    assert.equal(await world.relay.deleted.next(), deviceId)
  })

  test('with its user is taken out as well', async () => {
    await using world = await startWorld()
    const { userId, registrations, deviceId } = await loggedOut(world)
    await world.store.users.delete(userId)
    registrations.changed(userId)
    await until(() => world.clock.pending >= 2, 'the deletion to be put off')
    world.clock.advance(SETTLED_MS)
    assert.equal(await world.relay.deleted.next(), deviceId)
  })

  for (const [status, body] of [
    [404, '{"message":"Resource not found.","object":"error"}'],
    [410, ''],
    [400, ''],
  ] as const) {
    test(`is forgotten when the relay answers ${status}`, async () => {
      await using world = await startWorld()
      const { userId, registrations } = await loggedOut(world)
      world.relay.troubles.push = { status, body }
      registrations.changed(userId)
      await until(() => world.clock.pending >= 2, 'the deletion to be put off')
      world.clock.advance(SETTLED_MS)
      await saved(world, userId, 0)
    })
  }
})

describe('a relay', () => {
  test('that is away is told everything when it is back, and asked at longer and longer intervals until then', async () => {
    await using world = await startWorld()
    const { clock, relay, addUser, addPhone, pushRequests } = world
    relay.troubles.push = { status: 503 }
    const userIds: string[] = []
    for (let i = 0; i < 6; i++) {
      const userId = await addUser()
      await addPhone(userId)
      userIds.push(userId)
    }
    world.start()
    // Four at first, then one at a time.
    for (const [i, pauseMs] of [500, 1000, 2000, 4000].entries()) {
      await world.pauses(i + 1)
      await until(() => pushRequests() === 4 + i, 'the others')
      clock.advance(pauseMs - 1)
      assert.equal(pushRequests(), 4 + i)
      clock.advance(1)
    }
    await world.pauses(5)
    relay.troubles.push = undefined
    clock.advance(8000)
    for (const userId of userIds) await saved(world, userId, 1)
    assert.equal(world.logged.filter(({ level }) => level === 'warn').length, 1)
    assert.match(world.log('warn'), /does not take registrations of phones; they wait/)
    assert.match(world.log('info'), /takes registrations of phones again/)
  })

  test('that names a time is left alone until then', async () => {
    await using world = await startWorld()
    const { clock, relay, pushRequests } = world
    relay.troubles.push = { status: 429, headers: { 'Retry-After': '120' } }
    const userId = await world.addUser()
    await world.addPhone(userId)
    const registrations = world.start()
    await world.pauses(1)
    registrations.changed(userId)
    relay.troubles.push = undefined
    clock.advance(119_999)
    assert.equal(pushRequests(), 1)
    clock.advance(1)
    await saved(world, userId, 1)
  })

  test('that refuses a phone is not asked again before something has changed', async () => {
    await using world = await startWorld()
    const { clock, relay, store, pushRequests } = world
    relay.troubles.push = { status: 400, body: '{"message":"The PushToken is wrong.","object":"error"}' }
    const userId = await world.addUser()
    const phone = await world.addPhone(userId)
    const registrations = world.start()
    const rows = () => store.pushRegistrations.ofUser(userId)
    await until(async () => (await rows()).some(({ isRefused }) => isRefused), 'the refusal to be written down')
    assert.match(world.log('warn'), /The PushToken is wrong/)
    relay.troubles.push = undefined
    registrations.changed(userId)
    clock.advance(6 * 60 * MINUTE_MS)
    const other = await world.addUser()
    await world.addPhone(other)
    registrations.changed(other)
    await saved(world, other, 1)
    assert.equal(pushRequests(), 2)
    await store.devices.update({ ...phone, pushToken: 'right', pushId: (await rows())[0]!.pushId })
    registrations.changed(userId)
    await saved(world, userId, 1)
    assert.doesNotMatch(world.log(), new RegExp(phone.pushToken!))
  })

  for (const [status, body] of [
    [404, '{"message":"Resource not found.","object":"error"}'],
    [410, ''],
  ] as const) {
    test(`that does not know a phone (${status}) has its token forgotten, until it tells another one`, async () => {
      await using world = await startWorld()
      const { relay, store } = world
      relay.troubles.push = { status, body }
      const userId = await world.addUser()
      const phone = await world.addPhone(userId)
      const registrations = world.start()
      const found = () => store.devices.find(phone.id, userId)
      await until(async () => (await found())!.pushToken === null, 'the token to be forgotten')
      await until(
        async () => (await store.pushRegistrations.ofUser(userId)).length === 0,
        'the registration to be gone',
      )
      relay.troubles.push = undefined
      await store.devices.update({ ...(await found())!, pushToken: 'another' })
      registrations.changed(userId)
      await saved(world, userId, 1)
    })
  }

  test('that is not there at all (404) costs no phone its token', async () => {
    await using world = await startWorld()
    const { clock, relay, store } = world
    relay.troubles.push = { status: 404, body: '<h1>Not Found</h1>' }
    const userId = await world.addUser()
    const phone = await world.addPhone(userId)
    world.start()
    await world.pauses(1)
    assert.match(world.log('warn'), /is PUSH_RELAY_URI right/)
    assert.equal((await store.devices.find(phone.id, userId))?.pushToken, phone.pushToken)
    relay.troubles.push = undefined
    clock.advance(1000)
    await saved(world, userId, 1)
  })

  test('that fails for one phone only, again and again, is not asked for it any more, and takes the others meanwhile', async () => {
    await using world = await startWorld()
    const { clock, relay, store, client, addUser, addPhone } = world
    const userId = await addUser()
    const poison = await addPhone(userId)
    let refusals = 0
    const registrations = world.start({
      relay: {
        ask: async (action, body, signal) => {
          if ((body as { pushToken?: string }).pushToken !== poison.pushToken) return client.ask(action, body, signal)
          refusals++
          return { kind: 'busy', why: 'HTTP 500' }
        },
      },
    })
    for (let i = 1; i <= 5; i++) {
      await world.pauses(i)
      const other = await addPhone(userId)
      clock.advance(5 * MINUTE_MS)
      await until(() => world.known().includes(other.pushToken!), 'the other one')
    }
    const refused = async () => (await store.pushRegistrations.ofUser(userId)).filter(({ isRefused }) => isRefused)
    await until(async () => (await refused()).length === 1, 'the phone to be given up')
    assert.equal((await refused())[0]!.deviceId, poison.id)
    registrations.changed(userId)
    const last = await addPhone(userId)
    registrations.changed(userId)
    await until(() => world.known().includes(last.pushToken!), 'the last one')
    assert.deepEqual([refusals, relay.registrations.size], [6, 6])
  })

  test('is told of hundreds of phones, a few at a time', async () => {
    await using world = await startWorld()
    const { relay, addUser, addPhone } = world
    relay.troubles.push = 'held'
    const userIds: string[] = []
    for (let i = 0; i < 250; i++) {
      const userId = await addUser()
      await addPhone(userId)
      userIds.push(userId)
    }
    const many = userIds[100]!
    for (let i = 0; i < 200; i++) await addPhone(many)
    world.start()
    await until(() => relay.heldCount === 4, 'four requests')
    assert.equal(world.pushRequests(), 4)
    relay.release()
    await until(() => relay.registrations.size === 450, 'all registrations')
    await saved(world, many, 201)
  })
})

describe('what an instance was about', () => {
  test('is found again by the next one, also when it died between telling the relay and writing it down', async () => {
    await using world = await startWorld()
    const { relay, store, clock } = world
    relay.troubles.push = 'unanswered'
    const userId = await world.addUser()
    const phone = await world.addPhone(userId)
    const first = world.start()
    await relay.registered.next()
    await first.close()
    relay.troubles.push = undefined
    // It knows that there may be something to be taken out.
    await store.devices.delete(phone.id, userId)
    world.start()
    await until(() => clock.pending >= 2, 'the deletion to be put off')
    clock.advance(20 * MINUTE_MS)
    await saved(world, userId, 0)
    assert.deepEqual(world.known(), [])
  })

  test('is done once by two of them', async () => {
    await using world = await startWorld()
    const { relay, clock, addUser, addPhone } = world
    const userIds: string[] = []
    for (let i = 0; i < 20; i++) {
      const userId = await addUser()
      await addPhone(userId)
      userIds.push(userId)
    }
    const [first, second] = [world.start(), world.start()]
    for (const userId of userIds) for (const registrations of [first, second]) registrations.changed(userId)
    for (const userId of userIds) await saved(world, userId, 1)
    clock.advance(1000)
    await Promise.all([first.close(), second.close()])
    assert.equal(relay.registered.all.length, 20)
  })

  test('is given up when it closes, whatever the relay does', async () => {
    await using world = await startWorld()
    const { relay } = world
    relay.troubles.push = 'held'
    const userId = await world.addUser()
    await world.addPhone(userId)
    const registrations = world.start()
    await until(() => relay.heldCount === 1, 'a request')
    await registrations.close()
    assert.equal(world.clock.pending, 0)
    registrations.changed(userId)
    registrations.sweep()
    assert.equal(world.clock.pending, 0)
    relay.release()
  })
})

test('more users than may wait are found by a sweep', async () => {
  await using world = await startWorld()
  const { relay, clock } = world
  relay.troubles.push = { status: 503 }
  const [first, last] = [await world.addUser(), await world.addUser()]
  await world.addPhone(first)
  const registrations = world.start({ maxWaiting: 100 })
  await world.pauses(1)
  for (let i = 0; i < 100; i++) registrations.changed(randomUUID())
  await world.addPhone(last)
  registrations.changed(last)
  relay.troubles.push = undefined
  clock.advance(1000)
  await saved(world, last, 1)
})

test('a database that does not answer is asked again', async () => {
  await using world = await startWorld()
  const { clock, store } = world
  const userId = await world.addUser()
  await world.addPhone(userId)
  let isAway = true
  world.start({
    store: {
      exclusively: (name, work) => store.exclusively(name, work),
      memberships: store.memberships,
      pushRegistrations: new Proxy(store.pushRegistrations, {
        get: (target, name) => {
          if (isAway) return () => Promise.reject(new Error('the database is away'))
          return Reflect.get(target, name).bind(target)
        },
      }),
    },
  })
  await world.pauses(1)
  const [warned] = world.logged.filter(({ level }) => level === 'warn')
  assert.match(warned!.event, /database does not take registrations/)
  assert.match(String(warned!.fields.error), /the database is away/)
  isAway = false
  clock.advance(1000)
  await saved(world, userId, 1)
  assert.match(world.log('info'), /database takes registrations of phones again/)
})
