import { DeliveredMessage, type Message } from '#core'

const ACK_PREFIX = '$JS.ACK.'
/** Before `@` come the stream, the consumer and five numbers; stream and consumer may have an `@` in their names. */
const ACK_DOTS = 8

/**
 * A message as receivers here get it. JetStream on the other side delivers to one subject what was stored under another,
 * which stands behind the reply subject while the message is between servers: `$JS.ACK.<stream>.<consumer>.<delivered>.
 * <stream sequence>.<consumer sequence>.<time>.<pending>@<subject>`. Other messages are their own.
 */
export function asDeliveredHere(message: Message): Message {
  const { reply, body, headerBytes } = message
  if (!reply.startsWith(ACK_PREFIX)) return message
  const at = subjectIndex(reply)
  return at === -1 ? message : new DeliveredMessage(reply.slice(at + 1), body, reply.slice(0, at), headerBytes)
}

/** Where the `@` is that a subject follows; -1: there is none. */
function subjectIndex(reply: string): number {
  let behind = 0
  for (let dots = 0; dots < ACK_DOTS; dots++) {
    behind = reply.indexOf('.', behind) + 1
    if (behind === 0) return -1
  }
  const at = reply.indexOf('@', behind)
  return at < reply.length - 1 ? at : -1
}
