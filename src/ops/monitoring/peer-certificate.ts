import { createHash, type X509Certificate } from 'node:crypto'
import type { PeerCertificateSnapshot } from './source.ts'

/** What `/connz?auth=1` shows of a certificate. Worth keeping with the connection: it is two digests each time. */
export function peerCertificate(certificate: X509Certificate): PeerCertificateSnapshot {
  const publicKey = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return {
    // Node has a line for each part, in the order of the certificate; RFC 2253 begins with the last.
    subject: certificate.subject.split('\n').reverse().join(','),
    publicKeySha256: createHash('sha256').update(publicKey).digest('hex'),
    sha256: createHash('sha256').update(certificate.raw).digest('hex'),
  }
}
