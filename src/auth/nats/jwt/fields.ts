/** What is wrong with the form of a JWT. For logs: never a part of it that would be of use to anybody. */
export class JwtError extends Error {
  override name = 'JwtError'
}

/** Names of members come from outside: a reason must not become as long as the JWT. */
const MAX_PATH_LENGTH = 100

/** The largest number a 64-bit integer holds, as far as a `number` can say it. */
const MAX_INTEGER = 2 ** 63

/**
 * Reads the members of a JSON object as precise types. What is missing or null is the empty value of its type, as the
 * library of nats-io has it; what is of another type is a `JwtError`.
 */
export class Fields {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(value: unknown, path = '') {
    if (typeof value !== 'object' || Array.isArray(value)) throw new JwtError(`"${path || 'claims'}" is no object`)
    this.#members = (value ?? {}) as Record<string, unknown>
    this.#path = path
  }

  text(name: string): string {
    return this.#read(name, 'text', (value) => typeof value === 'string') ?? ''
  }

  integer(name: string, otherwise = 0): number {
    const isInteger = (value: unknown): value is number => {
      return Number.isInteger(value) && Math.abs(value as number) <= MAX_INTEGER
    }
    return this.#read(name, 'integer', isInteger) ?? otherwise
  }

  flag(name: string): boolean {
    return this.#read(name, 'boolean', (value) => typeof value === 'boolean') ?? false
  }

  texts(name: string): readonly string[] {
    const isTexts = (value: unknown): value is string[] => {
      return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
    }
    return this.#read(name, 'list of texts', isTexts) ?? []
  }

  list(name: string): readonly unknown[] {
    return this.#read<unknown[]>(name, 'list', Array.isArray) ?? []
  }

  /** Each entry of a list of objects; `undefined` for those that are null. */
  objects<T>(name: string, read: (fields: Fields) => T): readonly (T | undefined)[] {
    return this.list(name).map((entry, index) => {
      return entry === null ? undefined : read(new Fields(entry, this.#pathOf(`${name}[${index}]`)))
    })
  }

  object(name: string): Fields {
    return this.optional(name) ?? new Fields({}, this.#pathOf(name))
  }

  optional(name: string): Fields | undefined {
    const value = this.#value(name)
    return value === undefined ? undefined : new Fields(value, this.#pathOf(name))
  }

  names(): readonly string[] {
    return Object.keys(this.#members)
  }

  raw(name: string): unknown {
    return this.#value(name)
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? (this.#members[name] ?? undefined) : undefined
  }

  #read<T>(name: string, type: string, isType: (value: unknown) => value is T): T | undefined {
    const value = this.#value(name)
    if (value === undefined || isType(value)) return value
    throw new JwtError(`"${this.#pathOf(name)}" is no ${type}`)
  }

  #pathOf(name: string): string {
    return (this.#path === '' ? name : `${this.#path}.${name}`).slice(0, MAX_PATH_LENGTH)
  }
}
