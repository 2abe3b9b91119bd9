import { createRequire } from 'node:module'
import { InvalidValue } from '../language/index.ts'
import { text } from './text.ts'

/** Loaded with the first pattern, for which it takes some 10 ms: few servers have one, a NATS server never. */
const loadRe2 = () => createRequire(import.meta.url)('re2js') as typeof import('re2js')

/** A pattern that hosts match or not. */
export interface HostPattern {
  /** Whether some part of `host` matches, in a time that grows with its length and no faster. */
  test(host: string): boolean
}

/**
 * Compiles a pattern in the syntax of RE2, which is nearly that of Rust, and so of Vaultwarden. Why not a RegExp: it goes
 * back and tries again, so that a pattern which looks harmless can take for ever, and hosts are named by strangers.
 * @throws RE2JSException for a pattern that is none, or that is too large.
 */
export function compileHostPattern(pattern: string): HostPattern {
  const compiled = loadRe2().RE2JS.compile(pattern)
  return { test: (host) => compiled.test(host) }
}

/** A pattern of hosts, as `compileHostPattern` takes it. */
export const hostPattern = text('regular expression', (pattern, source) => {
  try {
    compileHostPattern(pattern)
  } catch (error) {
    if (!(error instanceof loadRe2().RE2JSException)) throw error
    throw new InvalidValue(`${source.name} is no regular expression that hosts can be compared with: ${error.message}`)
  }
  return pattern
})
