import type { ConfigValue } from './nodes.ts'
import { numberLike } from './numbers.ts'
import type { Position } from './position.ts'
import { Scanner } from './scanner.ts'
import { bareText, blockText, doubleQuotedText, singleQuotedText } from './strings.ts'

/** A bare `$name` where a value is expected. */
export interface VariableReference {
  readonly kind: 'variable'
  readonly name: string
  readonly position: Position
}

export interface Key {
  readonly name: string
  readonly position: Position
  /** The reserved word: a path follows instead of a value. */
  readonly isInclude: boolean
}

/** What stands around keys and values. `group` is a `{ … }` round items of the top level, as in a JSON file. */
export type Container = 'top' | 'group' | 'map' | 'array'

const COMMENT = '(?:#|//)[^\\n\\r]*'
const SPACE = /[\s\u0085]+/y
const BLANKS = /[ \t]+/y
const SPACE_AND_COMMENTS = new RegExp(`(?:[\\s\\u0085]+|${COMMENT})+`, 'y')
// A single stray slash behind a value is skipped.
const REST_OF_LINE = new RegExp(`(?:[ \\t]|/(?!/))*(?:${COMMENT})?`, 'y')
const BARE_KEY = /[^\s\u0085=:]+/y
const BARE_INCLUDE_PATH = /[^\n\r; \t}']*/y

/** What ends a value in each container; `closer` ends it too but belongs to the container. */
const ENDINGS: Record<Container, { terminator: RegExp; closer: string; complaint: string }> = {
  top: {
    terminator: /[\n\r;,}]/y,
    closer: '',
    complaint: 'Expected a top-level value to end with a new line, comment or EOF, but got',
  },
  group: {
    terminator: /[\n\r;,]/y,
    closer: '}',
    complaint: 'Expected a block-level value to end with a new line, comment or EOF, but got',
  },
  map: {
    terminator: /[\n\r;,]/y,
    closer: '}',
    complaint: 'Expected a map value terminator "," or a map terminator "}", but got',
  },
  array: {
    terminator: /[\n\r,]/y,
    closer: ']',
    complaint: 'Expected an array value terminator "," or an array terminator "]", but got',
  },
}

/** What cannot stand where an include path is expected. */
const NO_INCLUDE_PATH: readonly (readonly [RegExp, string])[] = [
  [/\[/y, 'start of an array'],
  [/\{/y, 'start of a map'],
  [/\(/y, 'start of a block'],
  [/[\d-]/y, 'start of a number'],
  [/\\/y, 'escape sequence'],
  [/[\n\r]/y, 'new line'],
]

/**
 * Reads the parts of the language that have no inner structure: space and comments, keys, scalar values, the ends of
 * values. Which of them comes next depends on where the parser stands, so it asks for the one it expects.
 */
export class Lexer extends Scanner {
  skipSpace(): void {
    this.take(SPACE)
  }

  skipBlanks(): void {
    this.take(BLANKS)
  }

  skipSpaceAndComments(): void {
    this.take(SPACE_AND_COMMENTS)
  }

  /** Reads a key; leaves what follows it. */
  key(container: Container): Key {
    if (/[=:]/.test(this.next)) {
      this.fail(`Unexpected key separator '${this.next}'${container === 'map' ? '.' : ''}`)
    }
    const quote = this.take(/["']/y)
    const position = this.position()
    if (quote !== '') return { name: this.#quotedKey(quote, container), position, isInclude: false }
    const name = this.take(BARE_KEY)
    if (container === 'map' && this.isAtEnd) this.fail('Unexpected EOF processing map key.')
    return { name, position, isInclude: name.toLowerCase() === 'include' && this.lookAhead(SPACE) !== '' }
  }

  #quotedKey(quote: string, container: Container): string {
    const name = this.take(quote === '"' ? /[^"]*/y : /[^']*/y)
    if (this.isAtEnd) {
      const kind = quote === '"' ? 'double quoted' : 'quoted'
      this.fail(container === 'map' ? `Unexpected EOF processing ${kind} map key.` : 'Unexpected EOF.')
    }
    this.take(/["']/y)
    return name
  }

  /** Reads the path behind `include`. */
  includePath(): string {
    this.skipBlanks()
    for (const [start, what] of NO_INCLUDE_PATH) {
      if (this.lookAhead(start) !== '') this.fail(`Expected include value but found ${what}`)
    }
    const quote = this.take(/["']/y)
    const path = this.take(quote === '' ? BARE_INCLUDE_PATH : quote === '"' ? /[^"]*/y : /[^']*/y)
    if (quote !== '' && this.isAtEnd) {
      this.fail(`Unexpected EOF in ${quote === '"' ? 'double quoted' : 'quoted'} include`)
    }
    this.take(/["']/y)
    return path
  }

  /** Reads a value that is neither an array nor a map. */
  scalar(): ConfigValue | VariableReference {
    const position = this.position()
    const next = this.next
    // As that of a key, the place of a quoted text is behind the quote.
    const inQuotes = { ...position, column: position.column + 1 }
    if (next === "'") return { kind: 'string', value: singleQuotedText(this), position: inQuotes }
    if (next === '"') return { kind: 'string', value: doubleQuotedText(this), position: inQuotes }
    if (next === '(') return { kind: 'string', value: blockText(this), position }
    if (next === '.') this.fail('Floats must start with a digit')
    return numberLike(this, position) ?? this.#bareValue(position)
  }

  #bareValue(position: Position): ConfigValue | VariableReference {
    const { value, isPlain } = bareText(this)
    if (isPlain && /^(?:true|yes|on)$/i.test(value)) return { kind: 'boolean', value: true, position }
    if (isPlain && /^(?:false|no|off)$/i.test(value)) return { kind: 'boolean', value: false, position }
    if (isPlain && value.startsWith('$')) return { kind: 'variable', name: value.slice(1), position }
    return { kind: 'string', value, position }
  }

  /** Takes what separates a value from the next item, up to but without the bracket that closes the container. */
  endOfValue(container: Container): void {
    this.take(REST_OF_LINE)
    const { terminator, closer, complaint } = ENDINGS[container]
    if (this.take(terminator) !== '') return
    if (container === 'top' ? this.isAtEnd : this.next === closer) return
    this.fail(`${complaint} '${this.shownNext}' instead.`)
  }
}
