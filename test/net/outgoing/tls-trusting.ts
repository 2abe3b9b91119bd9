import { type ClientTlsSettings, readClientTls } from '#net'
import type { TestAuthority } from '../../helpers/certificates.ts'

/** What a client of servers with certificates of that authority has. */
export function tlsTrusting({ caFile }: TestAuthority): Promise<ClientTlsSettings> {
  return readClientTls({
    certificates: [],
    caFile,
    timeoutMs: 2000,
    cipherSuites: [],
    curvePreferences: [],
    minVersion: 'TLSv1.2',
    pinnedCerts: [],
    handshakeFirst: false,
    isInsecure: false,
  })
}
