import type { HubProtocol } from '#wire/signalr'

/** As ASP.NET's StatefulReconnectBufferSize. spec: hub §1.7 */
const MAX_BYTES = 100_000

/**
 * What a client was sent and has not acknowledged: it is sent once more when the client comes back over another
 * transport. Messages are counted from 1; those that wait here are the latest. The bytes are those of the events,
 * shared with everybody else who got them. spec: hub §1.9
 */
export class ReplayBuffer {
  #messages: Buffer[] = []
  /** The number of the first of them; of the one to be sent next where there is none. */
  #firstId = 1
  #byteLength = 0

  /** Bytes. */
  get byteLength(): number {
    return this.#byteLength
  }

  /** Whether so much waits that the client had better acknowledge some of it before it is sent more. */
  get isCrowded(): boolean {
    return this.#byteLength > MAX_BYTES / 2
  }

  /** A message that is too long for any buffer has room in an empty one. */
  hasRoomFor(message: Buffer): boolean {
    return this.#messages.length === 0 || this.#byteLength + message.length <= MAX_BYTES
  }

  /** Takes one message, whole. */
  add(message: Buffer): void {
    this.#messages.push(message)
    this.#byteLength += message.length
  }

  /** The client has got everything up to this number. One that was never given counts as the latest. */
  acknowledge(sequenceId: number): void {
    const count = sequenceId - this.#firstId + 1
    if (count <= 0) return
    const acknowledged = this.#messages.splice(0, count)
    for (const message of acknowledged) this.#byteLength -= message.length
    this.#firstId += acknowledged.length
  }

  /** What a client that came back is sent first: the number of what follows, and all that waits here. */
  replay(protocol: HubProtocol): Buffer {
    return Buffer.concat([protocol.encodeSequence(this.#firstId), ...this.#messages])
  }
}
