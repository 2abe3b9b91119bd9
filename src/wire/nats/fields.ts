import { isSeparator } from './operation.ts'

/** Longest size that is taken for a number, as in nats-server. */
const MAX_DIGITS = 9

const CR = 13
const DIGIT_0 = 48

/**
 * The fields of a control line, separated by runs of blanks and tabs, as places in its bytes: nothing is made for what
 * is not asked for. One object serves line after line.
 */
export class Fields {
  #bytes: Buffer = Buffer.alloc(0)
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #capacity: number
  #count = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#starts = new Int32Array(capacity)
    this.#ends = new Int32Array(capacity)
  }

  /** What `scan` returned last. */
  get count(): number {
    return this.#count
  }

  /**
   * Hot: once per operation. Returns how many fields there are, counting to `capacity` at most. A line with a CR inside
   * has none: as part of a subject it would break the lines that others are sent.
   */
  scan(bytes: Buffer, start: number, end: number): number {
    this.#bytes = bytes
    this.#count = this.#locate(bytes, start, end)
    return this.#count
  }

  /** A field as a byte string: each character stands for one byte. */
  text(index: number): string {
    return this.#bytes.toString('latin1', this.#starts[index], this.#ends[index])
  }

  /**
   * The same, but gives `guess` back when the field spells it. Most clients publish to one subject many times: the
   * string need not be made again, and has its hash already when it is looked up, which saves a fifth of a PUB. A table
   * of many subjects gained nothing. bench/nats-parse.ts
   */
  textLike(index: number, guess: string): string {
    return this.spells(index, guess) ? guess : this.text(index)
  }

  /** Whether a field is this byte string. */
  spells(index: number, text: string): boolean {
    const start = this.#starts[index]!
    // From the end, where subjects differ.
    let i = this.#ends[index]! - start
    if (i !== text.length) return false
    while (i > 0 && text.charCodeAt(i - 1) === this.#bytes[start + i - 1]) i--
    return i === 0
  }

  /** The fields before `to` as byte strings. */
  texts(from: number, to: number): string[] {
    const texts: string[] = []
    for (let i = from; i < to; i++) texts.push(this.text(i))
    return texts
  }

  /** Whether `texts` would return these. */
  spellAll(from: number, to: number, texts: readonly string[]): boolean {
    if (texts.length !== to - from) return false
    for (let i = from; i < to; i++) if (!this.spells(i, texts[i - from]!)) return false
    return true
  }

  /** A field as a decimal number of up to nine digits, -1 when it is none. */
  size(index: number): number {
    const end = this.#ends[index]!
    let i = this.#starts[index]!
    if (end - i > MAX_DIGITS) return -1
    let value = 0
    for (; i < end; i++) {
      const digit = this.#bytes[i]! - DIGIT_0
      if (digit < 0 || digit > 9) return -1
      value = value * 10 + digit
    }
    return value
  }

  #locate(bytes: Buffer, start: number, end: number): number {
    let count = 0
    let i = start
    while (count < this.#capacity) {
      while (i < end && isSeparator(bytes[i])) i++
      if (i === end) return count
      this.#starts[count] = i
      while (i < end && !isSeparator(bytes[i])) {
        if (bytes[i] === CR) return 0
        i++
      }
      this.#ends[count++] = i
    }
    return count
  }
}
