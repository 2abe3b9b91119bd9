/** What Node does not say of an X.509 certificate: its key's exact bytes, and its subject as Go writes it. */
import { createHash, type X509Certificate } from 'node:crypto'
import { ATTRIBUTE_NAMES, certificateFields, goName } from '#kit'

/** Lower-case hex SHA-256 of the DER SubjectPublicKeyInfo as it stands in the certificate: what `pinned_certs` names. */
export function publicKeyHash(certificate: X509Certificate): string {
  return sha256(certificateFields(certificate.raw).subjectPublicKeyInfo)
}

/** Lower-case hex SHA-256 of the whole certificate in DER. */
export function certificateHash(certificate: X509Certificate): string {
  return sha256(certificate.raw)
}

/**
 * The subject in the form of RFC 2253 that Go's `pkix.Name` gives it, `CN=example.com,OU=NATS.io`: what nats-server
 * shows in `/connz`. Attributes that Go has no name for come last, as `oid=#hex`.
 */
export function subjectOf(certificate: X509Certificate): string {
  const { subject } = certificateFields(certificate.raw)
  const others = subject.flat().flatMap(({ oid, value }) => {
    return value === undefined || ATTRIBUTE_NAMES.has(oid) ? [] : [`${oid}=#${encodeString(value).toString('hex')}`]
  })
  return [goName(subject), ...others.reverse()].filter((part) => part !== '').join(',')
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

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
