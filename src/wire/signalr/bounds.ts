import { SignalrError } from './errors.ts'

/** Lists and objects within each other, the message among them. As .NET reads JSON. */
export const MAX_DEPTH = 64

/**
 * Longest message, without what frames it; bytes. ASP.NET's `MaximumReceiveMessageSize`. spec: hub §1.7
 */
export const MAX_MESSAGE_BYTES = 32_768

/**
 * Throws a `SignalrError` when something in a message is nested too deep, so that whoever walks through it later may
 * recurse, or when a list or an object has more than `maxItems`.
 */
export function checkBounds(value: unknown, maxItems: number, depth = 1): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  if (depth > MAX_DEPTH) throw nestedTooDeep()
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  if (items.length > maxItems) {
    throw new SignalrError('MESSAGE', `A list or object of ${items.length} items; at most ${maxItems} are taken`)
  }
  for (const item of items) checkBounds(item, maxItems, depth + 1)
}

export function nestedTooDeep(): SignalrError {
  return new SignalrError('MESSAGE', `Nested deeper than ${MAX_DEPTH}`)
}
