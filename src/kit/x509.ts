import { type DerElement, derElements, derOid, derText } from './der.ts'

/** Of a certificate in DER, what Node does not tell of it. (RFC 5280 §4.1) */
export interface CertificateFields {
  readonly subject: Rdns
  /** The key with its algorithm, as it stands there. */
  readonly subjectPublicKeyInfo: Buffer
  /** The values of the extensions by OID. */
  readonly extensions: ReadonlyMap<string, Buffer>
}

/** Relative distinguished names in the order of the certificate: the most general first. */
export type Rdns = readonly (readonly NameAttribute[])[]

export interface NameAttribute {
  readonly oid: string
  /** `undefined` when it is no text. */
  readonly value: string | undefined
}

const EXTENSIONS_TAG = 0xa3

/**
 * `SEQUENCE { SEQUENCE { [0] version?, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo,
 * [1]?, [2]?, [3] extensions? } … }`.
 */
export function certificateFields(der: Buffer): CertificateFields {
  const [tbs] = derElements(derElements(der)[0]!.content)
  const fields = derElements(tbs!.content)
  const first = fields[0]!.tag === 0xa0 ? 1 : 0
  return {
    subject: readName(fields[first + 4]!),
    subjectPublicKeyInfo: fields[first + 5]!.whole,
    extensions: readExtensions(fields.find(({ tag }) => tag === EXTENSIONS_TAG)),
  }
}

/** `Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }`. */
function readName({ content }: DerElement): Rdns {
  return derElements(content).map((rdn) =>
    derElements(rdn.content).map((pair) => {
      const [type, value] = derElements(pair.content)
      return { oid: derOid(type!.content), value: value && derText(value) }
    }),
  )
}

/** `[3] SEQUENCE OF SEQUENCE { id OBJECT IDENTIFIER, critical BOOLEAN?, value OCTET STRING }`. */
function readExtensions(explicit: DerElement | undefined): ReadonlyMap<string, Buffer> {
  if (explicit === undefined) return new Map()
  const extensions = derElements(derElements(explicit.content)[0]!.content)
  return new Map(
    extensions.map(({ content }) => {
      const parts = derElements(content)
      return [derOid(parts[0]!.content), parts.at(-1)!.content]
    }),
  )
}

/** Whatever its place in the certificate, Go writes an attribute in this order; of two common names it keeps the last. */
const GO_ORDER: readonly (readonly [oid: string, name: string, isSingle: boolean])[] = [
  ['2.5.4.5', 'SERIALNUMBER', true],
  ['2.5.4.3', 'CN', true],
  ['2.5.4.11', 'OU', false],
  ['2.5.4.10', 'O', false],
  ['2.5.4.17', 'POSTALCODE', false],
  ['2.5.4.9', 'STREET', false],
  ['2.5.4.7', 'L', false],
  ['2.5.4.8', 'ST', false],
  ['2.5.4.6', 'C', false],
]

/** The short names of attributes by OID, as far as Go has any. */
export const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map(GO_ORDER.map(([oid, name]) => [oid, name]))

/**
 * The attributes that Go has names for, in the form of RFC 2253 that its `pkix.Name` gives them:
 * `CN=example.com,OU=NATS.io`.
 */
export function goName(rdns: Rdns): string {
  const attributes = rdns.flat()
  return GO_ORDER.map(([oid, name, isSingle]) => {
    const values = attributes.flatMap((one) => (one.oid === oid && one.value !== undefined ? [one.value] : []))
    return (isSingle ? values.slice(-1) : values).map((value) => `${name}=${escapeValue(value)}`).join('+')
  })
    .filter((rdn) => rdn !== '')
    .join(',')
}

/** RFC 2253 §2.4. */
function escapeValue(value: string): string {
  return value.replace(/[,+"\\<>;]|^[ #]| $/g, '\\$&')
}
