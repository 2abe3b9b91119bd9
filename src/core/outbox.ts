/**
 * What waits to be written to connections, shared among them.
 *
 * Within one turn of the event loop every outbox is a position in one tree of appended chunks. Appending the same
 * (head, body) at the same position leads every connection to the same node, as hidden classes do for objects, so a
 * run of messages that a thousand subscribers get is encoded once and the same bytes are written a thousand times. A
 * connection that differs just branches off:
 *
 *     root ── MSG a 1 ── MSG b 1 ── MSG c 1      998 outboxes stand here: one encoding, 998 writes
 *                    └── PONG ────── MSG b 1     one stands here
 *          └─ MSG a 7                            and one here
 *
 * Invariants: a node never changes but for its children and its cached encodings; the tree lives for one turn, so
 * nothing pins a payload longer; sizes add up along the path, so limits cost nothing extra.
 */

/** A run of bytes in the order they are to be written. */
export interface Batch {
  readonly byteLength: number
  /** Copies all bytes to `target` from `offset` on; there must be room for `byteLength` of them. */
  copyTo(target: Buffer, offset: number): void
}

/** How a batch becomes the bytes of one transport. Encodings are cached by the framing's identity: share one object. */
export interface Framing {
  encode(batch: Batch): Buffer
}

/** Where an outbox is emptied to: a socket, in `net`. */
export interface OutboxSink {
  readonly framing: Framing
  /** Bytes handed to `write` that the operating system has not taken yet. */
  readonly backlogBytes: number
  /** Never throws; after the sink was closed it does nothing. */
  write(bytes: Buffer): void
}

/** Alternatives remembered at one position. More than a few means that nothing is shared anyway. */
const MAX_SIBLINGS = 4

/** The share of what may be pending from which on an outbox is crowded: nats-server's. */
const CROWDED_FROM = 0.75

const NO_BYTES = Buffer.alloc(0)

class Chunk implements Batch {
  readonly byteLength: number
  readonly #parent: Chunk | undefined
  readonly #head: string
  readonly #body: Buffer
  readonly #tail: string
  /** The child appended last; its older siblings follow from it. */
  #child: Chunk | undefined
  #older: Chunk | undefined
  #framing: Framing | undefined
  #frame: Buffer | undefined
  #otherFrames: Map<Framing, Buffer> | undefined

  constructor(parent: Chunk | undefined, head: string, body: Buffer, tail: string) {
    this.#parent = parent
    this.#head = head
    this.#body = body
    this.#tail = tail
    this.byteLength = (parent === undefined ? 0 : parent.byteLength) + head.length + body.length + tail.length
  }

  /** Hot: once per receiver. The strings of one message are the same objects, so comparing them is comparing pointers. */
  append(head: string, body: Buffer, tail: string): Chunk {
    let siblings = 0
    for (let child = this.#child; child !== undefined; child = child.#older) {
      if (child.#body === body && child.#head === head && child.#tail === tail) return child
      if (++siblings === MAX_SIBLINGS) {
        child.#older = undefined
        break
      }
    }
    const chunk = new Chunk(this, head, body, tail)
    chunk.#older = this.#child
    this.#child = chunk
    return chunk
  }

  copyTo(target: Buffer, offset: number): void {
    let end = offset + this.byteLength
    for (let chunk: Chunk = this; chunk.#parent !== undefined; chunk = chunk.#parent) {
      end -= chunk.#tail.length
      if (chunk.#tail !== '') target.write(chunk.#tail, end, 'latin1')
      end -= chunk.#body.length
      if (chunk.#body.length !== 0) target.set(chunk.#body, end)
      end -= chunk.#head.length
      if (chunk.#head !== '') target.write(chunk.#head, end, 'latin1')
    }
  }

  encoded(framing: Framing): Buffer {
    if (this.#framing === framing) return this.#frame!
    if (this.#framing === undefined) {
      this.#framing = framing
      this.#frame = framing.encode(this)
      return this.#frame
    }
    this.#otherFrames ??= new Map()
    let frame = this.#otherFrames.get(framing)
    if (frame === undefined) {
      frame = framing.encode(this)
      this.#otherFrames.set(framing, frame)
    }
    return frame
  }
}

/** One turn of the event loop after another: holds the tree of the current one and empties what was filled in it. */
export class Turn {
  readonly #defer: (work: () => void) => void
  #root = new Chunk(undefined, '', NO_BYTES, '')
  #filled: Outbox[] = []

  /** `defer` runs its argument once, when the current turn has read what there was to read: `setImmediate`. */
  constructor(defer: (work: () => void) => void) {
    this.#defer = defer
  }

  /** @internal For `Outbox`: the position every outbox starts from. */
  begin(outbox: Outbox): Chunk {
    if (this.#filled.length === 0) this.#defer(this.#end)
    this.#filled.push(outbox)
    return this.#root
  }

  readonly #end = (): void => {
    const filled = this.#filled
    this.#filled = []
    this.#root = new Chunk(undefined, '', NO_BYTES, '')
    for (let i = 0; i < filled.length; i++) filled[i]!.flush()
  }
}

/** The bytes that wait for one connection. */
export class Outbox {
  readonly #turn: Turn
  readonly #sink: OutboxSink
  #maxPendingBytes: number
  readonly #onOverflow: () => void
  #at: Chunk | undefined
  /** How far `#at` may grow in this turn before too much is pending. */
  #roomBytes = 0
  #isClosed = false
  #messages = 0
  #messageBytes = 0

  /**
   * `maxPendingBytes` bounds what is queued here and in the sink together. An append that goes over it is not taken;
   * `onOverflow` is called instead, inside the fan-out loop: it may only note and close.
   */
  constructor(turn: Turn, sink: OutboxSink, maxPendingBytes: number, onOverflow: () => void) {
    this.#turn = turn
    this.#sink = sink
    this.#maxPendingBytes = maxPendingBytes
    this.#onOverflow = onOverflow
  }

  /** What may be pending from the next turn on. */
  set maxPendingBytes(bytes: number) {
    this.#maxPendingBytes = bytes
  }

  /** What `append` was given, whether or not there was room for it. */
  get messages(): number {
    return this.#messages
  }

  /** Their bodies. */
  get messageBytes(): number {
    return this.#messageBytes
  }

  get pendingBytes(): number {
    return (this.#at?.byteLength ?? 0) + this.#sink.backlogBytes
  }

  /** Whether what was appended last left little room. Whoever fills this outbox had better slow down. Hot. */
  get isCrowded(): boolean {
    return this.#at !== undefined && this.#at.byteLength > this.#roomBytes - (1 - CROWDED_FROM) * this.#maxPendingBytes
  }

  /** Whether so much waits, what earlier turns left over included, that there is little room. */
  get isBehind(): boolean {
    return this.pendingBytes > CROWDED_FROM * this.#maxPendingBytes
  }

  /**
   * Hot: once per receiver. bench/fanout.ts
   * `head` and `tail` are byte strings (latin1); `body` must not change until the turn is over. Whether it was taken.
   */
  append(head: string, body: Buffer, tail: string): boolean {
    // Counted here, where the outbox is written to anyway: elsewhere it would cost a cache line for each receiver.
    this.#messages++
    this.#messageBytes += body.length
    return this.#append(head, body, tail)
  }

  #append(head: string, body: Buffer, tail: string): boolean {
    if (this.#isClosed) return false
    let at = this.#at
    if (at === undefined) {
      at = this.#turn.begin(this)
      this.#roomBytes = this.#maxPendingBytes - this.#sink.backlogBytes
    }
    if (at.byteLength + head.length + body.length + tail.length > this.#roomBytes) {
      this.#onOverflow()
      return false
    }
    this.#at = at.append(head, body, tail)
    return true
  }

  /** Queues a line or other text (latin1) without a body. */
  appendText(text: string): void {
    this.#append(text, NO_BYTES, '')
  }

  /** Hands everything over to the sink now. Happens by itself at the end of the turn. */
  flush(): void {
    const at = this.#at
    if (at === undefined) return
    this.#at = undefined
    this.#sink.write(at.encoded(this.#sink.framing))
  }

  /** Takes nothing more and forgets what was not handed over. */
  close(): void {
    this.#isClosed = true
    this.#at = undefined
  }
}
