/**
 * What a server says, to clients and on leaf connections. Lines are byte strings (latin1), since subjects and sids are;
 * only the JSON of INFO and CONNECT is UTF-8. Subjects, replies and queues have no blanks, as they come from the parsers.
 */

export const OK_LINE = '+OK\r\n'
export const PING_LINE = 'PING\r\n'
export const PONG_LINE = 'PONG\r\n'

/** UTF-8. `info` has the names of the wire. The blank before the CRLF is nats-server's. */
export function infoLine(info: object): string {
  return `INFO ${JSON.stringify(info)} \r\n`
}

/** UTF-8, as who solicits a leaf connection says it. `options` has the names of the wire. (spec: nats §5.3) */
export function connectLine(options: object): string {
  return `CONNECT ${JSON.stringify(options)}\r\n`
}

/** Client libraries compare the text: it comes from a table of nats-server's. */
export function errLine(text: string): string {
  return `-ERR '${text}'\r\n`
}

/** The line in front of a payload of `size` bytes, behind which another CRLF belongs. */
export function msgHead(subject: string, sid: string, reply: string, size: number): string {
  return reply === '' ? `MSG ${subject} ${sid} ${size}\r\n` : `MSG ${subject} ${sid} ${reply} ${size}\r\n`
}

/** The same for a body that begins with a header block of `headerBytes`, which `totalBytes` includes. */
export function hmsgHead(subject: string, sid: string, reply: string, headerBytes: number, totalBytes: number): string {
  return reply === ''
    ? `HMSG ${subject} ${sid} ${headerBytes} ${totalBytes}\r\n`
    : `HMSG ${subject} ${sid} ${reply} ${headerBytes} ${totalBytes}\r\n`
}

/** Interest of a leaf node; `queue` is empty for plain interest, otherwise its group has `weight` members, at least one. */
export function interestLine(subject: string, queue: string, weight: number): string {
  return queue === '' ? `LS+ ${subject}\r\n` : `LS+ ${subject} ${queue} ${weight}\r\n`
}

/** That there is no such interest any more. */
export function noInterestLine(subject: string, queue: string): string {
  return queue === '' ? `LS- ${subject}\r\n` : `LS- ${subject} ${queue}\r\n`
}

/**
 * `msgHead` for a leaf node: it goes to the plain subscribers there, and to one member of each group in `queues`.
 * (spec: nats §5.2)
 */
export function lmsgHead(subject: string, reply: string, queues: readonly string[], size: number): string {
  return `LMSG ${leafRoute(subject, reply, queues)} ${size}\r\n`
}

/** The same for a body that begins with a header block of `headerBytes`, which `totalBytes` includes. */
export function leafHmsgHead(
  subject: string,
  reply: string,
  queues: readonly string[],
  headerBytes: number,
  totalBytes: number,
): string {
  return `HMSG ${leafRoute(subject, reply, queues)} ${headerBytes} ${totalBytes}\r\n`
}

/** In front of queues a sign says whether a reply comes first. */
function leafRoute(subject: string, reply: string, queues: readonly string[]): string {
  if (queues.length === 0) return reply === '' ? subject : `${subject} ${reply}`
  return reply === '' ? `${subject} | ${queues.join(' ')}` : `${subject} + ${reply} ${queues.join(' ')}`
}

/** The header block that tells a requester that nobody listens, as nats-server sent it up to 2.9. */
export const NO_RESPONDERS_HEADER = Buffer.from('NATS/1.0 503\r\n\r\n')

/** The same as newer servers send it, naming the subject that nobody listens to. */
export function noRespondersHeader(subject: string): Buffer {
  return Buffer.from(`NATS/1.0 503\r\nNats-Subject: ${subject}\r\n\r\n`, 'latin1')
}
