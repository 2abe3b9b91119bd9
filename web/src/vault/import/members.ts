import { isObject, type JsonObject } from '../../api/json.ts'

/**
 * The members of an object in a file, each asked for by name. What is asked for and cannot be read, and what nobody asks
 * for, is named in `leftOut` at the end: the clear text of a newer program's members has no place in an encrypted vault.
 */
export class Members {
  readonly #object: JsonObject
  readonly #place: string
  readonly #leftOut: string[]
  readonly #unread: Set<string>

  /** `leftOut` is added to. `place` stands before the names there: `login.`. */
  constructor(object: JsonObject, leftOut: string[], place = '') {
    this.#object = object
    this.#leftOut = leftOut
    this.#place = place
    this.#unread = new Set(Object.keys(object))
  }

  /** Numbers, too: other programs write years like that. */
  text(name: string): string | null {
    const value = this.#take(name)
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    return this.#refuse(name, value)
  }

  number(name: string): number | null {
    const value = this.#take(name)
    return typeof value === 'number' ? value : this.#refuse(name, value)
  }

  /** True, or a number that is not 0. */
  flag(name: string): boolean {
    const value = this.#take(name)
    if (typeof value !== 'boolean' && typeof value !== 'number') this.#refuse(name, value)
    return value === true || (typeof value === 'number' && value !== 0)
  }

  /** An object without members where there is none. */
  part(name: string): Members {
    const value = this.#take(name)
    if (isObject(value)) return new Members(value, this.#leftOut, `${this.#place}${name}.`)
    this.#refuse(name, value)
    return new Members({}, this.#leftOut)
  }

  parts(name: string): Members[] {
    const value = this.#take(name)
    if (!Array.isArray(value)) return this.#refuse(name, value) ?? []
    return value.flatMap((entry, index) => {
      if (isObject(entry)) return [new Members(entry, this.#leftOut, `${this.#place}${name}[${index}].`)]
      this.#refuse(`${name}[${index}]`, entry)
      return []
    })
  }

  texts(name: string): string[] {
    const value = this.#take(name)
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : (this.#refuse(name, value) ?? [])
  }

  /** What is another's to say: no word about it. */
  skip(...names: readonly string[]): void {
    for (const name of names) this.#unread.delete(name)
  }

  /** Nobody will ask for anything more. */
  end(): void {
    for (const name of this.#unread) this.#refuse(name, this.#object[name])
    this.#unread.clear()
  }

  #take(name: string): unknown {
    this.#unread.delete(name)
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined
  }

  #refuse(name: string, value: unknown): null {
    if (!isNothing(value)) this.#leftOut.push(this.#place + name)
    return null
  }
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
