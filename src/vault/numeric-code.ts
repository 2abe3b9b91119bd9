import { randomInt } from 'node:crypto'

/** A random code of that many decimal digits, to be sent by mail and typed in again. */
export function newNumericCode(digits: number): string {
  return Array.from({ length: digits }, () => randomInt(10)).join('')
}
