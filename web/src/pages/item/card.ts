/** Brands as the apps store them, which is not always how they are written. */
export const CARD_BRANDS = [
  ...(['Visa', 'Mastercard', 'Amex', 'Discover', 'Diners Club', 'JCB', 'Maestro', 'UnionPay', 'RuPay'] as const),
  'Other',
] as const

/** By the first digits of a number (ISO/IEC 7812), those that the apps tell. */
const BRAND_PATTERNS: readonly (readonly [pattern: RegExp, brand: (typeof CARD_BRANDS)[number]])[] = [
  [/^4/, 'Visa'],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, 'Mastercard'],
  [/^3[47]/, 'Amex'],
  [/^(6011|64[4-9]|65|622(12[6-9]|1[3-9]|[2-8]|9[01]|92[0-5]))/, 'Discover'],
  [/^(36|30[0-5])/, 'Diners Club'],
  [/^35(2[89]|[3-8])/, 'JCB'],
]

/** The brand that a number is of, as far as it tells; `undefined` for others. */
export function brandOf(number: string): (typeof CARD_BRANDS)[number] | undefined {
  const digits = number.replaceAll(/[\s-]/g, '')
  return BRAND_PATTERNS.find(([pattern]) => pattern.test(digits))?.[1]
}

/** How a brand is written. */
export function brandName(brand: string): string {
  return brand === 'Amex' ? 'American Express' : brand
}

/** `29` is 2029, as printed on cards; everything else stays. */
export function fullYear(year: string): string {
  const trimmed = year.trim()
  return /^\d\d$/.test(trimmed) ? `20${trimmed}` : trimmed
}

/** A number in the groups in which it is printed; what is none stays as it is. */
export function groupDigits(number: string): string {
  if (!/^\d{12,19}$/.test(number)) return number
  const groups = brandOf(number) === 'Amex' ? /^(\d{4})(\d{6})(\d+)$/ : /\d{1,4}/g
  return number
    .replace(groups, (group, ...[first, second, third]: string[]) =>
      third === undefined || !second ? `${group} ` : `${first} ${second} ${third}`,
    )
    .trim()
}
