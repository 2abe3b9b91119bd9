import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../test/helpers/wait.ts'
import { cpuMsOf } from '../servers/process-figures.ts'
import type { TrafficFigures, TrafficOrder } from './order.ts'
import { connectLeanClient } from './subscriber.ts'

const SID = '1'

/**
 * One publisher and its subscribers. It sends a batch whenever all that it sent but the last batch has arrived, on
 * average: as fast as the server goes, without a queue that only grows.
 */
class Group {
  deliveries = 0
  #published = 0
  #isStopped = false
  readonly #subject: string
  readonly #order: TrafficOrder
  readonly #batch: Buffer
  readonly #messageBytes: number
  #bytesRead = 0
  #publisher: Socket | undefined

  constructor(index: number, order: TrafficOrder) {
    this.#order = order
    this.#subject = `bench.group.${index}.changed`
    const payload = 'x'.repeat(order.payloadBytes)
    this.#batch = Buffer.from(`PUB ${this.#subject} ${order.payloadBytes}\r\n${payload}\r\n`.repeat(order.batch))
    this.#messageBytes = `MSG ${this.#subject} ${SID} ${order.payloadBytes}\r\n${payload}\r\n`.length
  }

  async connect(): Promise<Socket[]> {
    const { tcp, subscriberAddress, subscriberTransport, subscribersPerGroup, user, subscribesWidely } = this.#order
    const subscribed = subscribesWidely ? this.#subject.replace(/[^.]+$/, '*') : this.#subject
    const sockets: Socket[] = []
    for (let i = 0; i < subscribersPerGroup; i++) {
      const subscriber = await connectLeanClient({
        address: subscriberAddress,
        transport: subscriberTransport,
        user,
        lines: `SUB ${subscribed} ${SID}\r\n`,
        onStreamBytes: (count) => this.#arrived(count),
      })
      sockets.push(subscriber)
    }
    this.#publisher = await connectLeanClient({ address: tcp, transport: 'tcp', user })
    sockets.push(this.#publisher)
    return sockets
  }

  start(): void {
    this.#publish()
    this.#publish()
  }

  /** Resolves when everything that was published has arrived everywhere. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const expected = this.#published * this.#order.subscribersPerGroup
    await until(() => this.deliveries >= expected, `${expected} deliveries of ${this.#subject}`)
  }

  #publish(): void {
    this.#publisher?.write(this.#batch)
    this.#published += this.#order.batch
  }

  /** The few PINGs in between count as well: they are some bytes among millions. */
  #arrived(byteCount: number): void {
    this.#bytesRead += byteCount
    this.deliveries = Math.floor(this.#bytesRead / this.#messageBytes)
    const arrived = this.deliveries / this.#order.subscribersPerGroup
    if (!this.#isStopped && arrived >= this.#published - this.#order.batch) this.#publish()
  }
}

export async function makeTraffic(order: TrafficOrder): Promise<TrafficFigures> {
  const groups = Array.from({ length: order.groups }, (_, i) => new Group(i, order))
  const sockets: Socket[] = []
  for (const group of groups) sockets.push(...(await group.connect()))
  const reading = () => ({
    atMs: performance.now(),
    deliveries: groups.reduce((sum, group) => sum + group.deliveries, 0),
    serverCpuMs: cpuMsOf(order.serverPid),
    loadCpuMs: cpuMsOf(process.pid),
  })

  for (const group of groups) group.start()
  await sleep(order.warmUpMs)
  const from = reading()
  await sleep(order.measureMs)
  const to = reading()
  await Promise.all(groups.map((group) => group.stop()))
  for (const socket of sockets) socket.destroy()

  const deliveries = to.deliveries - from.deliveries
  const elapsedMs = to.atMs - from.atMs
  return {
    deliveriesPerSecond: (deliveries / elapsedMs) * 1000,
    serverCpuMsPerMillion: ((to.serverCpuMs - from.serverCpuMs) / deliveries) * 1e6,
    loadBusy: (to.loadCpuMs - from.loadCpuMs) / elapsedMs,
  }
}
