/** A request that nats-server answers with 400 and this text. */
export class BadRequest extends Error {
  override name = 'BadRequest'
}

/** Longest page of a list, whatever `limit` says: bounds what one request makes the server hold and write. */
const MAX_PAGE = 100_000
/** Items of a page when the request names no limit. */
const DEFAULT_PAGE = 1024

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False']
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/** The parameters of a request, read with Go's rules and refused in Go's words. */
export class Query {
  readonly #values = new Map<string, string>()

  /** `text` is what follows the question mark. Of a name that comes twice, the first counts; what is malformed does not. */
  constructor(text: string) {
    for (const pair of text.split('&')) {
      if (pair === '' || pair.includes(';')) continue
      const [name = '', ...rest] = pair.split('=')
      try {
        const key = decoded(name)
        if (!this.#values.has(key)) this.#values.set(key, decoded(rest.join('=')))
      } catch {
        // A stray % takes the pair with it, as in Go.
      }
    }
  }

  /** Empty when it is not there. */
  text(name: string): string {
    return this.#values.get(name) ?? ''
  }

  boolean(name: string): boolean {
    const text = this.text(name)
    if (text === '' || FALSE.includes(text)) return false
    if (TRUE.includes(text)) return true
    throw new BadRequest(
      `Error decoding boolean for '${name}': strconv.ParseBool: parsing ${quoted(text)}: invalid syntax`,
    )
  }

  /** 0 when it is not there; cut to what a number holds exactly. */
  integer(name: string): number {
    const text = this.text(name)
    if (text === '') return 0
    const fail = (why: string): never => {
      throw new BadRequest(`Error decoding int for '${name}': strconv.Atoi: parsing ${quoted(text)}: ${why}`)
    }
    if (!/^[+-]?\d+$/.test(text)) return fail('invalid syntax')
    const value = BigInt(text.replace('+', ''))
    if (value > MAX_INT64 || value < -MAX_INT64 - 1n) return fail('value out of range')
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number(value), Number.MAX_SAFE_INTEGER))
  }

  /** 0 when it is not there. */
  id(name: string): number {
    const text = this.text(name)
    if (text === '') return 0
    const fail = (why: string): never => {
      throw new BadRequest(`Error decoding uint64 for '${name}': strconv.ParseUint: parsing ${quoted(text)}: ${why}`)
    }
    if (!/^\d+$/.test(text)) return fail('invalid syntax')
    return BigInt(text) > MAX_UINT64 ? fail('value out of range') : Number(text)
  }

  /** `subs=`: none, the subjects, or everything about them. */
  subscriptions(): 'none' | 'subjects' | 'details' {
    if (this.text('subs').toLowerCase() === 'detail') return 'details'
    return this.boolean('subs') ? 'subjects' : 'none'
  }

  /** `offset=` and `limit=`, brought into range. */
  page(): Page {
    const offset = Math.max(0, this.integer('offset'))
    const limit = this.integer('limit')
    return { offset, limit: limit <= 0 ? DEFAULT_PAGE : Math.min(limit, MAX_PAGE) }
  }
}

export interface Page {
  readonly offset: number
  readonly limit: number
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

/** Nearly Go's `%q`: they differ in how control characters are written. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
