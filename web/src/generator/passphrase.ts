import { pick, type RandomUint32, randomBelow, randomUint32 } from './random.ts'
import { capitalized, loadWords } from './words.ts'

export interface PassphraseOptions {
  /** How many, 3 to 20. */
  readonly words: number
  /** Between each two; may be empty. */
  readonly separator: string
  /** Begins each word with a capital. */
  readonly capitalize: boolean
  /** Adds a digit to one of the words, whichever. */
  readonly includeNumber: boolean
}

/** Inclusive; those of the apps. */
export const PASSPHRASE_RANGES = { words: [3, 20] } as const

/** What a new user is offered, as by the apps. */
export const DEFAULT_PASSPHRASE: PassphraseOptions = {
  words: 6,
  separator: '-',
  capitalize: false,
  includeNumber: false,
}

/** Words of chance, each on its own: one may come twice. Throws a `RangeError` where their number is out of its range. */
export async function generatePassphrase(
  options: PassphraseOptions,
  random: RandomUint32 = randomUint32,
): Promise<string> {
  const [least, most] = PASSPHRASE_RANGES.words
  if (!Number.isInteger(options.words) || options.words < least || options.words > most) {
    throw new RangeError(`words is ${options.words}, not ${least} to ${most}`)
  }
  const list = await loadWords()
  const words = Array.from({ length: options.words }, () => pick(list, random))
  if (options.includeNumber) words[randomBelow(words.length, random)] += String(randomBelow(10, random))
  return (options.capitalize ? words.map(capitalized) : words).join(options.separator)
}
