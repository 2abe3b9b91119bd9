/** How long it would take to guess a password, roughly. It is a hint for whoever chooses one, and no rule. */
export type Strength = 'weak' | 'fair' | 'good' | 'strong'

/** What a new master password has at least, as in the apps. Characters. */
export const LEAST_PASSWORD_LENGTH = 12

/** From so many bits on. */
const LEVELS: readonly (readonly [bits: number, level: Strength])[] = [
  [70, 'strong'],
  [55, 'good'],
  [40, 'fair'],
]

/** What stands in every list of passwords, alone or with something added. */
const COMMON =
  /password|passwort|secret|qwert[yz]|azerty|asdf|letmein|welcome|admin|login|iloveyou|dragon|monkey|master|football|baseball|superman|batman|sunshine|princess|shadow|trustno|hello|bitwarden|vault|belfry|test|user|root/g
const YEAR = /(?:19|20)\d\d/g
/** What may be a word. */
const WORD = /[A-Za-z]?[a-z]{2,}|[A-Z]{3,}/g
/** Neighbours on keyboards. */
const ROWS = ['qwertyuiop', 'qwertzuiop', 'asdfghjkl', 'zxcvbnm', 'yxcvbnm', '1234567890']
const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

const BITS = {
  common: 8,
  year: 6,
  /** Of a character that follows from those before it. */
  foreseeable: 0.5,
  letter: 4.7,
  letterOfWord: 2.5,
  digit: 3.3,
  other: 5,
}

/** `known`: what somebody who guesses knows, as the address and the name. */
export function passwordStrength(password: string, known: readonly string[] = []): Strength {
  const bits = estimatedBits(password, known)
  return LEVELS.find(([least]) => bits >= least)?.[1] ?? 'weak'
}

function estimatedBits(password: string, known: readonly string[]): number {
  const lower = password.toLowerCase()
  const plain = lower.replace(/[013457@$!]/g, (sign) => LOOKALIKES[sign] ?? sign)
  /** Which characters are accounted for. */
  const isCounted = new Array<boolean>(lower.length).fill(false)
  let bits = 0
  const count = (from: number, length: number, worth: number) => {
    if (isCounted.slice(from, from + length).every(Boolean)) return
    isCounted.fill(true, from, from + length)
    bits += worth
  }
  for (const { index, 0: word } of plain.matchAll(COMMON)) count(index, word.length, BITS.common)
  for (const { index, 0: year } of lower.matchAll(YEAR)) count(index, year.length, BITS.year)
  for (const part of known.flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u))) {
    const at = part.length < 3 ? -1 : lower.indexOf(part)
    if (at !== -1) count(at, part.length, BITS.foreseeable)
  }
  for (const { index, 0: word } of password.matchAll(WORD)) {
    for (let i = index; i < index + word.length; i++) {
      if (!isForeseeable(lower, i)) count(i, 1, BITS.letterOfWord)
    }
  }
  for (let i = 0; i < lower.length; i++) {
    if (!isCounted[i]) bits += isForeseeable(lower, i) ? BITS.foreseeable : bitsOf(lower[i]!)
  }
  // Capitals are mostly where they are expected.
  return bits + Math.min(4, (password.match(/\p{Lu}/gu) ?? []).length)
}

function isForeseeable(text: string, at: number): boolean {
  if (at < 2) return at === 1 && text[0] === text[1]
  const [first, second, third] = [at - 2, at - 1, at].map((i) => text.charCodeAt(i)) as [number, number, number]
  const step = third - second
  if (Math.abs(step) <= 1 && step === second - first) return true
  const three = text.slice(at - 2, at + 1)
  const backwards = [...three].reverse().join('')
  if (ROWS.some((row) => row.includes(three) || row.includes(backwards))) return true
  return text.slice(0, at).includes(three)
}

function bitsOf(character: string): number {
  if (/\d/.test(character)) return BITS.digit
  return /[a-z]/.test(character) ? BITS.letter : BITS.other
}
