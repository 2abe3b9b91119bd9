import { normalGuid } from '#kit'
import { caselessMembers } from '#notify'
import { RelayError } from './errors.ts'

/**
 * A JSON body as it came, asked member by member. Names are those of the official server, and are found in any case;
 * null is the same as absent. Everything throws a `RelayError` with status 400 that names the member, never its value.
 */
export class Body {
  readonly #member: (name: string) => unknown

  constructor(value: unknown, name = 'The request body') {
    const member = caselessMembers(value)
    if (member === undefined) throw new RelayError(400, `${name} must be an object.`)
    this.#member = member
  }

  /** The member as it is; undefined when there is none. */
  get(name: string): unknown {
    return this.#member(name) ?? undefined
  }

  /** 1 to `maxLength` characters. */
  text(name: string, maxLength: number): string {
    return required(this.optionalText(name, maxLength), name)
  }

  optionalText(name: string, maxLength: number): string | undefined {
    const value = this.get(name)
    // An empty text is as good as none.
    if (value === undefined || value === '') return undefined
    if (typeof value === 'string' && value.length <= maxLength) return value
    return invalid(name, `must be a text of at most ${maxLength} characters`)
  }

  /** In lower case. */
  guid(name: string): string {
    return required(this.optionalGuid(name), name)
  }

  optionalGuid(name: string): string | undefined {
    const value = this.get(name)
    return value === undefined ? undefined : guidIn(value, name)
  }

  /** In lower case; empty when there are none. */
  guids(name: string, maxItems: number): string[] {
    return this.list(name, maxItems).map((item) => guidIn(item, name))
  }

  list(name: string, maxItems: number): readonly unknown[] {
    const value = this.get(name) ?? []
    if (Array.isArray(value) && value.length <= maxItems) return value
    return invalid(name, `must be a list of at most ${maxItems} items`)
  }

  /** 0 to 255. */
  byte(name: string): number {
    return required(this.optionalByte(name), name)
  }

  optionalByte(name: string): number | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255) return value
    return invalid(name, 'must be a whole number from 0 to 255')
  }
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RelayError(400, `The ${name} field is required.`, name)
  return value
}

function guidIn(value: unknown, name: string): string {
  return normalGuid(value) ?? invalid(name, 'must be a GUID')
}

function invalid(name: string, what: string): never {
  throw new RelayError(400, `${name} ${what}.`, name)
}
