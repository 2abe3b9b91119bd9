import { setImmediate as nextTurn } from 'node:timers/promises'

let last: Promise<void> = Promise.resolve()

/**
 * Resolves in a later turn of the event loop, in which it does so for nobody else: between any two who wait for it requests
 * are answered. SQLite answers in the turn in which it is asked, so without it whoever looks up thousands of users would do
 * so in one, and hold up all requests meanwhile.
 */
export function ownTurn(): Promise<void> {
  last = last.then(() => nextTurn())
  return last
}
