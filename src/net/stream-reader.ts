import { type FrameHandler, FrameReader } from '#wire/websocket'
import type { StreamReceiver } from './carrier.ts'
import { InflatingReader, type StreamCompression } from './inflating-reader.ts'
import { Inlet } from './inlet.ts'
import type { FrameSource, WebSocketCarrier } from './websocket-carrier.ts'

/** Reads frames into a receiver: what is not compressed as it comes, what is when it is complete. */
export function streamReader(
  carrier: WebSocketCarrier,
  receiver: StreamReceiver,
  compression: StreamCompression | undefined,
): FrameSource {
  if (compression !== undefined) return new InflatingReader({ carrier, receiver, compression })
  const reading = { maskRequired: carrier.isPeerMasked, validateText: false }
  return new FrameReader(reading, new StreamInlet(carrier, receiver))
}

class StreamInlet extends Inlet<StreamReceiver> implements FrameHandler {
  onData(data: Buffer): void {
    if (!this.carrier.isClosing) this.receiver.onBytes(data)
  }
}
