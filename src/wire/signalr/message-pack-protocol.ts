import { HubDecoder } from './decode.ts'
import { encodeAck, encodeClose, encodeCompletion, encodeInvocation, encodeSequence, PING } from './encode.ts'
import type { HubProtocol } from './protocol.ts'

/** MessagePack, what the Bitwarden apps speak. `maxItems` bounds lists and maps in what clients say. */
export function messagePackProtocol(maxItems: number): HubProtocol {
  const decoder = new HubDecoder(maxItems)
  return {
    name: 'messagepack',
    isBinary: true,
    ping: PING,
    encodeInvocation,
    encodeCompletion,
    encodeClose,
    encodeAck,
    encodeSequence,
    *read(data) {
      yield* decoder.read(data)
      return 0
    },
  }
}
