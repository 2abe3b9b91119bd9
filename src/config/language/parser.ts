import { dirname, join } from 'node:path'
import { ConfigError } from '#kit'
import { type Container, Lexer, type VariableReference } from './lexer.ts'
import type { ConfigArray, ConfigEntry, ConfigMap, ConfigValue } from './nodes.ts'
import { formatPosition, type Position } from './position.ts'
import { type Environment, MAX_DEPTH, Reading } from './reading.ts'

export interface ParseOptions {
  /** Where variables are looked up that no key defines. Default: none. */
  readonly environment?: Environment
  /** What relative paths start from. Default: the working directory. */
  readonly cwd?: string
}

/**
 * Parses a file in the NATS config language (docs/configuration.md), with everything it includes.
 * @throws ConfigError with nats-server's text of the first error and the place where it stands.
 */
export function parseConfigFile(file: string, options: ParseOptions = {}): ConfigMap {
  const reading = new Reading(options.environment ?? {}, options.cwd ?? '.')
  return parseFile(file, reading)
}

/** Parses text instead of a file; `name` stands for the file in positions, and its folder is where includes lie. */
export function parseConfigText(text: string, name: string, options: ParseOptions = {}): ConfigMap {
  const reading = new Reading(options.environment ?? {}, options.cwd ?? '.')
  return new Parser(text, name, reading).document()
}

function parseFile(file: string, reading: Reading): ConfigMap {
  return new Parser(reading.readFile(file), file, reading).document()
}

/** While it is being parsed, a map of the tree can still be added to. */
interface OpenMap extends ConfigMap {
  readonly entries: Map<string, ConfigEntry>
}

/** Recursive descent over one text. */
class Parser {
  readonly #lexer: Lexer
  readonly #reading: Reading
  /** The maps around the cursor, the outermost first: where variables are looked up. */
  readonly #scopes: OpenMap[] = []
  #depth = 0

  constructor(text: string, file: string, reading: Reading) {
    this.#lexer = new Lexer(text, file)
    this.#reading = reading
    // nats-server takes a NUL for the end of the text in some places and skips it in others.
    if (text.includes('\0')) {
      this.#lexer.take(/[^\0]*/y)
      this.#lexer.fail('Unexpected EOF.')
    }
  }

  /** The whole text: items, of which any may stand in braces, as all of them do in a JSON file. */
  document(): ConfigMap {
    const lexer = this.#lexer
    const map = this.#openMap()
    this.#scopes.push(map)
    for (;;) {
      lexer.skipSpaceAndComments()
      if (lexer.isAtEnd) return map
      if (lexer.take(/\{/y) !== '') this.#nested(() => this.#group(map))
      else if (lexer.next === '}') this.#strayBrace()
      else this.#item(map, 'top')
    }
  }

  /** The text of an environment variable: one value. */
  environmentValue(): ConfigValue {
    const value = this.#value()
    this.#lexer.endOfValue('top')
    return value
  }

  /** `{ … }` round items of the top level: the items belong to `map` as if the braces were not there. */
  #group(map: OpenMap): void {
    const lexer = this.#lexer
    for (;;) {
      lexer.skipSpaceAndComments()
      if (lexer.take(/\}/y) !== '') return
      // nats-server does not miss a closing brace here; a file that was cut off would pass.
      if (lexer.isAtEnd) lexer.fail('Unexpected EOF processing map.')
      if (lexer.take(/\{/y) !== '') {
        this.#nested(() => this.#group(map))
        lexer.endOfValue('group')
      } else this.#item(map, 'group')
    }
  }

  /** One closing brace too many is tolerated as the last thing of a file. */
  #strayBrace(): void {
    const position = this.#lexer.position()
    this.#lexer.take(/\}/y)
    this.#lexer.skipSpace()
    if (!this.#lexer.isAtEnd) throw new ConfigError(`config is invalid (${formatPosition(position)})`)
  }

  /** `key value`, `key = value`, `key: value` or `include path`, with what ends it. */
  #item(map: OpenMap, container: Container): void {
    const lexer = this.#lexer
    if (container !== 'map' && lexer.next === '/') lexer.fail('Unexpected EOF.')
    const key = lexer.key(container)
    if (key.isInclude) this.#include(map, lexer.includePath())
    else {
      const value = this.#valueOf(container)
      put(map, { key: key.name, keyPosition: key.position, value, isUsedAsVariable: false })
    }
    lexer.endOfValue(container)
  }

  /** What follows a key. */
  #valueOf(container: Container): ConfigValue {
    const lexer = this.#lexer
    lexer.skipSpace()
    const hasSeparator = lexer.take(/[=:]/y) !== ''
    if (container !== 'map') {
      if (!hasSeparator && lexer.isAtEnd)
        throw new ConfigError(`config is invalid (${formatPosition(lexer.position())})`)
      return this.#value()
    }
    lexer.skipSpace()
    if (lexer.next === ',') lexer.fail('Unexpected map value terminator ",".')
    // nats-server gets its maps mixed up here.
    if (lexer.next === '}') lexer.fail('Expected value but found map end')
    return this.#value()
  }

  #value(): ConfigValue {
    const lexer = this.#lexer
    lexer.skipBlanks()
    switch (lexer.next) {
      case '{':
        return this.#nested(() => this.#map())
      case '[':
        return this.#nested(() => this.#array())
      case '\n':
      case '\r':
        return lexer.fail('Expected value but found new line')
      default: {
        const scalar = lexer.scalar()
        return scalar.kind === 'variable' ? this.#variable(scalar) : scalar
      }
    }
  }

  #map(): ConfigMap {
    const lexer = this.#lexer
    const map = this.#openMap()
    lexer.take(/\{/y)
    this.#scopes.push(map)
    for (;;) {
      lexer.skipSpaceAndComments()
      if (lexer.isAtEnd) lexer.fail('Unexpected EOF processing map.')
      if (lexer.next === ']') lexer.fail("Unexpected array end ']' processing map.")
      if (lexer.take(/\}/y) !== '') break
      this.#item(map, 'map')
    }
    this.#scopes.pop()
    return { ...map, position: lexer.position() }
  }

  #array(): ConfigArray {
    const lexer = this.#lexer
    const items: ConfigValue[] = []
    lexer.take(/\[/y)
    for (;;) {
      lexer.skipSpaceAndComments()
      if (lexer.take(/\]/y) !== '') return { kind: 'array', items, position: lexer.position() }
      if (/[,/]/.test(lexer.next)) lexer.fail("Unexpected array value terminator ','.")
      items.push(this.#value())
      lexer.endOfValue('array')
    }
  }

  /** The included file knows nothing of this one; its top-level keys become keys of `map`. */
  #include(map: OpenMap, path: string): void {
    // An absolute path is put behind the folder as well, as nats-server does.
    const file = join(dirname(this.#lexer.file), path)
    try {
      const included = this.#reading.included(() => parseFile(file, this.#reading))
      for (const entry of included.entries.values()) put(map, entry)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      throw new ConfigError(`error parsing include file '${path}', ${error.message}`, { cause: error })
    }
  }

  /** The keys parsed so far, from the innermost map outwards, then the environment. */
  #variable({ name, position }: VariableReference): ConfigValue {
    // A bcrypt hash need not be quoted. (`$2b$` and `$2y$` must: nats-server makes only this exception.)
    if (name.startsWith('2a$')) return { kind: 'string', value: `$${name}`, position }
    for (const scope of this.#scopes.toReversed()) {
      const entry = scope.entries.get(name)
      if (entry === undefined) continue
      entry.isUsedAsVariable = true
      return { ...entry.value, position }
    }
    const text = this.#reading.environment[name]
    const reference = `variable reference for '${name}' on line ${position.line}`
    if (text === undefined) throw new ConfigError(`${reference} can not be found (${formatPosition(position)})`)
    try {
      return { ...this.#environmentVariable(name, text), position }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      throw new ConfigError(`${reference} could not be parsed: ${error.message}`, { cause: error })
    }
  }

  #environmentVariable(name: string, text: string): ConfigValue {
    const names = this.#reading.variablesBeingParsed
    if (names.has(name)) throw new ConfigError(`variable reference cycle for '${name}'`)
    if (names.size >= MAX_DEPTH) throw new ConfigError(`variables refer to one another more than ${MAX_DEPTH} times`)
    names.add(name)
    try {
      return new Parser(text, `$${name}`, this.#reading).environmentValue()
    } finally {
      names.delete(name)
    }
  }

  #nested<T>(parse: () => T): T {
    if (this.#depth >= MAX_DEPTH) this.#lexer.fail(`more than ${MAX_DEPTH} levels of brackets`)
    this.#depth++
    const result = parse()
    this.#depth--
    return result
  }

  #openMap(): OpenMap {
    const position: Position = this.#lexer.position()
    return { kind: 'map', entries: new Map(), position }
  }
}

/** The last of two equal keys wins, and stands where it stands. */
function put(map: OpenMap, entry: ConfigEntry): void {
  const earlier = map.entries.get(entry.key)?.keyPosition
  map.entries.delete(entry.key)
  map.entries.set(entry.key, { ...entry, earlier })
}
