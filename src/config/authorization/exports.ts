import type { Export, ExportAccess, ServiceExport } from '#core'
import {
  arrayIn,
  booleanIn,
  type ConfigEntry,
  type ConfigMap,
  type ConfigValue,
  goType,
  InvalidValue,
  integerIn,
  type Position,
  type Problems,
  parseDuration,
  readMap,
  stringIn,
} from '../language/index.ts'
import { latencyIn } from './latency.ts'

/** `exports` of an account. (`spec/nats.md` §2.8) */
export function exportsIn({ value }: ConfigEntry, problems: Problems): readonly Export[] {
  if (value.kind !== 'array') throw new InvalidValue(`Exports should be an array, got ${goType(value)}`)
  return value.items.flatMap((item) => {
    if (item.kind === 'map') return new ExportItem(problems).read(item)
    problems.errorAt(item.position, `Export Items should be a map with type entry, got ${goType(item)}`)
    return []
  })
}

const RESPONSE_TYPES: Readonly<Record<string, ServiceExport['responseType']>> = {
  single: 'single',
  singleton: 'single',
  stream: 'stream',
  chunk: 'chunked',
  chunked: 'chunked',
}

type Writable<T> = { -readonly [Key in keyof T]?: T[Key] }

/** What only services have: what messages call it, and where it stands. */
type Directive = readonly [what: 'response' | 'latency' | 'allow_trace', position: Position]

/** One export while it is read. */
class ExportItem {
  readonly #problems: Problems
  #kind: Export['kind'] | undefined
  #subject = ''
  #access: ExportAccess = { kind: 'public' }
  #accountTokenPosition = 0
  readonly #service: Writable<Omit<ServiceExport, 'kind' | 'subject' | 'access' | 'accountTokenPosition'>> = {}
  readonly #directives: Directive[] = []
  readonly #seen = new Set<string>()

  constructor(problems: Problems) {
    this.#problems = problems
  }

  /** Nothing when it is wrong, or says neither of what nor of which service it is. */
  read(item: ConfigMap): Export[] {
    const errorsBefore = this.#problems.errors.length
    readMap(item, this.#fields, this.#problems)
    if (this.#kind === 'stream') {
      for (const [what, position] of this.#directives) {
        this.#problems.errorAt(position, `Detected ${what} directive on non-service`)
      }
    }
    if (this.#problems.errors.length > errorsBefore) return []
    const accountTokenPosition = this.#accountTokenPosition || undefined
    const common = { subject: this.#subject, access: this.#access, accountTokenPosition }
    switch (this.#kind) {
      case 'stream':
        return [{ kind: 'stream', ...common }]
      case 'service':
        return [{ kind: 'service', ...common, responseType: 'single', allowsTrace: false, ...this.#service }]
      case undefined:
        this.#problems.remarkAt(item.position, 'an export without stream and service has no effect')
        return []
    }
  }

  readonly #fields = {
    stream: (entry: ConfigEntry) => this.#subjectOf('stream', entry),
    service: (entry: ConfigEntry) => this.#subjectOf('service', entry),
    response: (entry: ConfigEntry) => this.#responseType(entry),
    response_type: (entry: ConfigEntry) => this.#responseType(entry),
    threshold: (entry: ConfigEntry) => this.#threshold(entry),
    response_threshold: (entry: ConfigEntry) => this.#threshold(entry),
    response_max_time: (entry: ConfigEntry) => this.#threshold(entry),
    response_time: (entry: ConfigEntry) => this.#threshold(entry),
    accounts: (entry: ConfigEntry) => {
      const accounts = arrayIn(entry.value).map((name) => stringIn(name, name.position))
      if (accounts.length > 0) this.#access = { kind: 'accounts', accounts }
      else this.#problems.remarkAt(entry.keyPosition, `${entry.key} is empty, which lets every account import it`)
    },
    latency: (entry: ConfigEntry) => {
      this.#directives.push(['latency', entry.keyPosition])
      this.#service.latency = latencyIn(entry, this.#problems)
    },
    account_token_position: ({ value }: ConfigEntry) => {
      this.#accountTokenPosition = Number(integerIn(value))
    },
    allow_trace: ({ keyPosition, value }: ConfigEntry) => {
      this.#directives.push(['allow_trace', keyPosition])
      this.#service.allowsTrace = booleanIn(value)
    },
  }

  #subjectOf(kind: Export['kind'], { value }: ConfigEntry): void {
    if (this.#kind !== undefined && this.#kind !== kind) {
      const name = value.kind === 'string' ? JSON.stringify(value.value) : goType(value)
      throw new InvalidValue(`Detected ${kind} ${name} but already saw a ${this.#kind}`)
    }
    if (value.kind !== 'string') throw new InvalidValue(`Expected ${kind} name to be string, got ${goType(value)}`)
    this.#kind = kind
    this.#subject = value.value
  }

  #responseType({ keyPosition, value }: ConfigEntry): void {
    this.#once('response', 'Duplicate response type definition')
    this.#directives.push(['response', keyPosition])
    if (value.kind !== 'string') throw new InvalidValue(`Expected response type to be string, got ${goType(value)}`)
    const type = RESPONSE_TYPES[value.value.toLowerCase()]
    if (type === undefined) throw new InvalidValue(`Unknown response type: ${JSON.stringify(value.value)}`)
    this.#service.responseType = type
  }

  #threshold({ keyPosition, value }: ConfigEntry): void {
    this.#once('threshold', 'Duplicate response threshold detected')
    this.#directives.push(['response', keyPosition])
    const ms = durationIn(value)
    if (ms > 0) this.#service.responseThresholdMs = ms
  }

  #once(what: string, complaint: string): void {
    if (this.#seen.has(what)) throw new InvalidValue(complaint)
    this.#seen.add(what)
  }
}

function durationIn(value: ConfigValue): number {
  const complaint = 'Expected response threshold to be a parseable time duration, got '
  if (value.kind !== 'string') throw new InvalidValue(complaint + goType(value))
  try {
    return parseDuration(value.value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidValue(complaint + JSON.stringify(value.value))
  }
}
