import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { instanceMark, type Store } from '#store'
import { startPostgres } from '../helpers/postgres.ts'
import { startProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { until, within } from '../helpers/wait.ts'
import { openPostgres, queryPostgres } from './open-postgres-store.ts'
import { sampleDevice, sampleUser } from './samples.ts'

const { skip } = requireProgram('postgres')

describe('several instances on one PostgreSQL database', { skip }, async () => {
  if (skip) return
  const server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())

  async function openStores(count: number, changes = {}) {
    const url = await server.createDatabase()
    const stores = await Promise.all(Array.from({ length: count }, () => openPostgres(url, changes)))
    return {
      url,
      stores: stores as [Store, Store, ...Store[]],
      [Symbol.asyncDispose]: async () => void (await Promise.all(stores.map((store) => store.close()))),
    }
  }

  /** Reads a number, lets others in, and writes one more. */
  async function increment(store: Store, userId: string): Promise<void> {
    const user = (await store.users.find(userId))!
    await store.ping()
    await store.users.update({ ...user, loginVerifyCount: user.loginVerifyCount + 1 })
  }

  for (const [how, count, times] of [
    ['in turn of the account', 8, 10],
    ['of no account', 2, 10],
  ] as const) {
    test(`lose nothing when ${count} read and then write the same, ${how}`, async () => {
      await using opened = await openStores(count)
      const { stores } = opened
      const user = sampleUser()
      await stores[0].users.insert(user)
      const options = how === 'of no account' ? {} : { account: user.id }
      await Promise.all(
        stores.map(async (store) => {
          for (let i = 0; i < times; i++) await store.transaction((inside) => increment(inside, user.id), options)
        }),
      )
      assert.equal((await stores[1].users.find(user.id))?.loginVerifyCount, count * times)
    })
  }

  test('run the work of an account once each, however many want a turn', async () => {
    await using opened = await openStores(4)
    const user = sampleUser()
    await opened.stores[0].users.insert(user)
    let runs = 0
    const work = (store: Store) => {
      runs++
      return increment(store, user.id)
    }
    const turns = opened.stores.flatMap((store) =>
      Array.from({ length: 5 }, () => store.transaction(work, { account: user.id })),
    )
    await Promise.all(turns)
    assert.equal(runs, 20)
  })

  test('take one connection each for all that one account asks for, and leave the others to everybody else', async () => {
    await using opened = await openStores(2, { maxConnections: 2 })
    const [store] = opened.stores
    const user = sampleUser()
    await store.users.insert(user)
    const goOn = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const options = { account: user.id }
    const first = store.transaction(async () => {
      begun.resolve()
      await goOn.promise
    }, options)
    await begun.promise
    const others = Array.from({ length: 5 }, () => store.transaction((inside) => increment(inside, user.id), options))
    await within(store.ping(), 'an answer to somebody else')
    goOn.resolve()
    await Promise.all([first, ...others])
    assert.equal((await store.users.find(user.id))?.loginVerifyCount, 5)
  })

  test('do not overlook each other where one reads what the other writes', async () => {
    await using opened = await openStores(2)
    const [here, there] = opened.stores
    const user = sampleUser()
    await here.users.insert(user)
    const bothHaveRead = Promise.withResolvers<void>()
    let readers = 0
    const hasRead = async () => {
      if (++readers === 2) bothHaveRead.resolve()
      await bothHaveRead.promise
    }
    // A login that looks at the stamp and adds a device, beside the end of all sessions, which looks at the devices.
    const device = sampleDevice(user.id)
    const login = here.transaction(async (store) => {
      const { securityStamp } = (await store.users.find(user.id))!
      await hasRead()
      if (securityStamp === user.securityStamp) await store.devices.insert(device)
    })
    const end = there.transaction(async (store) => {
      const devices = await store.devices.ofUser(user.id)
      await hasRead()
      await store.users.update({ ...user, securityStamp: 'new' })
      for (const { id } of devices) await store.devices.delete(id, user.id)
    })
    await Promise.all([login, end])
    assert.deepEqual(await here.devices.ofUser(user.id), [])
    assert.equal((await here.users.find(user.id))?.securityStamp, 'new')
  })

  test('that wait for each other are untangled', async () => {
    await using opened = await openStores(2)
    const [here, there] = opened.stores
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await here.users.insert(user)
    const bothHaveOne = Promise.withResolvers<void>()
    let holders = 0
    const work = (first: string, second: string, at: Date) => async (store: Store) => {
      await store.users.touch(first, at)
      if (++holders === 2) bothHaveOne.resolve()
      await bothHaveOne.promise
      await store.users.touch(second, at)
    }
    const [one, two] = [new Date('2026-05-01T00:00:00Z'), new Date('2026-05-02T00:00:00Z')]
    await Promise.all([here.transaction(work(ada.id, bob.id, one)), there.transaction(work(bob.id, ada.id, two))])
    for (const { id } of [ada, bob]) assert.ok((await here.users.find(id))!.updatedAt >= two)
  })

  test('register one of two that come with the same address, and the other finds them there', async () => {
    await using opened = await openStores(2)
    const bothHaveRead = Promise.withResolvers<void>()
    let readers = 0
    const register = (store: Store) =>
      store.transaction(async (inside) => {
        const existing = await inside.users.findByEmail('ada@example.com')
        if (++readers === 2) bothHaveRead.resolve()
        await bothHaveRead.promise
        if (existing) return 'taken'
        await inside.users.insert(sampleUser({ email: 'ada@example.com' }))
        return 'registered'
      })
    assert.deepEqual((await Promise.all(opened.stores.map(register))).toSorted(), ['registered', 'taken'])
  })

  test('a transaction whose work goes on after an error is not taken for committed', async () => {
    await using opened = await openStores(1)
    const [store] = opened.stores
    const user = sampleUser()
    await store.users.insert(user)
    const work = store.transaction(async (inside) => {
      await inside.users.update({ ...user, name: 'new' })
      await inside.users.insert(user).catch(() => undefined)
    })
    await assert.rejects(work)
    assert.deepEqual(await store.users.find(user.id), user)
  })

  test('an error of a statement names no contents of rows', async () => {
    await using opened = await openStores(1)
    const user = sampleUser({ email: 'ada@example.com' })
    await opened.stores[0].users.insert(user)
    await assert.rejects(opened.stores[0].users.insert({ ...user, id: 'other' }), (error: Error) => {
      assert.match(error.message, /users_email_key/)
      assert.doesNotMatch(`${error.stack}${JSON.stringify(error)}`, /ada@example/)
      return true
    })
  })

  test('a value that PostgreSQL cannot keep is refused as such, and costs nothing else', async () => {
    await using opened = await openStores(1)
    const [store] = opened.stores
    const user = sampleUser()
    await store.users.insert(user)
    for (const changes of [{ name: 'A\0da' }, { loginVerifyCount: 2 ** 31 }, { newEmailToken: 'x'.repeat(17) }]) {
      const unstorable = { name: 'UnstorableValue', code: 'UNSTORABLE_VALUE' } as const
      await assert.rejects(store.users.update({ ...user, ...changes }), unstorable)
    }
    await assert.rejects(store.users.findByEmail('a\0@example.com'), { name: 'UnstorableValue' })
    assert.deepEqual(await store.users.find(user.id), user)
  })

  test('a transaction that others are in the way of again and again is given up, as one to be asked for again', async () => {
    await using opened = await openStores(1)
    const inTheWay = Object.assign(new Error('could not serialize access'), { code: '40001' })
    const work = () => Promise.reject(inTheWay)
    await assert.rejects(opened.stores[0].transaction(work), { name: 'DatabaseUnavailable', cause: inTheWay })
  })

  test('what the server cannot do as things are is refused as such, until it can', async () => {
    await using opened = await openStores(1, { maxConnections: 1 })
    const [store] = opened.stores
    const user = sampleUser()
    await queryPostgres(
      opened.url,
      `CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
       CREATE TRIGGER fill BEFORE INSERT ON users EXECUTE FUNCTION fill()`,
    )
    await assert.rejects(store.users.insert(user), { name: 'DatabaseUnavailable', message: /No space left/ })
    assert.equal(await store.users.find(user.id), undefined)
    await queryPostgres(opened.url, 'DROP TRIGGER fill ON users')
    await store.users.insert(user)
  })

  test('a connection to a server that has become read-only is given up for one that can write', async () => {
    await using opened = await openStores(1, { maxConnections: 1 })
    const [store] = opened.stores
    const database = new URL(opened.url).pathname.slice(1)
    const setReadOnly = `ALTER DATABASE ${database} SET default_transaction_read_only`
    await queryPostgres(
      opened.url,
      `${setReadOnly} = on; SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    await until(
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      'another connection',
    )
    await queryPostgres(opened.url, `SET TRANSACTION READ WRITE; ${setReadOnly} = off`)
    const user = sampleUser()
    await assert.rejects(store.users.insert(user), { name: 'DatabaseUnavailable', message: /read-only/ })
    await store.users.insert(user)
  })

  test('a statement that takes too long is ended, and the connection serves the next', async () => {
    await using opened = await openStores(1, { statementTimeoutMs: 200, lockTimeoutMs: 0, maxConnections: 1 })
    const [store] = opened.stores
    const user = sampleUser()
    await store.users.insert(user)
    const lock = await server.hold(opened.url, 'LOCK TABLE users')
    await assert.rejects(store.users.find(user.id), { name: 'DatabaseUnavailable', message: /statement timeout/ })
    await lock.release()
    assert.deepEqual(await store.users.find(user.id), user)
  })

  test('a statement waits for a lock no longer than asked for', async () => {
    await using opened = await openStores(1, { lockTimeoutMs: 200 })
    const [store] = opened.stores
    const lock = await server.hold(opened.url, 'LOCK TABLE users')
    await assert.rejects(store.users.find('x'), { name: 'DatabaseUnavailable', message: /lock timeout/ })
    await lock.release()
    assert.equal(await store.users.find('x'), undefined)
  })

  test('a transaction that stands still is ended by the server, and changes nothing', async () => {
    await using opened = await openStores(1, { idleInTransactionTimeoutMs: 200, maxConnections: 1 })
    const [store] = opened.stores
    const user = sampleUser()
    const work = store.transaction(async (inside) => {
      await inside.users.insert(user)
      await until(async () => (await queryPostgres(opened.url, IDLE)).length === 0, 'the server to end it')
      await inside.ping()
    })
    await assert.rejects(work, {
      name: 'DatabaseUnavailable',
      message: /^The database "test_\d+" at .* cannot be reached: /,
    })
    assert.equal(await store.users.find(user.id), undefined)
  })

  test('a query that gets no connection in time is refused', async () => {
    await using opened = await openStores(1, { maxConnections: 1, acquireTimeoutMs: 200 })
    const [store] = opened.stores
    const goOn = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const work = store.transaction(async () => {
      begun.resolve()
      await goOn.promise
    })
    await begun.promise
    await assert.rejects(store.ping(), { name: 'DatabaseUnavailable' })
    await assert.rejects(Promise.all([1, 2].map(() => store.transaction(async () => {}, { account: 'ada' }))), {
      name: 'DatabaseUnavailable',
    })
    goOn.resolve()
    await work
    await store.ping()
  })

  test('do exclusive work one at a time', async () => {
    await using opened = await openStores(2)
    const [here, there] = opened.stores
    let isRunning = false
    let runs = 0
    const purge = async () => {
      assert.equal(isRunning, false)
      isRunning = true
      await here.ping()
      runs++
      isRunning = false
    }
    const ran = await here.exclusively('purge', async () => {
      assert.equal(await there.exclusively('purge', purge), false)
      assert.equal(await there.exclusively('backup', purge), true)
    })
    assert.equal(ran, true)
    assert.equal(await there.exclusively('purge', purge), true)
    const answers = await Promise.all([here, there, here, there].map((store) => store.exclusively('purge', purge)))
    assert.ok(answers.includes(true))
    assert.equal(runs, 2 + answers.filter(Boolean).length)
  })

  test('know of each other by their names, for as long as they have this database open', async (t) => {
    const url = await server.createDatabase()
    const named = (instance: string) => openPostgres(url, { instance })
    const ada = await named('ada')
    t.after(() => ada.close())
    assert.deepEqual(await ada.otherInstances(), [])
    const [bob, cem] = [await named('bob'), await named('cem')]
    const beside = await openPostgres(await server.createDatabase(), { instance: 'dan' })
    // Each over several connections.
    await Promise.all(Array.from({ length: 4 }, () => bob.ping()))
    const others = async (store: Store) => [...(await store.otherInstances())].sort()
    assert.deepEqual(await others(ada), ['bob', 'cem'].map(instanceMark).sort())
    assert.deepEqual(await others(cem), ['ada', 'bob'].map(instanceMark).sort())
    assert.deepEqual(await others(beside), [])
    await Promise.all([bob, cem, beside].map((store) => store.close()))
    await until(async () => (await ada.otherInstances()).length === 0, 'the others to be gone')
  })

  test('take over exclusive work from one that was killed', { timeout: 30_000 }, async () => {
    await using opened = await openStores(1)
    const [store] = opened.stores
    const program = join(import.meta.dirname, 'exclusive-child.ts')
    await using child = await startProgram({ command: process.execPath, args: [program, opened.url], ready: /running/ })
    const nothing = async () => {}
    assert.equal(await store.exclusively('purge', nothing), false)
    child.child.kill('SIGKILL')
    await until(() => store.exclusively('purge', nothing), 'the lock to be given up')
  })

  test('tell exclusive work that its connection broke, so that another may have begun it', async () => {
    await using opened = await openStores(2)
    const [here, there] = opened.stores
    await here.exclusively('purge', async (lost) => {
      await queryPostgres(
        opened.url,
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database =
           (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
      await until(() => lost.aborted, 'the work to be told')
      assert.match(String(lost.reason), /cannot be reached/)
      assert.equal(await there.exclusively('purge', async () => {}), true)
    })
  })
})

/** Connections of Belfry with a transaction that stands still. */
const IDLE = `SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()`
