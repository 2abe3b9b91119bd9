/**
 * What an instance of many costs, for sizing: devices that connect while the vault is in PostgreSQL, changes, and what it
 * hears from other instances about users whose devices are elsewhere. Server, PostgreSQL, nats-server and this script are
 * processes of one machine. Run: `node bench/cluster-instance.ts`; takes about a minute and a half.
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
  const [actor] = users as [TestDevice]
  for (let i = 0; i < CHANGES; i++) {
    const { status } = await actor.post('/api/folders', { name: actor.encrypt('Work') })
    if (status !== 200) fail(`A change was answered with ${status}`)
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

const rows = ['a device connects', 'a change through the API', 'a change elsewhere, of nobody here'] as const
const results = rows.map(() => [] as Awaited<ReturnType<typeof measured>>[])
for (let round = 0; round < ROUNDS; round++) {
  const devices: LeanDevice[] = []
  results[0]!.push(await measured(USERS * DEVICES_PER_USER, () => connectAll(devices)))
  for (const device of devices) device.drop()
  await sleep(2_000)
  results[1]!.push(await measured(CHANGES, change))
  results[2]!.push(await measured(HEARD, hear))
}

const column = (heading: string, of: 'passed' | 'server' | 'database') => ({
  heading,
  values: results.map((rounds) => median(rounds.map((round) => round[of]))),
  digits: 4,
  hasRatio: false,
})
printTable(`milliseconds for each, medians of ${ROUNDS} rounds`, rows, [
  column('that pass', 'passed'),
  column('of CPU: Belfry', 'server'),
  column('of CPU: PostgreSQL', 'database'),
])
