/** What Node does not say of an X.509 certificate: its key's exact bytes, and its subject as Go writes it. */
import { createHash, type X509Certificate } from 'node:crypto'

/** Lower-case hex SHA-256 of the DER SubjectPublicKeyInfo as it stands in the certificate: what `pinned_certs` names. */
export function publicKeyHash(certificate: X509Certificate): string {
  return sha256(certificateParts(certificate.raw).subjectPublicKeyInfo)
}

/** Lower-case hex SHA-256 of the whole certificate in DER. */
export function certificateHash(certificate: X509Certificate): string {
  return sha256(certificate.raw)
}

/**
 * The subject in the form of RFC 2253 that Go's `pkix.Name` gives it, `CN=example.com,OU=NATS.io`: what nats-server
 * shows in `/connz` and maps to users. Attributes that Go has no name for come last, as `oid=#hex`.
 */
export function subjectOf(certificate: X509Certificate): string {
  const attributes = readName(certificateParts(certificate.raw).subject)
  const named = GO_ORDER.map(([oid, name, isSingle]) => {
    const values = attributes.filter((attribute) => attribute.oid === oid).map(({ value }) => value)
    return (isSingle ? values.slice(-1) : values).map((value) => `${name}=${escapeValue(value)}`).join('+')
  })
  const others = attributes
    .filter(({ oid }) => !GO_ORDER.some(([known]) => known === oid))
    .map(({ oid, value }) => `${oid}=#${encodeString(value).toString('hex')}`)
  return [...named.filter((rdn) => rdn !== ''), ...others.reverse()].join(',')
}

interface Attribute {
  readonly oid: string
  readonly value: string
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

interface CertificateParts {
  readonly subject: Buffer
  readonly subjectPublicKeyInfo: Buffer
}

/**
 * RFC 5280 §4.1: `SEQUENCE { SEQUENCE { [0] version?, serialNumber, signature, issuer, validity, subject,
 * subjectPublicKeyInfo … } … }`. OpenSSL has read the certificate before us, so its form is known to be good.
 */
function certificateParts(der: Buffer): CertificateParts {
  const [tbs] = elements(elements(der)[0]!.content)
  const fields = elements(tbs!.content)
  const first = fields[0]!.tag === 0xa0 ? 1 : 0
  return { subject: fields[first + 4]!.whole, subjectPublicKeyInfo: fields[first + 5]!.whole }
}

/** `Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }`. Values that are no text are left out. */
function readName(name: Buffer): readonly Attribute[] {
  return elements(elements(name)[0]!.content).flatMap((rdn) =>
    elements(rdn.content).flatMap((pair) => {
      const [type, value] = elements(pair.content)
      const text = value && decodeString(value)
      return text === undefined ? [] : [{ oid: decodeOid(type!.content), value: text }]
    }),
  )
}

interface Element {
  readonly tag: number
  readonly content: Buffer
  /** With tag and length. */
  readonly whole: Buffer
}

/** The DER elements that `bytes` consists of. */
function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 1]!
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f
    const start = at + 2 + lengthBytes
    const end = start + (lengthBytes === 0 ? short : bytes.readUIntBE(at + 2, lengthBytes))
    found.push({ tag: bytes[at]!, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) })
    at = end
  }
  return found
}

function decodeOid(bytes: Buffer): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (arcs.length > 0) arcs.push(arc)
    else arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)))
    arc = 0
  }
  return arcs.join('.')
}

function decodeString({ tag, content }: Element): string | undefined {
  switch (tag) {
    case 0x0c: // UTF8String
      return content.toString('utf8')
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // TeletexString
    case 0x16: // IA5String
      return content.toString('latin1')
    case 0x1e: // BMPString
      return Buffer.from(content.subarray(0, content.length & ~1))
        .swap16()
        .toString('utf16le')
    default:
      return undefined
  }
}

/** As Go encodes a string anew: PrintableString where that can hold it, else UTF8String. */
function encodeString(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  const tag = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? 0x13 : 0x0c
  const { length } = bytes
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), bytes])
}

/** RFC 2253 §2.4. */
function escapeValue(value: string): string {
  return value.replace(/[,+"\\<>;]|^[ #]| $/g, '\\$&')
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
