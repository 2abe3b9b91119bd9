/**
 * The EFF's long list: 7,776 words, five dice each, 12.9 bits. CC BY 3.0 US, Electronic Frontier Foundation; see
 * docs/dependencies.md. 27 KB compressed, so it is loaded when somebody asks for words.
 * https://www.eff.org/deeplinks/2016/07/new-wordlists-random-passphrases
 */
export async function loadWords(): Promise<readonly string[]> {
  const { EFF_LONG_WORDLIST } = await import('secure-password-utilities/wordlists')
  return EFF_LONG_WORDLIST
}

export function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
