import { type HubMessage, HubMessageType, SignalrError } from '#wire/signalr'

/**
 * Counts what a client says, so that what it repeats after a change of transport is taken in once. Messages are counted
 * from 1. spec: hub §1.9
 */
export class ReceivedMessages {
  #nextId = 1
  #latestId = 0
  /** The transport was lost: what comes over the next one counts from where the client says that it begins. */
  #awaitsSequence = false
  #owesAck = false

  /** Counts a message. False when it is to be passed over: it is a repetition, or its number is not known. */
  isNew(message: HubMessage): boolean {
    const { type } = message
    if (this.#awaitsSequence) return type === HubMessageType.Sequence || type === HubMessageType.Close
    if (!isCounted(type)) return true
    // Who repeats something has not seen that it was acknowledged.
    this.#owesAck = true
    const id = this.#nextId++
    if (id <= this.#latestId) return false
    this.#latestId = id
    return true
  }

  /** The transport is gone. What was acknowledged over it last may not have arrived. */
  interrupt(): void {
    this.#awaitsSequence = true
    this.#owesAck = this.#latestId > 0
  }

  /** The client says which number its next message has. Throws a `SignalrError` when some would be missing. */
  continueFrom(sequenceId: number): void {
    if (sequenceId < 1 || sequenceId > this.#nextId) {
      throw new SignalrError('MESSAGE', `Sequence ${sequenceId}, although ${this.#nextId} was not received`)
    }
    this.#nextId = sequenceId
    this.#awaitsSequence = false
  }

  /** The number to acknowledge; undefined when that has been done. */
  get dueAck(): number | undefined {
    return this.#owesAck ? this.#latestId : undefined
  }

  acknowledged(): void {
    this.#owesAck = false
  }
}

/** Calls and what belongs to them; not what keeps the connection. */
function isCounted(type: HubMessage['type']): boolean {
  return type <= HubMessageType.CancelInvocation
}
