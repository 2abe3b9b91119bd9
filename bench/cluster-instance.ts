/**
 * What an instance of many costs, for sizing, with the vault in PostgreSQL: devices that connect and are connected, changes,
 * what devices then ask for, and what is heard from other instances about users whose devices are elsewhere. Server,
 * PostgreSQL, nats-server and this script are processes of one machine. Run: `node bench/cluster-instance.ts`; takes three
 * minutes.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { registerAndLogin, type TestDevice } from '../test/helpers/account.ts'
import { startNatsNode } from '../test/helpers/nats-cluster.ts'
import { startPostgres } from '../test/helpers/postgres.ts'
import { temporaryFolder } from '../test/helpers/temp.ts'
import { NATS_OPTIONS, startInstances } from './cluster/layout.ts'
import { LeanDevice } from './hub/crowd/lean-device.ts'
import { machine } from './machine.ts'
import { cpuMsOf } from './servers/process-figures.ts'
import { median } from './statistics.ts'
import { printTable } from './table.ts'

const ROUNDS = 3
const USERS = 40
/** As many as a user may have, but for some. */
const DEVICES_PER_USER = 50
const CHANGES = 1_000
const FETCHES = 1_000
const SYNCS = 100
const ITEMS = 200
/** How often each device pings, and is pinged. */
const PING_EVERY_MS = 15_000
const PINGS = 2
const HEARD = 100_000
/** How many messages of another instance are on their way at a time. */
const BATCH = 1_000
/** What an event of an item is as JSON. */
const PAYLOAD = Buffer.alloc(250, ' ')

/** CPU time of a process and its children. Milliseconds. */
function cpuMsWithChildren(pid: number): number {
  let sum = cpuMsOf(pid)
  for (const entry of readdirSync('/proc')) {
    try {
      const isChild = new RegExp(`^PPid:\\s+${pid}$`, 'm').test(readFileSync(`/proc/${entry}/status`, 'utf8'))
      if (isChild) sum += cpuMsOf(Number(entry))
    } catch {
      // No process, or not any more.
    }
  }
  return sum
}

/** What another instance says, by a client of the nats-server. */
class Sayer {
  readonly #socket: Socket
  readonly #header = `NATS/1.0\r\nBelfry-Instance: ${randomUUID()}\r\n\r\n`

  static async connect(port: number): Promise<Sayer> {
    const socket = connect(port, '127.0.0.1')
    socket.write('CONNECT {"verbose":false,"headers":true,"user":"sayer","pass":"sayer"}\r\n')
    const sayer = new Sayer(socket)
    await sayer.#arrived()
    return sayer
  }

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  async say(userIds: readonly string[]): Promise<void> {
    const size = this.#header.length + PAYLOAD.length
    for (const id of userIds) {
      this.#socket.write(`HPUB vault.user.${id}.SyncCipherUpdate ${this.#header.length} ${size}\r\n${this.#header}`)
      this.#socket.write(PAYLOAD)
      this.#socket.write('\r\n')
    }
    await this.#arrived()
  }

  close(): void {
    this.#socket.destroy()
  }

  async #arrived(): Promise<void> {
    this.#socket.write('PING\r\n')
    for (;;) {
      const [bytes] = (await once(this.#socket, 'data')) as [Buffer]
      if (bytes.includes('PONG')) return
    }
  }
}

console.log(machine())
await using cleanup = new AsyncDisposableStack()
const folder = cleanup.use(await temporaryFolder())
const postgres = cleanup.use(await startPostgres({ tcp: true }))
const config = 'accounts { VAULT { users: [{ user: sayer, password: sayer }] } }'
const node = cleanup.use(await startNatsNode({ ...NATS_OPTIONS, config }))
const layout = { name: 'an instance', nodes: [node] }
const instances = cleanup.use(await startInstances(layout, { postgres, rsaKeyFilename: folder.join('rsa_key') }))
const sayer = await Sayer.connect(node.port)
cleanup.defer(() => sayer.close())

const [webUrl = ''] = instances.webUrls
const { hostname: host, port } = new URL(webUrl)
const address = { host, port: Number(port) }
const serverPid = instances.pids[0]!
const databasePid = Number(readFileSync(path.join(postgres.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0])

const users: TestDevice[] = []
for (let i = 0; i < USERS; i++) {
  const headers = { 'X-Real-IP': `192.0.2.${i}` }
  const fetchFromAddress: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), ...headers } })
  users.push(await registerAndLogin({ server: webUrl, fetch: fetchFromAddress }))
}

/** Milliseconds that pass, and that the server and the database compute, while `work` is done; each time per piece. */
async function measured(pieces: number, work: () => Promise<void>) {
  const before = [performance.now(), cpuMsOf(serverPid), cpuMsWithChildren(databasePid)] as const
  await work()
  const after = [performance.now(), cpuMsOf(serverPid), cpuMsWithChildren(databasePid)] as const
  const [passed, server, database] = after.map((ms, i) => (ms - before[i]!) / pieces) as [number, number, number]
  return { passed, server, database }
}

async function connectAll(devices: LeanDevice[]): Promise<void> {
  const waiting = users.flatMap((user) => Array.from({ length: DEVICES_PER_USER }, () => user))
  const worker = async () => {
    for (let user = waiting.pop(); user; user = waiting.pop()) {
      const resident = { userId: user.userId, accessToken: user.accessToken }
      const device = new LeanDevice({
        address,
        resident,
        onEvent: () => {},
        onLost: () => fail('A device was sent away'),
      })
      devices.push(device)
      await device.opened()
    }
  }
  await Promise.all(Array.from({ length: 100 }, worker))
}

async function change(): Promise<void> {
  for (let i = 0; i < CHANGES; i++) {
    const { status } = await actor.put(`/api/ciphers/${itemIds[i % ITEMS]}`, item)
    if (status !== 200) fail(`A change was answered with ${status}`)
  }
}

const [actor] = users as [TestDevice]
const item = actor.loginItem('example')
const itemIds: string[] = []
for (let i = 0; i < ITEMS; i++) itemIds.push((await actor.post('/api/ciphers', item)).json.id)

async function get(count: number, pathOf: (i: number) => string): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { status } = await actor.get(pathOf(i))
    if (status !== 200) fail(`${pathOf(i)} was answered with ${status}`)
  }
}

async function stay(devices: readonly LeanDevice[]): Promise<void> {
  for (let i = 0; i < PINGS; i++) {
    // Not all at once: each in its own tenth of a second.
    const begin = performance.now()
    for (let tenth = 0; tenth < PING_EVERY_MS / 100; tenth++) {
      for (let at = tenth; at < devices.length; at += PING_EVERY_MS / 100) devices[at]!.ping()
      await sleep(Math.max(0, begin + (tenth + 1) * 100 - performance.now()))
    }
  }
}

async function hear(): Promise<void> {
  for (let said = 0; said < HEARD; said += BATCH) await sayer.say(Array.from({ length: BATCH }, () => randomUUID()))
  // All of it has arrived when the instance needs no more time.
  for (let last = -1; last !== cpuMsOf(serverPid); await sleep(300)) last = cpuMsOf(serverPid)
}

function fail(reason: string): never {
  throw new Error(reason)
}

const DEVICES = USERS * DEVICES_PER_USER
const results = new Map<string, Awaited<ReturnType<typeof measured>>[]>()
async function measure(name: string, pieces: number, work: () => Promise<void>): Promise<void> {
  const rounds = results.get(name) ?? []
  results.set(name, rounds)
  rounds.push(await measured(pieces, work))
}
for (let round = 0; round < ROUNDS; round++) {
  const devices: LeanDevice[] = []
  await measure('a device connects', DEVICES, () => connectAll(devices))
  await measure('it pings, and is pinged', DEVICES * PINGS, () => stay(devices))
  for (const device of devices) device.drop()
  await sleep(2_000)
  await measure('an item is changed', CHANGES, change)
  await measure('an item is fetched', FETCHES, () => get(FETCHES, (i) => `/api/ciphers/${itemIds[i % ITEMS]}`))
  await measure('the revision date is asked for', FETCHES, () => get(FETCHES, () => '/api/accounts/revision-date'))
  await measure(`a vault of ${ITEMS} items is synced`, SYNCS, () => get(SYNCS, () => '/api/sync'))
  await measure('a change elsewhere, of nobody here', HEARD, hear)
}

const column = (heading: string, of: 'passed' | 'server' | 'database') => ({
  heading,
  values: [...results.values()].map((rounds) => median(rounds.map((round) => round[of]))),
  digits: 4,
  hasRatio: false,
})
printTable(
  `milliseconds for each, medians of ${ROUNDS} rounds`,
  [...results.keys()],
  [column('that pass', 'passed'), column('of CPU: Belfry', 'server'), column('of CPU: PostgreSQL', 'database')],
)
