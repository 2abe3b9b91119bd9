import { compileHostPattern } from '../host-pattern/index.ts'
import { InvalidValue } from '../language/index.ts'
import { text } from './text.ts'

/** A pattern of hosts, as `compileHostPattern` takes it. */
export const hostPattern = text('regular expression', (pattern, source) => {
  try {
    compileHostPattern(pattern)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new InvalidValue(`${source.name} is no regular expression that hosts can be compared with: ${error.message}`)
  }
  return pattern
})
