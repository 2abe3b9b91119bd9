import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { certificateHash, publicKeyHash, subjectOf } from './certificate.ts'

/** What monitoring tells of a TLS connection. */
export interface TlsFacts {
  /** `1.2` or `1.3`. */
  readonly version: string
  /** The IANA name, which is Go's as well: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
  readonly cipherSuite: string
  /** The client's own certificate, when it showed one. */
  readonly peerCertificate: PeerCertificate | undefined
}

export interface PeerCertificate {
  /** As Go writes it: `CN=example.com,OU=NATS.io`. */
  readonly subject: string
  /** Lower-case hex SHA-256 of the DER SubjectPublicKeyInfo. */
  readonly publicKeyHash: string
  /** Lower-case hex SHA-256 of the DER certificate. */
  readonly certificateHash: string
}

/** `undefined` for a plain socket, and when the connection is gone. */
export function tlsFacts(socket: Socket): TlsFacts | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const version = socket.getProtocol()?.replace('TLSv', '')
  if (version === undefined) return undefined
  const certificate = socket.getPeerX509Certificate()
  return {
    version,
    cipherSuite: socket.getCipher().standardName,
    peerCertificate: certificate && {
      subject: subjectOf(certificate),
      publicKeyHash: publicKeyHash(certificate),
      certificateHash: certificateHash(certificate),
    },
  }
}
