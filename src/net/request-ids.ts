import { randomBytes } from 'node:crypto'

/** Digits of the number; with more the ids are longer, and still unique. */
const DIGITS = 6

/**
 * Short names for requests and connections: `9f3c21ab-00001z`. The first part is this process', by chance; the second
 * counts in base 36, so that sorted they stand in the order of their time. They are no secrets.
 */
export class RequestIds {
  readonly #prefix = randomBytes(4).toString('hex')
  #count = 0

  next(): string {
    return `${this.#prefix}-${(++this.#count).toString(36).padStart(DIGITS, '0')}`
  }
}

/** An id that somebody else gave, if it can stand in a header and in a log as it is. */
export function saneRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : undefined
}
