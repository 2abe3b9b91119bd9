import type { X509Certificate } from 'node:crypto'
import { certificateHash, publicKeyHash, subjectOf } from '#net'
import type { PeerCertificateSnapshot } from './source.ts'

/** What `/connz?auth=1` shows of a certificate. */
export function peerCertificate(certificate: X509Certificate): PeerCertificateSnapshot {
  return {
    subject: subjectOf(certificate),
    publicKeySha256: publicKeyHash(certificate),
    sha256: certificateHash(certificate),
  }
}
