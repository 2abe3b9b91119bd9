import type { LoginFields } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'

const FORM_BYTES = 32 * 1024

/** The fields of a login, by their names without case and underscores: clients write them in either manner. */
export class Form implements LoginFields {
  readonly #fields = new Map<string, string>()

  constructor(text: string) {
    for (const [name, value] of new URLSearchParams(text)) {
      const key = canonical(name)
      if (!this.#fields.has(key)) this.#fields.set(key, value)
    }
  }

  get(name: string): string | undefined {
    return this.#fields.get(canonical(name))
  }

  /** Throws an ApiError that names the field when it is missing or empty. */
  require(name: string): string {
    const value = this.get(name)
    if (!value) throw badRequest(`${name} cannot be blank`, name)
    return value
  }
}

const canonical = (name: string) => name.replaceAll('_', '').toLowerCase()

/** Makes `scope` read bodies as forms, and nothing else. */
export function readForms(scope: VaultApp): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES },
    async (_request: unknown, text: string) => new Form(text),
  )
}
