import type { TlsOptions } from '#net'

/** TLS as nats-server has it where nothing but the certificate is given. */
export function tlsOptions(given: Partial<TlsOptions> & Pick<TlsOptions, 'certificates'>): TlsOptions {
  return {
    verify: false,
    verifyAndMap: false,
    timeoutMs: 5_000,
    cipherSuites: [],
    curvePreferences: [],
    minVersion: 'TLSv1.2',
    pinnedCerts: [],
    handshakeFirst: false,
    allowNonTls: false,
    ...given,
  }
}
