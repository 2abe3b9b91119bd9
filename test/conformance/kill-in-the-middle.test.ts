/**
 * The server is killed again and again while devices write. What was acknowledged is there afterwards, what was not is
 * there whole or not at all, and no file stays that nothing speaks of.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { silentLogger, systemClock } from '../../src/kit/index.ts'
import { openStore } from '../../src/store/index.ts'
import { vaultFiles } from '../../src/vault/files/folders.ts'
import { sweepFiles } from '../../src/vault/jobs/sweep-files.ts'
import { type Json, login, register, type TestDevice } from '../helpers/account.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres.ts'
import { freePort, type RunningProgram, startProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { within } from '../helpers/wait.ts'
import { postgresOptions } from '../store/open-postgres-store.ts'

const WRITERS = 4
const DAY_MS = 86_400_000

/** What a writer has made, or wants to make, of one thing. */
interface State {
  /** Undefined: it is not there. */
  readonly name: string | undefined
  /** Content by the id of the attachment. */
  readonly files: ReadonlyMap<string, string>
}

interface Thing {
  readonly kind: 'cipher' | 'folder'
  readonly id: string
  /** As the server has acknowledged it. */
  state: State
  /** As it is as well, if what was asked last has happened and the answer was lost. */
  asked: State | undefined
}

const NO_FILES: ReadonlyMap<string, string> = new Map()

/** One device that changes things of its own, one after the other. */
class Writer {
  readonly things: Thing[] = []
  /** Names of things whose making was asked for and never answered. */
  readonly unanswered = new Set<string>()
  readonly #device: TestDevice
  readonly #number: number
  #count = 0

  constructor(device: TestDevice, number: number) {
    this.#device = device
    this.#number = number
  }

  /** Writes until the server is gone; resolves with how much was acknowledged. */
  async write(): Promise<number> {
    for (let acknowledged = 0; ; acknowledged++) {
      try {
        await this.#next()
      } catch (error) {
        // `fetch` tells a connection that broke by this kind and no other.
        if (error instanceof TypeError) return acknowledged
        throw error
      }
    }
  }

  async #next(): Promise<void> {
    const step = this.#count++
    const items = this.things.filter(({ kind, state }) => kind === 'cipher' && state.name !== undefined)
    const item = items[step % Math.max(1, items.length)]
    if (item === undefined || step % 5 === 0) return this.#create('cipher')
    const file = item.state.files.keys().next().value
    switch (step % 7) {
      case 1:
        return this.#create('folder')
      case 2:
        return this.#rename(item)
      case 3:
        return file === undefined ? this.#attach(item) : this.#detach(item, file)
      case 4:
        return items.length > 6 ? this.#delete(item) : this.#attach(item)
      default:
        return this.#attach(item)
    }
  }

  async #create(kind: Thing['kind']): Promise<void> {
    const name = this.#newName()
    this.unanswered.add(name)
    const device = this.#device
    const reply =
      kind === 'cipher'
        ? await device.post('/api/ciphers', device.loginItem(name))
        : await device.post('/api/folders', { name: device.encrypt(name) })
    assert.equal(reply.status, 200)
    this.unanswered.delete(name)
    this.things.push({ kind, id: reply.json.id, state: { name, files: NO_FILES }, asked: undefined })
  }

  #rename(item: Thing): Promise<void> {
    const name = this.#newName()
    return this.#ask(item, { ...item.state, name }, () =>
      this.#device.put(`/api/ciphers/${item.id}`, this.#device.loginItem(name)),
    )
  }

  #delete(item: Thing): Promise<void> {
    return this.#ask(item, { name: undefined, files: NO_FILES }, () => this.#device.delete(`/api/ciphers/${item.id}`))
  }

  async #attach(item: Thing): Promise<void> {
    const content = this.#newName().repeat(1 + (this.#count % 4000))
    const key = this.#device.encrypt('key')
    const body = { key, fileName: this.#device.encrypt('name'), fileSize: content.length }
    const { status, json } = await this.#device.post(`/api/ciphers/${item.id}/attachment/v2`, body)
    assert.equal(status, 200)
    const form = new FormData()
    form.append('data', new Blob([content]), 'name')
    const files = new Map(item.state.files).set(json.attachmentId, content)
    await this.#ask(item, { ...item.state, files }, () => this.#device.post(`/api${json.url}`, form))
  }

  #detach(item: Thing, file: string): Promise<void> {
    const files = new Map(item.state.files)
    files.delete(file)
    return this.#ask(item, { ...item.state, files }, () =>
      this.#device.delete(`/api/ciphers/${item.id}/attachment/${file}`),
    )
  }

  async #ask(thing: Thing, asked: State, request: () => Promise<{ status: number }>): Promise<void> {
    thing.asked = asked
    const { status } = await request()
    assert.equal(status, 200)
    thing.state = asked
    thing.asked = undefined
  }

  #newName(): string {
    return `${this.#number}-${this.#count}-${createHash('sha1').update(`${this.#number} ${this.#count}`).digest('hex')}`
  }
}

/** Throws unless all is as one of the two states of each thing has it; from then on that is its state. */
async function check(device: TestDevice, writers: readonly Writer[]): Promise<void> {
  const { json: sync } = await device.get('/api/sync')
  const found = new Map<string, Json>([...sync.ciphers, ...sync.folders].map((one: Json) => [one.id, one]))
  const hasUnanswered = (name: string) => writers.some(({ unanswered }) => unanswered.has(name))
  for (const thing of writers.flatMap(({ things }) => things)) {
    const one = found.get(thing.id)
    found.delete(thing.id)
    const candidates = [thing.state, ...(thing.asked ? [thing.asked] : [])]
    const state = candidates.find((candidate) => isAs(candidate, one, device))
    assert.ok(state, `${thing.kind} ${thing.id} is neither as it was acknowledged nor as it was asked for`)
    // What was not under way has been looked at before.
    const isNew = thing.asked !== undefined
    thing.state = state
    thing.asked = undefined
    if (isNew) for (const [id, content] of state.files) await checkFile(device, thing.id, { id, content })
  }
  for (const one of found.values()) assert.ok(hasUnanswered(device.decrypt(one.name)), `nobody asked for ${one.id}`)
  for (const { unanswered } of writers) unanswered.clear()
  // Those few that were made without an answer are nobody's: later looks must not find them.
  const folders = new Set(sync.folders.map(({ id }: Json) => id))
  for (const id of found.keys()) await device.delete(`/api/${folders.has(id) ? 'folders' : 'ciphers'}/${id}`)
}

function isAs({ name, files }: State, one: Json | undefined, device: TestDevice): boolean {
  if (one === undefined || name === undefined) return one === undefined && name === undefined
  const attachments: Json[] = one.attachments ?? []
  return (
    device.decrypt(one.name) === name &&
    attachments.length === files.size &&
    attachments.every(({ id, size }) => Number(size) === files.get(id)?.length)
  )
}

async function checkFile(device: TestDevice, itemId: string, file: { id: string; content: string }): Promise<void> {
  const { json } = await device.get(`/api/ciphers/${itemId}/attachment/${file.id}`)
  const response = await fetch(device.server + new URL(json.url).pathname + new URL(json.url).search)
  assert.equal(response.status, 200, `attachment ${file.id} has no file`)
  assert.ok((await response.text()) === file.content, `attachment ${file.id} has another file`)
}

const startBelfry = (folder: TemporaryFolder, ports: readonly number[], databaseUrl?: string) =>
  startProgram({
    command: path.resolve(import.meta.dirname, '../../bin/belfry'),
    args: ['serve'],
    cwd: folder.path,
    env: {
      DATA_FOLDER: folder.join('data'),
      DATABASE_URL: databaseUrl,
      ROCKET_ADDRESS: '127.0.0.1',
      ROCKET_PORT: String(ports[0]),
      BELFRY_NATS_PORT: String(ports[1]),
      BELFRY_HTTPS: 'false',
      PASSWORD_ITERATIONS: '100000',
    },
    ready: /Stop with Ctrl-C/,
    readyDeadlineMs: 60_000,
  })

/** Rounds of writing and killing, then a sweep. */
async function killInTheMiddle(rounds: number, databaseUrl?: string): Promise<void> {
  await using folder = await temporaryFolder()
  const ports = [await freePort(), await freePort()]
  let belfry: RunningProgram = await startBelfry(folder, ports, databaseUrl)
  try {
    const server = `http://127.0.0.1:${ports[0]}`
    await register({ server, email: 'alice@example.com' })
    const device = await login({ server, email: 'alice@example.com' })
    const writers = Array.from({ length: WRITERS }, (_, number) => new Writer(device, number))
    let acknowledged = 0
    for (let round = 0; round < rounds; round++) {
      const writing = Promise.all(writers.map((writer) => writer.write()))
      // Some moment that is not the same each time; never one that something waits for.
      await Promise.race([writing, pause(150 + ((round * 97) % 350))])
      belfry.child.kill('SIGKILL')
      acknowledged += (await within(writing, 'the writers to notice')).reduce((sum, count) => sum + count)
      await belfry.exited
      belfry = await startBelfry(folder, ports, databaseUrl)
      await check(device, writers)
    }
    assert.ok(acknowledged > rounds * WRITERS, `only ${acknowledged} changes were acknowledged`)
    for (const { id, state } of writers.flatMap(({ things }) => things)) {
      for (const [file, content] of state.files) await checkFile(device, id, { id: file, content })
    }
    await belfry.stop()
    await assertNoOrphans(folder.join('data'), writers, databaseUrl)
  } finally {
    await belfry[Symbol.asyncDispose]()
  }
}

/** A day later nothing is left in the folder but the files of attachments that are there. */
async function assertNoOrphans(dataFolder: string, writers: readonly Writer[], databaseUrl?: string): Promise<void> {
  const clock = { ...systemClock, now: () => Date.now() + DAY_MS + 60_000 }
  const folders = { attachments: { folder: path.join(dataFolder, 'attachments'), maxBytesPerUser: undefined } }
  const files = vaultFiles({ ...folders, sends: { isOn: true, folder: '/nowhere', maxBytesPerUser: undefined } })
  const store = await openStore(
    databaseUrl === undefined
      ? { kind: 'sqlite', databaseFile: path.join(dataFolder, 'db.sqlite3'), clock }
      : { ...postgresOptions(databaseUrl), clock },
  )
  try {
    await sweepFiles({ store, files, clock, logger: silentLogger })(new AbortController().signal)
    const expected = writers.flatMap(({ things }) => things).flatMap(({ state }) => [...state.files.keys()])
    const left = (await Array.fromAsync(files.attachments.list())).map(({ id }) => id)
    assert.deepEqual(left.sort(), expected.sort())
    assert.equal(await files.attachments.clearLeftovers(Number.POSITIVE_INFINITY), 0)
  } finally {
    await store.close()
  }
}

test('a server that is killed twenty times while it writes loses nothing that it has acknowledged', () =>
  killInTheMiddle(20))

const { skip } = requireProgram('postgres')

test('nor does one on PostgreSQL', { skip }, async () => {
  await using postgres: PostgresServer = await startPostgres({ tcp: true })
  await killInTheMiddle(4, await postgres.createDatabase())
})
