/** Where chance comes from: 32 bits at a time, each as likely as any other. Tests hand in one that is known. */
export type RandomUint32 = () => number

const UINT32_VALUES = 2 ** 32

/** The browser's own, fit for secrets. */
export const randomUint32: RandomUint32 = () => crypto.getRandomValues(new Uint32Array(1))[0]!

/** A whole number from 0 up to, not including, `bound` (1 to 2^32), each as likely as any other. */
export function randomBelow(bound: number, random: RandomUint32): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > UINT32_VALUES) {
    throw new RangeError(`Cannot choose one of ${bound}`)
  }
  // What lies above the last whole multiple would make the small numbers likelier: it is drawn again.
  const accepted = UINT32_VALUES - (UINT32_VALUES % bound)
  let value = random()
  while (value >= accepted) value = random()
  return value % bound
}

/** One of a list, which must not be empty. */
export function pick<T>(list: ArrayLike<T>, random: RandomUint32): T {
  return list[randomBelow(list.length, random)]!
}

/** `length` characters of an alphabet, each on its own. */
export function pickCharacters(alphabet: string, length: number, random: RandomUint32): string {
  return Array.from({ length }, () => pick(alphabet, random)).join('')
}

/** The same things in an order of chance, every order as likely as any other: Fisher and Yates. */
export function shuffle<T>(list: readonly T[], random: RandomUint32): T[] {
  const shuffled = [...list]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = randomBelow(last + 1, random)
    const moved = shuffled[last]!
    shuffled[last] = shuffled[other]!
    shuffled[other] = moved
  }
  return shuffled
}
