/** One client of a burst, on a thread of its own, as another program would be. */
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import type { Address } from '../../net/raw-socket.ts'
import { OrderedReader, Run } from './ordered-reader.ts'
import { type CarrierName, TcpClient, WebSocketClient } from './raw-client.ts'

export interface BurstOrder {
  readonly role: 'publisher' | 'subscriber'
  readonly carrier: CarrierName
  readonly address: Address
  readonly payloadBytes: number
  readonly messages: number
}

/** `ready`; then what became of it. */
export type BurstReport = 'ready' | { readonly count: number; readonly wasCut: boolean }

const { role, carrier, address, payloadBytes, messages } = workerData as BurstOrder
const run = new Run('burst', payloadBytes)
const client = await (carrier === 'TCP' ? TcpClient.connect(address) : WebSocketClient.connect(address))
client.say('CONNECT {"verbose":false,"pedantic":false}\r\n')
if (role === 'subscriber') client.say('SUB burst 1\r\n')
await client.untilPong()
parentPort!.postMessage('ready' satisfies BurstReport)

if (role === 'subscriber') {
  const reader = new OrderedReader(run)
  await client.hearInto(reader, () => reader.count === messages)
  report(reader.count)
} else {
  await once(parentPort!, 'message')
  const atOnce = Math.ceil(65_536 / payloadBytes)
  for (let from = 0; from < messages && !client.hasEnded; from += atOnce) {
    const text = run.published(from, Math.min(messages, from + atOnce))
    if (!client.say(text)) await once(client.raw.socket, 'drain')
  }
  await client.untilPong()
  report(messages)
}

function report(count: number): void {
  parentPort!.postMessage({ count, wasCut: client.hasEnded } satisfies BurstReport)
  client.destroy()
  parentPort!.close()
}
