import { isLiteralSubject, MAX_SUBJECT_TOKENS } from './subject.ts'

/** A destination that cannot be reached from its source, in nats-server's words. */
export class TransformError extends Error {
  override name = 'TransformError'
}

/** What stands in one place of a destination. */
export type DestinationToken =
  | { readonly kind: 'literal'; readonly text: string }
  /** The token of the source at this index. */
  | { readonly kind: 'wildcard'; readonly index: number }
  /** A function of the tokens of the source. It may answer several tokens, or none. */
  | { readonly kind: 'computed'; compute(tokens: readonly string[]): string }

export interface TransformTools {
  /** A whole number from 0 up to, not including, its argument. */
  random(below: number): number
}

/** Characters that functions may make of one subject: a destination can name a long token again and again. */
const MAX_MADE_LENGTH = 32 * 1024

/**
 * Makes one subject of another: `{{partition(3,1)}}` and its like. (`spec/nats.md` §2.9)
 *
 * The functions count the `*` of the source from 1. Where nats-server is generous (`$0`, text after `$`), so is this.
 */
export class SubjectTransform {
  readonly #sourceTokens: number
  readonly #destination: readonly DestinationToken[]
  readonly #keepsRest: boolean

  /** Throws a `TransformError`. */
  constructor(source: string, destination: string, tools: TransformTools) {
    const tokens = parseDestination(source, destination, tools)
    this.#sourceTokens = source.split('.').length
    this.#keepsRest = destination.split('.').at(-1) === '>'
    this.#destination = this.#keepsRest ? tokens.slice(0, -1) : tokens
  }

  /** `subject` must match the source. Empty, to which nobody can be subscribed, where it would become too long. */
  apply(subject: string): string {
    const tokens = subject.split('.')
    const made: string[] = []
    let length = 0
    for (const token of this.#destination) {
      const text = textOf(token, tokens)
      length += text.length + 1
      if (length > MAX_MADE_LENGTH) return ''
      made.push(text)
    }
    if (this.#keepsRest) made.push(...tokens.slice(this.#sourceTokens - 1))
    return made.join('.')
  }
}

/**
 * The tokens of `destination`, with wildcards resolved to positions in `source`. `isReversible` is asked of imports:
 * nothing but wildcards, and every one of them. Throws a `TransformError`.
 */
export function parseDestination(
  source: string,
  destination: string,
  tools: TransformTools,
  { isReversible = false }: { readonly isReversible?: boolean } = {},
): DestinationToken[] {
  const sourceTokens = source.split('.')
  const tokens = destination.split('.')
  if (!isReversible) {
    for (const [i, token] of tokens.entries()) {
      if (token === '' || tokens[i - 1] === '>') fail('invalid transform', token)
      if (callOf(token) === undefined && /[\t\n\f\r ]/.test(token)) fail('invalid transform', '')
    }
  }
  const hasRest = sourceTokens.at(-1) === '>'
  if (!isValidDestination(tokens) || (tokens.at(-1) === '>') !== hasRest) throw new TransformError('invalid subject')

  const wildcards = sourceTokens.flatMap((token, i) => (token === '*' ? [i] : []))
  const used = { count: 0 }
  const parsed = tokens.map((token) =>
    parseToken(token, { wildcards, isLiteral: isLiteralSubject(source), isReversible, used, ...tools }),
  )
  if (isReversible && used.count < wildcards.length) fail('not using all of the token wildcard(s)', destination)
  return parsed
}

function isValidDestination(tokens: readonly string[]): boolean {
  if (tokens.length > MAX_SUBJECT_TOKENS) return false
  return tokens.every((token, i) => token !== '' && token !== '*' && tokens[i - 1] !== '>')
}

interface TokenContext extends TransformTools {
  /** Positions of the `*` of the source. */
  readonly wildcards: readonly number[]
  readonly isLiteral: boolean
  readonly isReversible: boolean
  /** How many wildcards destinations refer to so far. */
  readonly used: { count: number }
}

function parseToken(token: string, context: TokenContext): DestinationToken {
  const old = /^\$([+-]?\d+)$/.exec(token)
  const call = old === null ? callOf(token) : ({ name: 'wildcard', args: [old[1]!] } as const)
  if (call === undefined) return { kind: 'literal', text: token }

  const { name, args } = call
  if (context.isReversible && name !== 'wildcard') {
    fail('the only mapping function allowed for import transforms is {{Wildcard()}}', token)
  }
  const { numbers, text } = argumentsOf(name, args, token)
  const [first = 0, ...others] = numbers
  if (name === 'random') {
    return { kind: 'computed', compute: () => String(first === 0 ? 0 : context.random(first)) }
  }
  if (name === 'partition' && (others.length === 0 || context.isLiteral)) {
    return { kind: 'computed', compute: (tokens) => String(partition(tokens.join('.'), first)) }
  }
  if (context.isLiteral) fail('wildcard index out of range', token)

  const places = (name === 'partition' ? others : [first]).map((wildcard) => {
    if (wildcard > context.wildcards.length) fail('wildcard index out of range', `${token}: [${wildcard}]`)
    return context.wildcards[wildcard - 1] ?? 0
  })
  context.used.count += places.length
  const [place = 0] = places
  if (name === 'wildcard') return { kind: 'wildcard', index: place }
  if (name === 'partition') {
    return {
      kind: 'computed',
      compute: (tokens) => String(partition(places.map((index) => tokens[index] ?? '').join(''), first)),
    }
  }
  const cut = CUTS[name]
  const [size = 0] = others
  return {
    kind: 'computed',
    compute(tokens) {
      const part = tokens[place] ?? ''
      if (cut === undefined) return part.split(text).filter(Boolean).join('.')
      // Nothing to cut: the token stays whole.
      return size > 0 && size < part.length ? cut(part, size) : part
    },
  }
}

/** As nats-server reads it: some letters may be small or capital. */
const FUNCTIONS = [
  ['wildcard', /^[wW]ildcard$/],
  ['partition', /^[pP]artition$/],
  ['split', /^[sS]plit$/],
  ['splitFromLeft', /^[sS]plit[fF]rom[lL]eft$/],
  ['splitFromRight', /^[sS]plit[fF]rom[rR]ight$/],
  ['sliceFromLeft', /^[sS]lice[fF]rom[lL]eft$/],
  ['sliceFromRight', /^[sS]lice[fF]rom[rR]ight$/],
  ['left', /^[lL]eft$/],
  ['right', /^[rR]ight$/],
  ['random', /^[rR]andom$/],
] as const

type FunctionName = (typeof FUNCTIONS)[number][0]

function callOf(token: string): { name: FunctionName; args: readonly string[] } | undefined {
  if (token.length <= 4 || !token.startsWith('{{') || !token.endsWith('}}')) return undefined
  const [, spelled = '', args = ''] = CALL.exec(token) ?? []
  const [name] = FUNCTIONS.find(([, spelling]) => spelling.test(spelled)) ?? []
  if (name === undefined) fail('unknown function', token)
  return { name, args: args.split(/,\s*/) }
}

/** The arguments of a call, of which `split` has a text behind the first number. */
function argumentsOf(name: FunctionName, args: readonly string[], token: string): { numbers: number[]; text: string } {
  const [first = '', second = ''] = args
  if (name === 'wildcard' && args.length === 1 && first === '')
    fail('not enough arguments passed to the function', token)
  const expected = EXPECTED_ARGUMENTS[name]
  if (args.length < expected || (name === 'random' && args.length > 1)) {
    fail('not enough arguments passed to the function', token)
  }
  if (args.length > expected && name !== 'partition') fail('too many arguments passed to the function', token)
  if (name !== 'split') return { numbers: args.map((arg) => numberOf(arg, token)), text: '' }
  if (second.includes(' ')) fail(INVALID_ARGUMENT, token)
  return { numbers: [numberOf(first, token)], text: second }
}

const EXPECTED_ARGUMENTS: Record<FunctionName, number> = {
  wildcard: 1,
  partition: 1,
  split: 2,
  splitFromLeft: 2,
  splitFromRight: 2,
  sliceFromLeft: 2,
  sliceFromRight: 2,
  left: 2,
  right: 2,
  random: 1,
}

function numberOf(arg: string, token: string): number {
  const text = arg.trim()
  const number = Number(text)
  if (!/^[+-]?\d+$/.test(text) || number > MAX_INT32) fail(INVALID_ARGUMENT, token)
  return number
}

/** How a token falls into several: `size` is more than nothing and less than all of it. */
const CUTS: Partial<Record<FunctionName, (token: string, size: number) => string>> = {
  splitFromLeft: (token, size) => `${token.slice(0, size)}.${token.slice(size)}`,
  splitFromRight: (token, size) => `${token.slice(0, -size)}.${token.slice(-size)}`,
  sliceFromLeft: (token, size) => slices(token, size, size),
  sliceFromRight: (token, size) => slices(token, token.length % size || size, size),
  left: (token, size) => token.slice(0, size),
  right: (token, size) => token.slice(-size),
}

function slices(token: string, firstSize: number, size: number): string {
  const made = [token.slice(0, firstSize)]
  for (let i = firstSize; i < token.length; i += size) made.push(token.slice(i, i + size))
  return made.join('.')
}

/** The same number as every other NATS server has for `key`: FNV-1a of 32 bits, modulo. */
function partition(key: string, partitions: number): number {
  if (partitions === 0) return 0
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % (partitions >>> 0)
}

/** What `token` becomes for a subject of these tokens. */
export function textOf(token: DestinationToken, source: readonly string[]): string {
  switch (token.kind) {
    case 'literal':
      return token.text
    case 'wildcard':
      return source[token.index] ?? ''
    case 'computed':
      return token.compute(source)
  }
}

function fail(problem: string, token: string): never {
  throw new TransformError(`invalid mapping destination: ${problem}${token === '' ? '' : ` in ${token}`}`)
}

const CALL = /^\{\{\s*(\w+)\s*\((.*)\)\s*\}\}$/
const INVALID_ARGUMENT = 'function argument is invalid or in the wrong format'
const MAX_INT32 = 0x7fffffff
