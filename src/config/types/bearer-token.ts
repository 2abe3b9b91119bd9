import { InvalidValue } from '../language/index.ts'
import type { Source } from './setting-type.ts'
import { text } from './text.ts'

/** Fewer can be guessed by trying. */
const MIN_LENGTH = 16

/** What travels in `Authorization: Bearer` (RFC 6750 §2.1). Messages never show it. */
export const bearerToken = text(
  `at least ${MIN_LENGTH} letters, digits and \`-._~+/\`, such as \`openssl rand -hex 32\` makes`,
  (token, source: Source) => {
    const trimmed = token.trim()
    if (trimmed.length >= MIN_LENGTH && /^[A-Za-z0-9._~+/-]+=*$/.test(trimmed)) return trimmed
    throw new InvalidValue(
      `${source.name} must have at least ${MIN_LENGTH} characters, all of them letters, digits or one of -._~+/ ` +
        '(make one with "openssl rand -hex 32")',
    )
  },
)
