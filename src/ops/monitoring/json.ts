/**
 * JSON as Go's MarshalIndent writes it with two spaces: people diff these answers with nats-server's. Fields stand in
 * the order in which they were written; `undefined` ones are left out, which is Go's `omitempty`.
 */
export type JsonObject = { readonly [name: string]: unknown }

/** A list that is made while it is written, so that a long one never stands in memory as text. */
export class LazyList {
  readonly items: Iterable<unknown>

  constructor(items: Iterable<unknown>) {
    this.items = items
  }
}

/** The text of `value` in pieces. A `LazyList` may be the value of a field, of lists' items too, and nowhere deeper. */
export function* indentedJson(value: JsonObject, indent = ''): Generator<string, void, undefined> {
  if (!Object.values(value).some((field) => field instanceof LazyList)) {
    yield compose(value, indent)
    return
  }
  const inner = `${indent}  `
  let lead = '{\n'
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue
    yield `${lead}${inner}${JSON.stringify(name)}: `
    lead = ',\n'
    if (field instanceof LazyList) yield* lazyItems(field, inner)
    else yield compose(field, inner)
  }
  yield `\n${indent}}`
}

function* lazyItems({ items }: LazyList, indent: string): Generator<string, void, undefined> {
  const inner = `${indent}  `
  let lead = '[\n'
  for (const item of items) {
    yield lead + inner
    lead = ',\n'
    if (typeof item === 'object' && item !== null) yield* indentedJson(item as JsonObject, inner)
    else yield compose(item, inner)
  }
  yield lead === '[\n' ? '[]' : `\n${indent}]`
}

function compose(value: unknown, indent: string): string {
  const text = withGoEscapes(JSON.stringify(value, null, 2))
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`)
}

/** In one line, as `/healthz` has it. */
export function compactJson(value: unknown): string {
  return withGoEscapes(JSON.stringify(value))
}

/** Go escapes these, so that JSON inside a page ends no tag and, as JSONP, no line. They occur within strings only. */
function withGoEscapes(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Go's `omitempty`: nothing for an empty text, 0, `false` and an empty list. */
export function unlessEmpty<T extends string | number | boolean | readonly unknown[]>(
  value: T | undefined,
): T | undefined {
  return value === undefined || !value || (Array.isArray(value) && value.length === 0) ? undefined : value
}
