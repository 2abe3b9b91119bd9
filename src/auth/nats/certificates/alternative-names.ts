import { derElements } from '#kit'

/** Of a certificate, what its subject is called besides; in the order in which they stand there. */
export interface AlternativeNames {
  readonly emails: readonly string[]
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
}

const NO_NAMES: AlternativeNames = { emails: [], dnsNames: [], uris: [] }

export const SUBJECT_ALT_NAME = '2.5.29.17'

/** Context-specific tags of `GeneralName` (RFC 5280 §4.2.1.6). */
const TAGS = { emails: 0x81, dnsNames: 0x82, uris: 0x86 } as const

/**
 * Reads the extension's value, `SEQUENCE OF GeneralName`. Not the text that Node makes of it: there names are told apart by
 * commas and quotes, which a name may have too.
 */
export function readAlternativeNames(extension: Buffer | undefined): AlternativeNames {
  if (extension === undefined) return NO_NAMES
  const names = derElements(derElements(extension)[0]!.content)
  const textsOf = (tag: number) =>
    names.filter((name) => name.tag === tag).map(({ content }) => content.toString('latin1'))
  return {
    emails: textsOf(TAGS.emails),
    dnsNames: textsOf(TAGS.dnsNames),
    uris: textsOf(TAGS.uris).map(withSmallScheme),
  }
}

/** As Go writes a URL that it has read. */
function withSmallScheme(uri: string): string {
  return uri.replace(/^[A-Za-z][A-Za-z0-9+.-]*:/, (scheme) => scheme.toLowerCase())
}
