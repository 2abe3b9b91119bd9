import { ANY, CharSet, ESCAPED_SETS, NAMED_SETS } from './char-set.ts'

/** A place between characters that a pattern can ask for. */
export type Place = 'start' | 'end' | 'word edge' | 'no word edge'

/** A parsed pattern. */
export type Node =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly Node[] }
  /** `max` may be Infinity. */
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number }

const MAX_NESTING = 50

const SPECIAL_ESCAPES: Readonly<Record<string, string>> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
const ESCAPED_PLACES: Readonly<Record<string, Place>> = { A: 'start', z: 'end', b: 'word edge', B: 'no word edge' }

/**
 * Reads the syntax of Rust's `regex`, which Vaultwarden's setting is written in, as far as it matters for the names of
 * hosts: no Unicode classes, no operations on sets, no `x` flag.
 * @throws SyntaxError that says what is wrong, and where.
 */
export function parsePattern(text: string): Node {
  let position = 0
  let depth = 0
  let ignoresCase = false
  const node = choice()
  if (position < text.length) fail('")" without "("')
  return node

  function choice(): Node {
    if (++depth > MAX_NESTING) fail('too many groups within each other')
    const outerIgnoresCase = ignoresCase
    const items = [sequence()]
    while (take('|')) items.push(sequence())
    // Flags in a group hold to its end.
    ignoresCase = outerIgnoresCase
    depth--
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  function sequence(): Node {
    const items: Node[] = []
    while (position < text.length && text[position] !== '|' && text[position] !== ')') items.push(repeated())
    return { kind: 'sequence', items }
  }

  function repeated(): Node {
    let item = atom()
    for (;;) {
      const [min, max] = repetition()
      if (min === undefined || max === undefined) return item
      // Lazy or not: whether there is a match is the same.
      take('?')
      item = { kind: 'repeat', item, min, max }
    }
  }

  function repetition(): readonly [min?: number, max?: number] {
    if (take('*')) return [0, Infinity]
    if (take('+')) return [1, Infinity]
    if (take('?')) return [0, 1]
    if (text[position] !== '{') return []
    const [whole, from, comma, to] = takeMatch(/\{(\d{1,4})(,(\d{1,4})?)?\}/y) ?? fail('"{" that begins no repetition')
    const min = Number(from)
    const max = comma === undefined ? min : to === undefined ? Infinity : Number(to)
    return min <= max ? [min, max] : fail(`${whole} has more at least than at most`)
  }

  function atom(): Node {
    const char = text[position++]!
    switch (char) {
      case '(':
        return group()
      case '[':
        return setNode(bracketed())
      case '\\':
        return escaped()
      case '.':
        return setNode(ANY)
      case '^':
        return { kind: 'place', place: 'start' }
      case '$':
        return { kind: 'place', place: 'end' }
      case '*':
      case '+':
      case '?':
      case '{':
        return fail(`"${char}" has nothing to repeat`)
      default:
        return setNode(single(char))
    }
  }

  function group(): Node {
    const flags = takeMatch(/\?([imsuUR]*)(?:-([imsuUR]+))?([:)])/y)
    if (flags?.[3] === ')') {
      if (flags[0] === '?)') fail('"(?" that begins no group')
      setFlags(flags)
      return { kind: 'sequence', items: [] }
    }
    const outerIgnoresCase = ignoresCase
    if (flags !== undefined) setFlags(flags)
    else if (text[position] === '?' && takeMatch(/\?P?<[A-Za-z_][\w.[\]]*>/y) === undefined)
      fail('"(?" that begins no group')
    const node = choice()
    ignoresCase = outerIgnoresCase
    return take(')') ? node : fail('"(" without ")"')
  }

  function setFlags([, on = '', off = '']: RegExpMatchArray): void {
    if (on.includes('i')) ignoresCase = true
    if (off.includes('i')) ignoresCase = false
  }

  function escaped(): Node {
    const place = ESCAPED_PLACES[text[position] ?? '']
    if (place === undefined) return setNode(escapedSet())
    position++
    return { kind: 'place', place }
  }

  /** What an escape stands for, its `\` being read. */
  function escapedSet(): CharSet {
    const code = takeMatch(/x([\da-fA-F]{2})|u([\da-fA-F]{4})|[xu]\{([\da-fA-F]{1,6})\}/y)
    if (code !== undefined) return single(String.fromCodePoint(Number.parseInt(code[1] ?? code[2] ?? code[3]!, 16)))
    const char = text[position++] ?? fail('"\\" at the end')
    const set = ESCAPED_SETS[char]
    if (set !== undefined) return set
    const special = SPECIAL_ESCAPES[char]
    if (special !== undefined) return single(special)
    return /[\w\s]/.test(char) ? fail(`"\\${char}" is not supported`) : single(char)
  }

  /** `[…]`, its `[` being read. */
  function bracketed(): CharSet {
    const isComplement = take('^')
    let set = CharSet.of()
    for (let isFirst = true; isFirst || text[position] !== ']'; isFirst = false) {
      if (position >= text.length) fail('"[" without "]"')
      set = set.union(bracketedItem())
    }
    position++
    const folded = ignoresCase ? set.foldCase() : set
    return isComplement ? folded.complement() : folded
  }

  function bracketedItem(): CharSet {
    const named = takeMatch(/\[:(\^)?(\w+):\]/y)
    if (named !== undefined) {
      const set = NAMED_SETS[named[2]!] ?? fail(`${named[0]} is no set of characters`)
      return named[1] === undefined ? set : set.complement()
    }
    if (takeMatch(/\[|&&|--|~~/y) !== undefined) fail('sets within sets are not supported')
    const [from, set] = bracketedChar()
    if (text[position] !== '-' || text[position + 1] === ']') return set
    position++
    const [to] = bracketedChar()
    if (from === undefined || to === undefined || from > to) return fail('a range that is none')
    return CharSet.of([from, to])
  }

  /** One character, and the set of it; of an escape that means several only the set. */
  function bracketedChar(): readonly [char: string | undefined, set: CharSet] {
    if (position >= text.length) fail('"[" without "]"')
    const set = take('\\') ? escapedSet() : single(text[position++]!)
    const members = ASCII.filter((char) => set.has(char.charCodeAt(0)))
    return [members.length === 1 ? members[0] : undefined, set]
  }

  function single(char: string): CharSet {
    // A name with other letters is asked for by its ASCII form, so this would never match.
    if (char > '\x7f') fail('only ASCII can stand in the name of a host: write "xn--…"')
    return CharSet.of([char, char])
  }

  function setNode(set: CharSet): Node {
    return { kind: 'set', set: ignoresCase ? set.foldCase() : set }
  }

  function take(char: string): boolean {
    if (text[position] !== char) return false
    position++
    return true
  }

  /** `pattern` is sticky. */
  function takeMatch(pattern: RegExp): RegExpMatchArray | undefined {
    pattern.lastIndex = position
    const match = pattern.exec(text) ?? undefined
    position += match?.[0].length ?? 0
    return match
  }

  function fail(what: string): never {
    throw new SyntaxError(`${what}, at character ${Math.min(position, text.length)}`)
  }
}

const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
