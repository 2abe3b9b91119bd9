import { ConfigError } from '#kit'
import { formatPosition, type Position } from './position.ts'

/** A cursor over the text of one file: what to take next is a sticky pattern, what went wrong has a place. */
export class Scanner {
  readonly file: string
  readonly #text: string
  #at = 0
  /** Offsets of all newlines, ascending. */
  readonly #newlines: readonly number[]

  constructor(text: string, file: string) {
    this.#text = text
    this.file = file
    this.#newlines = [...text.matchAll(/\n/g)].map((match) => match.index)
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length
  }

  /** The next character, '' at the end. */
  get next(): string {
    const codePoint = this.#text.codePointAt(this.#at)
    return codePoint === undefined ? '' : String.fromCodePoint(codePoint)
  }

  /** The next character as messages show it. */
  get shownNext(): string {
    if (this.isAtEnd) return 'EOF'
    return this.next === '\n' ? '\\n' : this.next
  }

  /** Takes what `pattern`, which must be sticky, matches here; '' when it does not. */
  take(pattern: RegExp): string {
    const taken = this.lookAhead(pattern)
    this.#at += taken.length
    return taken
  }

  /** What `take` would take. */
  lookAhead(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)?.[0] ?? ''
  }

  position(): Position {
    const newlinesBefore = this.#newlinesBefore(this.#at)
    // The newline itself is counted on later lines but there is none before the first: hence from 1, or from 0.
    const lineStart = this.#newlines[newlinesBefore - 1] ?? 0
    const column = Buffer.byteLength(this.#text.slice(lineStart, this.#at))
    return { file: this.file, line: newlinesBefore + 1, column }
  }

  /** The next character cannot stand here. Throws in nats-server's words, with the exact place behind them. */
  fail(reason: string): never {
    // nats-server has read the character when it complains: at a newline it names the line behind it.
    const line = this.#newlinesBefore(this.#at + 1) + 1
    throw new ConfigError(`Parse error on line ${line}: '${reason}' (${formatPosition(this.position())})`)
  }

  #newlinesBefore(offset: number): number {
    let low = 0
    let high = this.#newlines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#newlines[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
