import { pickCharacters, type RandomUint32, randomUint32, shuffle } from './random.ts'

export interface PasswordOptions {
  /** Characters, 5 to 128, and no fewer than what is asked for by class. */
  readonly length: number
  readonly lowercase: boolean
  readonly uppercase: boolean
  readonly digits: boolean
  readonly specials: boolean
  /** At least so many digits, 0 to 9. Of a class that is asked for there is always one; of another this says nothing. */
  readonly minDigits: number
  /** As `minDigits`. */
  readonly minSpecials: number
  /** Leaves out what is easily taken for something else: I, O, l, 0 and 1. */
  readonly avoidAmbiguous: boolean
}

/** Inclusive; those of the apps. */
export const PASSWORD_RANGES = { length: [5, 128], minDigits: [0, 9], minSpecials: [0, 9] } as const

/** What a new user is offered, as by the apps. */
export const DEFAULT_PASSWORD: PasswordOptions = {
  length: 14,
  lowercase: true,
  uppercase: true,
  digits: true,
  specials: false,
  minDigits: 1,
  minSpecials: 0,
  avoidAmbiguous: false,
}

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz'
const UPPERCASE = LOWERCASE.toUpperCase()
const DIGITS = '0123456789'
const SPECIALS = '!@#$%^&*'
const AMBIGUOUS = /[IOl01]/g

/**
 * A password of chance. What is asked for of each class is drawn first, the rest from all classes together, and then
 * all is shuffled, so that no place says what stands there.
 * Throws a `RangeError` where no class is asked for, a number is out of its range, or the length does not suffice.
 */
export function generatePassword(options: PasswordOptions, random: RandomUint32 = randomUint32): string {
  check(options)
  const classes = classesOf(options)
  const everything = classes.map(({ characters }) => characters).join('')
  const demanded = classes.map(({ characters, minimum }) => pickCharacters(characters, minimum, random)).join('')
  const rest = pickCharacters(everything, options.length - demanded.length, random)
  return shuffle([...demanded, ...rest], random).join('')
}

/** The shortest password in which there is room for all that is asked for, at least 5. */
export function shortestLength(options: Omit<PasswordOptions, 'length'>): number {
  const demanded = classesOf(options).reduce((sum, { minimum }) => sum + minimum, 0)
  return Math.max(demanded, PASSWORD_RANGES.length[0])
}

function classesOf(options: Omit<PasswordOptions, 'length'>): { characters: string; minimum: number }[] {
  const { lowercase, uppercase, digits, specials, minDigits, minSpecials, avoidAmbiguous } = options
  const all = [
    { isAsked: lowercase, characters: LOWERCASE, minimum: 1 },
    { isAsked: uppercase, characters: UPPERCASE, minimum: 1 },
    { isAsked: digits, characters: DIGITS, minimum: Math.max(minDigits, 1) },
    { isAsked: specials, characters: SPECIALS, minimum: Math.max(minSpecials, 1) },
  ]
  return all
    .filter(({ isAsked }) => isAsked)
    .map(({ characters, minimum }) => ({
      characters: avoidAmbiguous ? characters.replace(AMBIGUOUS, '') : characters,
      minimum,
    }))
}

function check(options: PasswordOptions): void {
  for (const name of ['length', 'minDigits', 'minSpecials'] as const) {
    const [least, most] = PASSWORD_RANGES[name]
    const value = options[name]
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name} is ${value}, not ${least} to ${most}`)
    }
  }
  if (classesOf(options).length === 0) throw new RangeError('A password needs a class of characters')
  const shortest = shortestLength(options)
  if (options.length < shortest) throw new RangeError(`length is ${options.length}, but ${shortest} are asked for`)
}
