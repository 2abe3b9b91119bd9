/** The messages of a long run: each tells its place in it. All have the same length. */
export class Run {
  readonly payloadBytes: number
  readonly #subject: string

  constructor(subject: string, payloadBytes: number) {
    this.#subject = subject
    this.payloadBytes = payloadBytes
  }

  /** What its publisher says for the messages `from` to `to`, the latter not included. */
  published(from: number, to: number): Buffer {
    return this.#written(`PUB ${this.#subject} ${this.payloadBytes}\r\n`, from, to)
  }

  /** What a subscriber with sid 1 is told of one message. */
  delivered(index: number): Buffer {
    return this.#written(`MSG ${this.#subject} 1 ${this.payloadBytes}\r\n`, index, index + 1)
  }

  #written(head: string, from: number, to: number): Buffer {
    const length = head.length + this.payloadBytes + 2
    const bytes = Buffer.alloc((to - from) * length, 0x2e)
    for (let i = 0; i < to - from; i++) {
      bytes.write(head, i * length, 'latin1')
      bytes.write(String(from + i), i * length + head.length, 'latin1')
      bytes.write('\r\n', (i + 1) * length - 2, 'latin1')
    }
    return bytes
  }
}

const PING = Buffer.from('PING\r\n')

/** Reads a run and keeps nothing of it; throws at the first message that is missing, doubled, cut or changed. */
export class OrderedReader {
  count = 0
  /** What it was told besides: nothing, for a healthy connection. Only at the end. */
  rest: Buffer = Buffer.alloc(0)
  readonly #run: Run

  constructor(run: Run) {
    this.#run = run
  }

  read(chunk: Buffer): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    for (;;) {
      // The server may ask for a sign of life at any time; who reads is living.
      if (bytes.subarray(0, PING.length).equals(PING)) bytes = bytes.subarray(PING.length)
      const expected = this.#run.delivered(this.count)
      if (bytes.length < expected.length) break
      if (!bytes.subarray(0, expected.length).equals(expected)) {
        throw new Error(`Message ${this.count} came as ${JSON.stringify(bytes.toString('latin1', 0, 80))}`)
      }
      this.count++
      bytes = bytes.subarray(expected.length)
    }
    this.rest = bytes
  }
}
