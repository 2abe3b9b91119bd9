import { setImmediate as othersTurn } from 'node:timers/promises'
import { badRequest } from './errors.ts'

/** Brackets within brackets; what clients send has some eight. */
const MAX_DEPTH = 64

/** Objects and arrays: of 40,000 items, which is the most there can be in one import, some 160,000, and 80,000 places. */
const MAX_CONTAINERS = 300_000

/** Members and elements. 20 MB of the smallest items that clients make have some 800,000, most of them null. */
const MAX_VALUES = 1_000_000

/** Characters that are looked at in one go: some 0.5 ms of everybody's time. */
const LOT = 128 * 1024

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c]
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Throws an ApiError for a JSON text that takes long to parse for its length: ten million times `[` are seconds of
 * everybody's time, and 600 MB. Whether it is JSON is another matter.
 */
export async function requireBoundedJson(text: string): Promise<void> {
  let isString = false
  let depth = 0
  let containers = 0
  let values = 0
  let pauseAt = LOT
  for (let at = 0; at < text.length; at++) {
    if (at >= pauseAt) {
      pauseAt += LOT
      await othersTurn()
    }
    const code = text.charCodeAt(at)
    if (isString) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) isString = false
    } else if (code === QUOTE) {
      isString = true
    } else if (code === COMMA) {
      if (++values > MAX_VALUES) throw tooMany()
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (++depth > MAX_DEPTH) throw badRequest('The request body is nested too deeply.')
      if (++containers > MAX_CONTAINERS) throw tooMany()
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      depth--
    }
  }
}

const tooMany = () => badRequest('The request body has too many parts.')
