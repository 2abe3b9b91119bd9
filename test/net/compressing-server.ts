import assert from 'node:assert/strict'
import { type Carrier, WebSocketCarrier, WebSocketCompression } from '#net'
import { FakeClock } from '../helpers/fake-clock.ts'
import { type CarrierServer, startWebSocketServer } from './carrier-server.ts'

/** A server whose streams at `/stream` are compressed, with messages of up to 1 MiB. */
export function startCompressingServer(): Promise<CarrierServer> {
  return startWebSocketServer({
    clock: new FakeClock(),
    compression: { shared: new WebSocketCompression(), limits: () => ({ maxPayloadBytes: 1024 * 1024 }) },
  })
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
