import { BadRequest, Query } from '../monitoring/query.ts'
import type { ServerSnapshot } from '../monitoring/source.ts'

/** Options of a request, by their names in JSON: what each may be, and which parameter of the HTTP endpoint it is. */
export type OptionNames = Readonly<Record<string, OptionName>>

interface OptionName {
  readonly type: OptionType
  /** Default: the same name. A value may be set, too: `subs=detail`. */
  readonly parameter?: string
}

type OptionType = 'boolean' | 'string' | 'integer' | 'strings'

/** With these a request to all servers says which are to answer. */
const FILTERS: OptionNames = {
  server_name: { type: 'string' },
  cluster: { type: 'string' },
  host: { type: 'string' },
  exact_match: { type: 'boolean' },
  tags: { type: 'strings' },
  domain: { type: 'string' },
}

/** What a request in JSON asks for. */
export class RequestOptions {
  readonly #values: ReadonlyMap<string, unknown>
  readonly #names: OptionNames

  /** An empty `payload` asks for nothing in particular. Throws a `BadRequest` for what is no JSON object, or a value of the wrong type. */
  constructor(payload: Buffer, names: OptionNames = {}) {
    this.#names = names
    this.#values = payload.length === 0 ? new Map() : read(payload, { ...FILTERS, ...names })
  }

  text(name: string): string {
    return (this.#values.get(name) ?? '') as string
  }

  boolean(name: string): boolean {
    return this.#values.get(name) === true
  }

  /** `undefined` when it is not there. */
  integer(name: string): number | undefined {
    return this.#values.get(name) as number | undefined
  }

  texts(name: string): readonly string[] {
    return (this.#values.get(name) ?? []) as readonly string[]
  }

  /** The same request as the monitoring endpoints read it; `extra` goes before what it says. */
  query(extra: Readonly<Record<string, string>> = {}): Query {
    const parameters = new URLSearchParams(extra)
    for (const [name, { type, parameter = name }] of Object.entries(this.#names)) {
      const value = this.#values.get(name)
      if (value === undefined || value === false || type === 'strings') continue
      const [key = '', set = String(value)] = parameter.split('=')
      parameters.append(key, set)
    }
    return new Query(parameters.toString())
  }

  /** Whether the request is meant for this server. */
  concerns({ name, host, tags = [] }: ServerSnapshot): boolean {
    const isExact = this.boolean('exact_match')
    const fits = (wanted: string, is: string) => wanted === '' || (isExact ? is === wanted : is.includes(wanted))
    if (!fits(this.text('server_name'), name) || !fits(this.text('host'), host)) return false
    // It is in no cluster, and has no JetStream to have a domain.
    if (this.text('cluster') !== '' || this.text('domain') !== '') return false
    const own = tags.map((tag) => tag.toLowerCase())
    return this.texts('tags').every((tag) => own.includes(tag.toLowerCase()))
  }
}

function read(payload: Buffer, names: OptionNames): Map<string, unknown> {
  const json = parse(payload)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new BadRequest(`json: cannot unmarshal ${kindOf(json)} into the options of a request`)
  }
  const values = new Map<string, unknown>()
  for (const [given, value] of Object.entries(json)) {
    // Go's decoder takes names in any case, and null for nothing.
    const name = given.toLowerCase()
    const known = Object.hasOwn(names, name) ? names[name] : undefined
    if (known === undefined || value === null) continue
    if (!isOf(known.type, value)) {
      throw new BadRequest(`json: cannot unmarshal ${kindOf(value)} into field ${name} of type ${known.type}`)
    }
    values.set(name, value)
  }
  return values
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString())
  } catch {
    throw new BadRequest('json: the request is no valid JSON')
  }
}

function isOf(type: OptionType, value: unknown): boolean {
  if (type === 'integer') return Number.isSafeInteger(value)
  if (type === 'strings') return Array.isArray(value) && value.every((item) => typeof item === 'string')
  return typeof value === type
}

function kindOf(value: unknown): string {
  if (typeof value === 'boolean') return 'bool'
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}
