/**
 * One message on its way through the broker. Never changed after it was made: every receiver shares it, and codecs
 * cache what they encoded by its identity.
 *
 * Subjects are byte strings: each character stands for one byte (latin1), so that whatever bytes a client sends come
 * out the same. For ASCII, which is what nearly all subjects are, that is the ordinary string.
 */
export class Message {
  readonly subject: string
  /** Empty when no reply is wanted. */
  readonly reply: string
  /** The header block (`NATS/1.0␍␊` to the empty line), if any, and the payload behind it, as they lie on the wire. */
  readonly body: Buffer
  /** Length of the header block in `body`; 0 when there is none. */
  readonly headerBytes: number

  constructor(subject: string, body: Buffer, reply = '', headerBytes = 0) {
    this.subject = subject
    this.body = body
    this.reply = reply
    this.headerBytes = headerBytes
  }

  get payload(): Buffer {
    return this.headerBytes === 0 ? this.body : this.body.subarray(this.headerBytes)
  }
}

/**
 * A message that reaches its receivers here under another subject than the one that led it to them, as what JetStream of
 * another server delivers. Whatever account they are in, that subject stays.
 */
export class DeliveredMessage extends Message {}
