/** nats-server's routed replies across gateways. */
const GATEWAY_REPLY = '_GR_.'
/** Its consensus groups. */
const RAFT = '$NRG.'
/** Its replies across accounts. */
const SERVICE_REPLY = '_R_.'
/** Acknowledgements of JetStream messages. */
const JETSTREAM_ACK = '$JS.ACK.'

/** The queue group of nats-server's own subscribers. */
export const RESERVED_QUEUE = '_sys_'

/** Whether clients may not publish to it (`spec/nats.md` §2.5). Hot: once per publish. */
export function isReservedSubject(subject: string, isSystemAccount: boolean): boolean {
  // Two of all the subjects there are begin so; the rest costs one comparison.
  const first = subject.charCodeAt(0)
  if (first !== UNDERSCORE && first !== DOLLAR) return false
  return startsBeyond(subject, GATEWAY_REPLY) || (!isSystemAccount && subject.startsWith(RAFT))
}

/** Whether clients may not ask for a reply to it. Hot: once per request. */
export function isReservedReply(reply: string): boolean {
  const first = reply.charCodeAt(0)
  if (first !== UNDERSCORE && first !== DOLLAR) return false
  return reply.startsWith(SERVICE_REPLY) || startsBeyond(reply, JETSTREAM_ACK) || startsBeyond(reply, GATEWAY_REPLY)
}

/** Begins with `prefix` and goes on. */
function startsBeyond(text: string, prefix: string): boolean {
  return text.length > prefix.length && text.startsWith(prefix)
}

const UNDERSCORE = 0x5f
const DOLLAR = 0x24
