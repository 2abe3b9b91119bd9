import assert from 'node:assert/strict'
import { type Carrier, type StreamCompression, WebSocketCarrier, WebSocketCompression } from '#net'
import { FakeClock } from '../helpers/fake-clock.ts'
import { type CarrierServer, type RecordingReceiver, startWebSocketServer } from './carrier-server.ts'
import { RawWebSocket } from './raw-websocket.ts'

/** What browsers offer. */
export const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }

export interface CompressionOptions {
  readonly maxPayloadBytes?: number
  readonly maxUnfinishedBytes?: number
}

/** Compression whose limit a test can change. */
export function compressionOf({ maxPayloadBytes = 1024 * 1024, maxUnfinishedBytes }: CompressionOptions = {}) {
  const limits = { maxPayloadBytes }
  const shared = new WebSocketCompression(maxUnfinishedBytes === undefined ? {} : { maxUnfinishedBytes })
  const change = (bytes: number) => {
    limits.maxPayloadBytes = bytes
  }
  return { shared, limits: () => limits, change }
}

/** A server with compressed streams at `/stream`; default: messages of up to 1 MiB. */
export function startCompressingServer(compression: StreamCompression = compressionOf()): Promise<CarrierServer> {
  return startWebSocketServer({ clock: new FakeClock(), compression })
}

/** A client and its door. */
export async function openStream(server: CarrierServer, headers: Record<string, string> = OFFER) {
  const client = await RawWebSocket.connect(server.address, '/stream', headers)
  return { client, door: await server.accepted() }
}

/** What the door has read. */
function readBy(door: RecordingReceiver): string {
  return door.events.map((event) => (event.startsWith('bytes ') ? event.slice('bytes '.length) : '')).join('')
}

export async function untilRead(door: RecordingReceiver, text: string): Promise<void> {
  await door.until(() => readBy(door).length >= text.length, 'the stream')
  assert.equal(readBy(door), text)
}

/** Hands `bytes` to the carrier as an outbox does at the end of a turn. */
export function writeBatch(carrier: Carrier, bytes: Buffer): void {
  carrier.write(
    carrier.framing.encode({ byteLength: bytes.length, copyTo: (target, offset) => void bytes.copy(target, offset) }),
  )
}

export function isCompressed(carrier: Carrier): boolean {
  assert.ok(carrier instanceof WebSocketCarrier)
  return carrier.agreed.isCompressed
}
