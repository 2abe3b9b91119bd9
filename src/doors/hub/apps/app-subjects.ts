import { isLiteralSubject, isValidSubject } from '#core'
import { toByteString } from '#kit'

/** Longest id of a user and name of a group; bytes of UTF-8. */
const MAX_ID_BYTES = 256

/** What they have to be, for messages. */
export const ID_RULES = `at most ${MAX_ID_BYTES} bytes without spaces, wildcards and empty parts`

/** Where a hub of the operator's own is spoken to: its subjects, all below one prefix. */
export class AppSubjects {
  /** For everybody who is connected. */
  readonly all: string
  /** For the hub itself: who is in which group. */
  readonly control: string
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
    this.all = `${prefix}.all`
    this.control = `${prefix}.control`
  }

  /** `undefined` for what is no id: `isHubId`. */
  user(id: string): string | undefined {
    return isHubId(id) ? `${this.#prefix}.user.${toByteString(id)}` : undefined
  }

  /** `undefined` for what is no name of a group: `isHubId`. */
  group(name: string): string | undefined {
    return isHubId(name) ? `${this.#prefix}.group.${toByteString(name)}` : undefined
  }
}

/**
 * Whether users and groups may be called so: what the end of a literal subject may be, as `bob` and `bob@example.com`,
 * which is two tokens of it. No wildcards, no white space and no control characters, no empty tokens.
 */
export function isHubId(id: unknown): id is string {
  if (typeof id !== 'string' || Buffer.byteLength(id) > MAX_ID_BYTES || !id.isWellFormed()) return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  if (/[\s\x00-\x1f\x7f-\x9f]/.test(id)) return false
  return isValidSubject(id) && isLiteralSubject(id)
}
