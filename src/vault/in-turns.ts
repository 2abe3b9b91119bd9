import { setImmediate as othersTurn } from 'node:timers/promises'

/** Items of one go: some 2 ms of everybody's time, written or read. */
const LOT = 100

/** `items` in lots, between which everybody else has a turn. Good within a transaction too. */
export async function* inTurns<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[], void, undefined> {
  for (let at = 0; at < items.length; at += LOT) {
    if (at > 0) await othersTurn()
    yield items.slice(at, at + LOT)
  }
}
