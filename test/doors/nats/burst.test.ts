/** A publisher that sends as fast as it can does not get healthy subscribers cut off: it is slowed down to their pace. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { once } from '../../helpers/wait.ts'
import type { BurstOrder, BurstReport } from './burst-worker.ts'
import { type RunningImplementation, startBelfry } from './implementations.ts'
import type { CarrierName } from './raw-client.ts'

const MB = 1024 * 1024

async function startWorker(order: BurstOrder): Promise<Worker> {
  const worker = new Worker(new URL('burst-worker.ts', import.meta.url), { workerData: order })
  const [report] = (await once(worker, 'message')) as [BurstReport]
  assert.equal(report, 'ready')
  return worker
}

interface Burst {
  readonly carrier: CarrierName
  readonly bytes: number
  readonly payloadBytes: number
}

/** One client publishes, another is to have it all. */
async function assertArrives(server: RunningImplementation, { carrier, bytes, payloadBytes }: Burst): Promise<void> {
  const order = { payloadBytes, messages: bytes / payloadBytes }
  const [subscriber, publisher] = await Promise.all([
    startWorker({
      ...order,
      role: 'subscriber',
      carrier,
      address: carrier === 'TCP' ? server.tcp : server.webSocket,
    }),
    startWorker({ ...order, role: 'publisher', carrier: 'TCP', address: server.tcp }),
  ])
  const received = once(subscriber, 'message')
  publisher.postMessage('go')
  const [report] = (await received) as [BurstReport]
  assert.deepEqual(report, { count: order.messages, wasCut: false })
}

test('a burst of 100 MB reaches its subscriber under the default limits', async () => {
  await using server = await startBelfry('')
  await assertArrives(server, { carrier: 'WebSocket', bytes: 100 * MB, payloadBytes: 64 * 1024 })
})

// Publishers are slowed down, not stopped: a quarter of `max_pending` is what a subscriber may be late by when the
// machine is busy with something else.
test('a burst of far more than may be pending reaches its subscriber', async () => {
  await using server = await startBelfry('max_pending: 8MB')
  await assertArrives(server, { carrier: 'TCP', bytes: 48 * MB, payloadBytes: 32 * 1024 })
  await assertArrives(server, { carrier: 'WebSocket', bytes: 48 * MB, payloadBytes: 32 * 1024 })
  await assertArrives(server, { carrier: 'TCP', bytes: 12 * MB, payloadBytes: 128 })
})
