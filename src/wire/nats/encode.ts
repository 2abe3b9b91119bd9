/**
 * What a server says. Lines are byte strings (latin1), since subjects and sids are; only INFO's JSON is UTF-8.
 */

export const OK_LINE = '+OK\r\n'
export const PING_LINE = 'PING\r\n'
export const PONG_LINE = 'PONG\r\n'

/** UTF-8. `info` has the names of the wire. The blank before the CRLF is nats-server's. */
export function infoLine(info: object): string {
  return `INFO ${JSON.stringify(info)} \r\n`
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

/** The header block that tells a requester that nobody listens, as nats-server sent it up to 2.9. */
export const NO_RESPONDERS_HEADER = Buffer.from('NATS/1.0 503\r\n\r\n')

/** The same as newer servers send it, naming the subject that nobody listens to. */
export function noRespondersHeader(subject: string): Buffer {
  return Buffer.from(`NATS/1.0 503\r\nNats-Subject: ${subject}\r\n\r\n`, 'latin1')
}
