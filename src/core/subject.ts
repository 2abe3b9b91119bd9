/** Longest subject looked at, in tokens: bounds the recursion of a match. nats-server keeps to 32 on its fast path. */
export const MAX_SUBJECT_TOKENS = 256

/**
 * Whether a client may subscribe to `subject`: non-empty tokens joined by dots, no white space, `>` only as the last
 * token. A `*` or `>` among other characters of a token is an ordinary character. (`spec/nats.md` §2.5)
 */
export function isValidSubject(subject: string): boolean {
  let tokenStart = 0
  let tokens = 1
  for (let i = 0; i <= subject.length; i++) {
    const code = i === subject.length ? DOT : subject.charCodeAt(i)
    if (code === DOT) {
      if (i === tokenStart) return false
      const isRest = i === tokenStart + 1 && subject.charCodeAt(tokenStart) === GREATER
      if (isRest && i !== subject.length) return false
      if (i !== subject.length && ++tokens > MAX_SUBJECT_TOKENS) return false
      tokenStart = i + 1
    } else if (code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b)) {
      return false
    }
  }
  return true
}

/** Whether `subject` has no wildcard token. Says nothing about its validity. */
export function isLiteralSubject(subject: string): boolean {
  for (let i = 0; i < subject.length; i++) {
    const code = subject.charCodeAt(i)
    if (code !== STAR && code !== GREATER) continue
    const startsToken = i === 0 || subject.charCodeAt(i - 1) === DOT
    const endsToken = i + 1 === subject.length || subject.charCodeAt(i + 1) === DOT
    if (startsToken && endsToken) return false
  }
  return true
}

/** Whether a subscription to `pattern` gets what is published to `subject`. Both must be valid. */
export function subjectMatches(pattern: string, subject: string): boolean {
  const patternTokens = pattern.split('.')
  const subjectTokens = subject.split('.')
  for (let i = 0; i < patternTokens.length; i++) {
    const token = patternTokens[i]
    if (token === '>') return i === patternTokens.length - 1 && subjectTokens.length > i
    if (i >= subjectTokens.length) return false
    if (token !== '*' && token !== subjectTokens[i]) return false
  }
  return patternTokens.length === subjectTokens.length
}

const DOT = 0x2e
const STAR = 0x2a
const GREATER = 0x3e
