import { Fields } from './fields.ts'
import { operation } from './operation.ts'
import { badArguments, type ParserLimits, type ProtocolHandler, ProtocolParser } from './protocol-parser.ts'

/**
 * Called in the order of the wire, from inside `feed`. What a handler throws comes out of `feed`.
 *
 * Subjects, replies and queues are not judged, so they may be empty of sense; but they are not empty, and never contain a
 * blank, tab, CR or LF, so that whatever line they are put into keeps its form.
 */
export interface LeafHandler extends ProtocolHandler {
  /** From an accepted peer it may come before CONNECT, and more than once: it offers compression that way. */
  onInfo(json: string): void
  onConnect(json: string): void
  /** LS+. `queue` is empty for a plain subscription; `weight` is how many members the group has, 1 where that is nonsense. */
  onInterest(subject: string, queue: string, weight: number): void
  /** LS-, which may concern what was never announced. */
  onNoInterest(subject: string, queue: string): void
  /**
   * LMSG and HMSG. `reply` may be empty. Of each group in `queues` one member is to get it, besides all plain subscribers;
   * the groups are as they came, may come twice, and the array may serve many messages, so nobody mutates it. `body` is
   * the header block, if any (`headerBytes` long), and the payload: a view of the chunk when it lay in it whole,
   * otherwise a buffer of its own.
   */
  onMessage(subject: string, reply: string, queues: readonly string[], body: Buffer, headerBytes: number): void
  onPing(): void
  onPong(): void
  /** `-ERR`, without its quotes. nats-server closes after most errors, but not after all. */
  onError(text: string): void
}

/** The hot ones first: they are tried in this order. */
const OPERATIONS = [
  operation('LMSG', { takesArguments: true }),
  operation('HMSG', { takesArguments: true }),
  operation('PING'),
  operation('PONG'),
  operation('LS+', { takesArguments: true }),
  operation('LS-', { takesArguments: true }),
  // nats-server takes the JSON also right behind these verbs.
  operation('INFO', { mayComeFirst: true }),
  operation('CONNECT', { mayComeFirst: true }),
  operation('+OK'),
  operation('-ERR', { takesArguments: true }),
  // No leaf node says these, but nats-server, whose peers share one parser, understands them from one like this.
  operation('PUB', { takesArguments: true }),
  operation('HPUB', { takesArguments: true }),
  operation('LMSG', { takesArguments: true }, 'RMSG'),
  operation('LS+', { takesArguments: true }, 'SUB'),
  operation('LS+', { takesArguments: true }, 'RS+'),
  operation('LS-', { takesArguments: true }, 'UNSUB'),
  operation('LS-', { takesArguments: true }, 'RS-'),
  operation('A+', { takesArguments: true }),
  operation('A-', { takesArguments: true }),
]
type OperationName = (typeof OPERATIONS)[number]['name']

/** What a line that announces a message looks like. */
interface MessageForm {
  /** A header block's and the whole body's, or the latter alone. */
  readonly sizes: 1 | 2
  readonly mayNameQueues: boolean
  readonly text: string
}
const LMSG: MessageForm = {
  sizes: 1,
  mayNameQueues: true,
  text: 'LMSG <subject> [reply | + <reply> [queue]... | "|" <queue>...] <#bytes>',
}
const HMSG: MessageForm = {
  sizes: 2,
  mayNameQueues: true,
  text: 'HMSG <subject> [reply | + <reply> [queue]... | "|" <queue>...] <#header> <#total>',
}
const PUB: MessageForm = { sizes: 1, mayNameQueues: false, text: 'PUB <subject> [reply] <#bytes>' }
const HPUB: MessageForm = { sizes: 2, mayNameQueues: false, text: 'HPUB <subject> [reply] <#header> <#total>' }

/** Room for a subject, a reply with its sign, nine queues, and two sizes, and one to see that there are more. */
const USUAL_FIELDS = 15

/** Queues of one message that are kept for the next, which most likely names the same. */
const MAX_KEPT_QUEUES = 8

const NO_QUEUES: readonly string[] = Object.freeze([])

/** Used within one operation only, so that all connections can share it. */
const usualFields = new Fields(USUAL_FIELDS)

/**
 * Reads what the other side of a leaf connection sends, whichever of the two sides we are, cut anywhere. Subjects,
 * replies and queues are byte strings (latin1): each character stands for one byte, so that any bytes come out as they
 * came in. (spec: nats §5.2)
 */
export class LeafParser extends ProtocolParser<OperationName, LeafHandler> {
  // The message whose body is awaited.
  #subject = ''
  #reply = ''
  #headerBytes = 0
  /** Forgotten with the message, since there may be very many. */
  #queues = NO_QUEUES
  /** The last few, for the next message that names them. */
  #keptQueues = NO_QUEUES

  constructor(limits: ParserLimits, handler: LeafHandler) {
    super(OPERATIONS, limits, handler)
  }

  /** Hot: once per operation. */
  protected override takeLine(name: OperationName, bytes: Buffer, from: number, end: number): void {
    switch (name) {
      case 'LMSG':
        this.#takeMessage(fieldsOf(bytes, from, end), LMSG)
        break
      case 'HMSG':
        this.#takeMessage(fieldsOf(bytes, from, end), HMSG)
        break
      case 'PING':
        this.handler.onPing()
        break
      case 'PONG':
        this.handler.onPong()
        break
      case 'LS+':
        this.#takeInterest(fieldsOf(bytes, from, end))
        break
      case 'LS-':
        this.#takeNoInterest(fieldsOf(bytes, from, end))
        break
      case 'INFO':
        this.handler.onInfo(bytes.toString('utf8', from, end).trim())
        break
      case 'CONNECT':
        this.handler.onConnect(bytes.toString('utf8', from, end).trim())
        break
      case '-ERR':
        this.handler.onError(unquoted(bytes.toString('latin1', from, end).trim()))
        break
      case 'PUB':
        this.#takeMessage(fieldsOf(bytes, from, end), PUB)
        break
      case 'HPUB':
        this.#takeMessage(fieldsOf(bytes, from, end), HPUB)
        break
      // nats-server passes these over as well.
      case '+OK':
      case 'A+':
      case 'A-':
        break
    }
  }

  /** Hot: once per message. */
  protected override takeBody(body: Buffer): void {
    const queues = this.#queues
    this.#queues = NO_QUEUES
    this.handler.onMessage(this.#subject, this.#reply, queues, body, this.#headerBytes)
  }

  #takeMessage(fields: Fields, { sizes, mayNameQueues, text }: MessageForm): void {
    /** Fields in front of the sizes: the subject, and what there is besides. */
    const names = fields.count - sizes
    if (names < 1) throw badArguments(text)
    const size = fields.size(fields.count - 1)
    const headerBytes = sizes === 2 ? fields.size(names) : 0
    if (headerBytes < 0 || size < headerBytes) throw badArguments(text)

    // As in nats-server, a single one besides the subject is the reply, also when it looks like a sign.
    let reply = names === 2 ? fields.text(1) : ''
    let queuesFrom = names
    if (names > 2) {
      const hasReply = fields.spells(1, '+')
      if (!mayNameQueues || !(hasReply || fields.spells(1, '|'))) throw badArguments(text)
      if (hasReply) reply = fields.text(2)
      queuesFrom = hasReply ? 3 : 2
    }
    this.#subject = fields.textLike(0, this.#subject)
    this.#reply = reply
    this.#queues = queuesFrom < names ? this.#queuesOf(fields, queuesFrom, names) : NO_QUEUES
    this.#headerBytes = headerBytes
    this.awaitBody(size)
  }

  /** Those of the message before, when they are the same, which saves a fifth of such an LMSG. bench/nats-parse.ts */
  #queuesOf(fields: Fields, from: number, to: number): readonly string[] {
    if (fields.spellAll(from, to, this.#keptQueues)) return this.#keptQueues
    const queues = fields.texts(from, to)
    if (queues.length <= MAX_KEPT_QUEUES) this.#keptQueues = queues
    return queues
  }

  /** `LS+ <subject> [queue weight]`; a weight that is no number is 1, as in nats-server. */
  #takeInterest(fields: Fields): void {
    const { count } = fields
    if (count !== 1 && count !== 3) throw badArguments('LS+ <subject> [<queue> <weight>]')
    if (count === 1) this.handler.onInterest(fields.text(0), '', 1)
    else this.handler.onInterest(fields.text(0), fields.text(1), Math.max(1, fields.size(2)))
  }

  /** `LS- <subject> [queue]`; what has another form names no interest that there can be, and is passed over as such. */
  #takeNoInterest(fields: Fields): void {
    const { count } = fields
    if (count === 1 || count === 2) this.handler.onNoInterest(fields.text(0), count === 2 ? fields.text(1) : '')
  }
}

/** Hot: once per operation. The fields of a line, good until the next one. */
function fieldsOf(bytes: Buffer, from: number, end: number): Fields {
  if (usualFields.scan(bytes, from, end) < USUAL_FIELDS) return usualFields
  // Every other byte may begin a field. Made for this line alone, so that nothing so large is kept.
  const fields = new Fields(Math.ceil((end - from) / 2))
  fields.scan(bytes, from, end)
  return fields
}

function unquoted(text: string): string {
  return /^'(.*)'$/s.exec(text)?.[1] ?? text
}
