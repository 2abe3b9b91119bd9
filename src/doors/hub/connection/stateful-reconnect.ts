import { ReceivedMessages } from './received-messages.ts'
import { ReplayBuffer } from './replay-buffer.ts'

/** What a connection has to know to go on over another transport. spec: hub §1.9 */
export class StatefulReconnect {
  readonly sent = new ReplayBuffer()
  readonly received = new ReceivedMessages()
  /** Transports that were cut because another took their place, and have not said yet that they are gone. */
  replacedTransports = 0
}
