/**
 * What a message costs the leaf node that it crosses, Belfry beside nats-server: from a hub to one client, and from one
 * client to the hub, over TCP without compression. The hub is a nats-server in both cases.
 *
 * Run: `node bench/leaf.ts`; takes a minute. `NATS_SERVER=<path>` names the nats-server, else it is the one of the PATH.
 */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep, setImmediate as turnOver } from 'node:timers/promises'
import { freePort, startProgram } from '../test/helpers/processes.ts'
import { temporaryFolder } from '../test/helpers/temp.ts'
import { machine } from './machine.ts'
import { cpuMsOf } from './servers/process-figures.ts'
import { median } from './statistics.ts'
import { printTable } from './table.ts'

const ROUNDS = 5
const MESSAGES = 200_000
const BATCH = 100
/** Messages that may be on their way: a sender without bounds would only measure buffers. */
const MOST_UNDER_WAY = 3_000

const SUBJECT = 'bench.leaf'
const PAYLOAD = 'x'.repeat(128)
const PUBLISHED = Buffer.from(`PUB ${SUBJECT} ${PAYLOAD.length}\r\n${PAYLOAD}\r\n`.repeat(BATCH))
const DELIVERED_BYTES = `MSG ${SUBJECT} 1 ${PAYLOAD.length}\r\n${PAYLOAD}\r\n`.length

const NATS_SERVER = process.env.NATS_SERVER ?? 'nats-server'
const BELFRY = path.join(import.meta.dirname, '../bin/belfry')
/** Up to 2.9 there is no compression, and no word for it. */
const COMPRESSION = /v2\.[0-9]\./.test(execFileSync(NATS_SERVER, ['-v'], { encoding: 'utf8' }))
  ? ''
  : 'compression: off'

const LEAFS = [
  { name: 'Belfry', command: BELFRY, args: ['nats-server'] },
  { name: 'nats-server', command: NATS_SERVER, args: [] },
] as const

interface Figures {
  readonly messagesPerSecond: number
  /** CPU of the leaf node, all threads; microseconds for each message. */
  readonly cpuUs: number
}

/** A client that counts bytes instead of looking at them: it must not be what is measured. */
class Client implements AsyncDisposable {
  receivedBytes = 0
  readonly socket: net.Socket

  static async connect(port: number): Promise<Client> {
    const socket = net.connect(port, '127.0.0.1')
    await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject))
    const client = new Client(socket)
    socket.write('CONNECT {"verbose":false,"protocol":1}\r\n')
    return client
  }

  private constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('data', (bytes) => {
      // PINGs come between messages only while nothing else does.
      if (bytes.length === 6 && bytes.toString('latin1') === 'PING\r\n') socket.write('PONG\r\n')
      else this.receivedBytes += bytes.length
    })
  }

  async [Symbol.asyncDispose]() {
    this.socket.destroy()
  }
}

async function measure({ command, args }: (typeof LEAFS)[number], isDown: boolean): Promise<Figures> {
  await using folder = await temporaryFolder()
  const [hubPort, linkPort, leafPort] = [await freePort(), await freePort(), await freePort()]
  const hubFile = folder.join('hub.conf')
  const leafFile = folder.join('leaf.conf')
  await writeFile(
    hubFile,
    `listen: "127.0.0.1:${hubPort}"\nleafnodes { listen: "127.0.0.1:${linkPort}", ${COMPRESSION} }`,
  )
  const remotes = `leafnodes { remotes: [ { url: "nats://127.0.0.1:${linkPort}" } ] }`
  await writeFile(leafFile, `listen: "127.0.0.1:${leafPort}"\n${remotes}`)
  await using _hub = await startProgram({ command: NATS_SERVER, args: ['-c', hubFile], ready: { port: hubPort } })
  await using leaf = await startProgram({ command, args: [...args, '-c', leafFile], ready: { port: leafPort } })
  await using publisher = await Client.connect(isDown ? hubPort : leafPort)
  await using subscriber = await Client.connect(isDown ? leafPort : hubPort)
  subscriber.socket.write(`SUB ${SUBJECT} 1\r\n`)
  while (subscriber.receivedBytes === 0) {
    publisher.socket.write(PUBLISHED)
    await sleep(20)
  }
  await send(publisher, subscriber, MESSAGES / 4)

  const pid = leaf.child.pid!
  const cpuBeforeMs = cpuMsOf(pid)
  const startMs = performance.now()
  await send(publisher, subscriber, MESSAGES)
  const seconds = (performance.now() - startMs) / 1000
  return { messagesPerSecond: MESSAGES / seconds, cpuUs: ((cpuMsOf(pid) - cpuBeforeMs) * 1000) / MESSAGES }
}

/** Resolves when all of them have arrived, and what came before. */
async function send(publisher: Client, subscriber: Client, count: number): Promise<void> {
  await quiet(subscriber)
  subscriber.receivedBytes = 0
  for (let sent = 0; sent < count; sent += BATCH) {
    publisher.socket.write(PUBLISHED)
    while (sent - subscriber.receivedBytes / DELIVERED_BYTES > MOST_UNDER_WAY) await turnOver()
  }
  while (subscriber.receivedBytes < count * DELIVERED_BYTES) await turnOver()
}

async function quiet(client: Client): Promise<void> {
  for (let before = -1; before !== client.receivedBytes; ) {
    before = client.receivedBytes
    await sleep(100)
  }
}

console.log(machine())
for (const [title, isDown] of [
  ['from the hub to a client of the leaf node', true],
  ['from a client of the leaf node to the hub', false],
] as const) {
  const rounds: Figures[][] = LEAFS.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, one] of LEAFS.entries()) rounds[i]!.push(await measure(one, isDown))
  }
  const of = (figure: keyof Figures) => rounds.map((figures) => median(figures.map((each) => each[figure])))
  printTable(
    `${PAYLOAD.length} bytes ${title}`,
    LEAFS.map(({ name }) => name),
    [
      { heading: 'messages/s', values: of('messagesPerSecond'), digits: 0 },
      { heading: 'CPU of the leaf node', values: of('cpuUs'), digits: 2, unit: ' us/message' },
    ],
  )
}
