/** A set of ASCII characters: the names that hosts have are ASCII. */
export class CharSet {
  readonly #members: Uint8Array

  private constructor(members: Uint8Array) {
    this.#members = members
  }

  static of(...ranges: readonly (readonly [from: string, to: string])[]): CharSet {
    const members = new Uint8Array(SIZE)
    for (const [from, to] of ranges) members.fill(1, from.charCodeAt(0), to.charCodeAt(0) + 1)
    return new CharSet(members)
  }

  has(code: number): boolean {
    return this.#members[code] === 1
  }

  union(other: CharSet): CharSet {
    return new CharSet(this.#members.map((isMember, code) => isMember | Number(other.has(code))))
  }

  /** All other characters. */
  complement(): CharSet {
    return new CharSet(this.#members.map((isMember) => 1 - isMember))
  }

  /** With the upper and lower case of each letter. */
  foldCase(): CharSet {
    return new CharSet(
      this.#members.map((isMember, code) => isMember | Number(isLetter(code) && this.has(code ^ 0x20))),
    )
  }
}

const SIZE = 128

const isLetter = (code: number) => /[A-Za-z]/.test(String.fromCharCode(code))

const DIGIT = CharSet.of(['0', '9'])
const WORD = CharSet.of(['0', '9'], ['A', 'Z'], ['a', 'z'], ['_', '_'])
const SPACE = CharSet.of(['\t', '\r'], [' ', ' '])

export const ANY = CharSet.of().complement()

/** By the letter of the escape. */
export const ESCAPED_SETS: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: DIGIT.complement(),
  w: WORD,
  W: WORD.complement(),
  s: SPACE,
  S: SPACE.complement(),
}

/** By the name in `[[:name:]]`. */
export const NAMED_SETS: Readonly<Record<string, CharSet>> = {
  alnum: CharSet.of(['0', '9'], ['A', 'Z'], ['a', 'z']),
  alpha: CharSet.of(['A', 'Z'], ['a', 'z']),
  ascii: ANY,
  digit: DIGIT,
  lower: CharSet.of(['a', 'z']),
  punct: CharSet.of(['!', '/'], [':', '@'], ['[', '`'], ['{', '~']),
  space: SPACE,
  upper: CharSet.of(['A', 'Z']),
  word: WORD,
  xdigit: CharSet.of(['0', '9'], ['A', 'F'], ['a', 'f']),
}

export const isWord = (code: number) => WORD.has(code)
