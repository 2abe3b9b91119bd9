import assert from 'node:assert/strict'
import net from 'node:net'
import { after, describe, test } from 'node:test'
import { systemClock } from '#kit'
import { openStore } from '#store'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { once, until, within } from '../helpers/wait.ts'
import { openPostgres, postgresOptions, queryPostgres } from './open-postgres-store.ts'
import { sampleCipher, sampleFolder, sampleUser } from './samples.ts'

const { skip } = requireProgram('postgres')

const unavailable = { name: 'DatabaseUnavailable', code: 'DATABASE_UNAVAILABLE' } as const

describe('when PostgreSQL goes and comes back', { skip }, async () => {
  if (skip) return
  const server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())

  test('a store that was idle goes on by itself, and the log tells', async () => {
    const url = await server.createDatabase()
    const events: LoggedEvent[] = []
    const logger = recordingLogger((line) => events.push(line))
    const store = await openStore({ ...postgresOptions(url), clock: systemClock, logger })
    const user = sampleUser()
    await store.users.insert(user)
    await server.restart()
    await until(() => events.length > 0, 'the log to tell')
    assert.deepEqual([events[0]!.level, events[0]!.event], ['warn', 'idle database connection lost'])
    assert.deepEqual(await store.users.find(user.id), user)
    await store.close()
  })

  test('whoever has to make up for it is told once it is over, and from when on', async () => {
    const url = await server.createDatabase()
    const told: number[] = []
    const onOutage = (sinceMs: number) => void told.push(sinceMs)
    const store = await openStore({ ...postgresOptions(url), clock: systemClock, onOutage })
    const user = sampleUser()
    await store.users.insert(user)
    await assert.rejects(store.users.insert(user))
    const beganMs = Date.now()
    await server.stop()
    await assert.rejects(store.ping(), unavailable)
    const asked = Date.now()
    await assert.rejects(store.ping(), unavailable)
    assert.deepEqual(told, [])
    await server.start()
    await until(() => told.length > 0, 'the end of it to be told')
    assert.ok(told[0]! >= beganMs && told[0]! <= asked, `${told[0]! - beganMs}`)
    await store.close()
    assert.equal(told.length, 1)
  })

  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    test(`a transaction that is under way at its ${signal} rejects, and has changed nothing`, async () => {
      const url = await server.createDatabase()
      const store = await openPostgres(url)
      const user = sampleUser()
      const work = store.transaction(
        async (inside) => {
          await inside.users.insert(user)
          await server.stop(signal)
          await inside.folders.insert(sampleFolder(user.id))
        },
        { account: user.id },
      )
      await assert.rejects(work, unavailable)
      await assert.rejects(store.users.find(user.id), {
        ...unavailable,
        message: /^The database "test_\d+" at \/.*:5432 cannot be reached: /,
      })
      await assert.rejects(store.ping(), unavailable)
      await server.start()
      assert.equal(await store.users.find(user.id), undefined)
      await store.close()
    })
  }

  test('a statement that waits at its end rejects', async () => {
    const url = await server.createDatabase()
    const store = await openPostgres(url)
    await store.ping()
    const lock = await server.hold(url, 'LOCK TABLE users')
    const [waiting] = await Promise.allSettled([
      store.users.find('x'),
      // Not in good order, in which the lock is given up a moment before the statement is.
      until(async () => (await queryPostgres(url, WAITING)).length > 0, 'the statement to wait').then(() =>
        server.stop('SIGQUIT'),
      ),
    ])
    assert.equal(waiting.status, 'rejected')
    assert.equal(waiting.reason.name, 'DatabaseUnavailable')
    await server.start()
    await lock.release()
    assert.equal(await store.users.find('x'), undefined)
    await store.close()
  })

  test('in the middle of traffic every change was made whole or not at all, and none that was promised is lost', async () => {
    const url = await server.createDatabase()
    const stores = [await openPostgres(url), await openPostgres(url)]
    const user = sampleUser()
    await stores[0]!.users.insert(user)
    const promised: string[] = []
    const outcomes = { made: 0, refused: 0 }
    let isOver = false
    const writer = async (index: number) => {
      while (!isOver) {
        const folder = sampleFolder(user.id)
        const cipher = sampleCipher(user.id)
        const change = stores[index % 2]!.transaction(
          async (store) => {
            await store.folders.insert(folder)
            await store.ciphers.insert(cipher)
            await store.ciphers.setFolder(user.id, [cipher.id], folder.id)
          },
          index < 4 ? { account: user.id } : {},
        )
        try {
          await change
          promised.push(cipher.id)
          outcomes.made++
        } catch (error) {
          assert.equal((error as Error).name, 'DatabaseUnavailable', `${(error as Error).stack}`)
          outcomes.refused++
          await new Promise(setImmediate)
        }
      }
    }
    const writers = Array.from({ length: 8 }, (_, index) => writer(index))
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const before = outcomes.made
      await until(() => outcomes.made > before + 20, 'changes')
      await server.stop(signal)
      const refused = outcomes.refused
      await until(() => outcomes.refused > refused + 8, 'refusals')
      await server.start()
    }
    const before = outcomes.made
    await until(() => outcomes.made > before + 20, 'changes after the restarts')
    isOver = true
    await Promise.all(writers)

    const ciphers = await stores[0]!.ciphers.ownOf(user.id)
    const folders = await stores[0]!.folders.ofUser(user.id)
    assert.equal(folders.length, ciphers.length)
    for (const { folderId } of ciphers) assert.ok(folders.some(({ id }) => id === folderId))
    const kept = new Set(ciphers.map(({ id }) => id))
    assert.deepEqual(
      promised.filter((id) => !kept.has(id)),
      [],
    )
    for (const store of stores) await store.close()
  })

  test('a store can be closed while there is no server', async () => {
    const url = await server.createDatabase()
    const store = await openPostgres(url)
    await store.ping()
    await server.stop('SIGKILL')
    await within(store.close(), 'the store to close')
    await assert.rejects(store.ping())
    await server.start()
  })
})

describe('when PostgreSQL answers nothing any more', { skip }, async () => {
  if (skip) return
  const server = await startPostgres({ tcp: true })
  after(() => server[Symbol.asyncDispose]())

  test('what was asked is given up in time, and the store goes on when the way is free', {
    timeout: 40_000,
  }, async () => {
    const url = new URL(await server.createDatabase())
    await using line = await stallingLine(Number(url.port))
    url.port = String(line.port)
    const limits = { statementTimeoutMs: 300, acquireTimeoutMs: 500, maxConnections: 2 }
    const store = await openPostgres(url.href, limits)
    await store.ping()
    line.stall()
    const started = performance.now()
    await assert.rejects(store.ping(), unavailable)
    // The server's time for the statement, and five seconds for its answer.
    assert.ok(performance.now() - started < 8_000)
    await assert.rejects(within(store.ping(), 'a refusal', 2_000), unavailable)
    line.goOn()
    await store.ping()
    await store.close()
  })
})

/** A proxy that can keep the bytes of old connections and new ones to itself. */
async function stallingLine(target: number) {
  const sockets: net.Socket[] = []
  let isStalled = false
  const server = net.createServer((near) => {
    sockets.push(near.on('error', () => undefined))
    if (isStalled) return
    const far = net.connect(target, '127.0.0.1').on('error', () => undefined)
    sockets.push(far)
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as net.AddressInfo).port,
    stall() {
      isStalled = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    goOn() {
      isStalled = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Who waits for a lock. */
const WAITING = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
