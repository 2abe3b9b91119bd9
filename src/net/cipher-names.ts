/** Go's names of cipher suites and curves, which nats-server's configuration uses, in OpenSSL's words. */
import { ConfigError } from '#kit'

/** TLS 1.3 has its own suites, with the same names everywhere. */
const TLS_1_3_SUITES = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']

/** What a suite of TLS 1.2 does with the data, behind `_WITH_`. */
const CIPHERS: Readonly<Record<string, string>> = {
  AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  CHACHA20_POLY1305_SHA256: 'CHACHA20-POLY1305',
  AES_128_CBC_SHA256: 'AES128-SHA256',
  AES_128_CBC_SHA: 'AES128-SHA',
  AES_256_CBC_SHA: 'AES256-SHA',
  '3DES_EDE_CBC_SHA': 'DES-CBC3-SHA',
  RC4_128_SHA: 'RC4-SHA',
}

const CURVES: Readonly<Record<string, string>> = {
  SecP384r1MLKEM1024: 'SecP384r1MLKEM1024',
  SecP256r1MLKEM768: 'SecP256r1MLKEM768',
  X25519MLKEM768: 'X25519MLKEM768',
  X25519: 'X25519',
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
}

/**
 * An OpenSSL cipher list. Without a suite of TLS 1.3 among the names, TLS 1.3 keeps all of its own: Go lets nobody
 * choose among those, and Node would take their absence for the wish to have no TLS 1.3. Throws a `ConfigError`, in
 * nats-server's words, for a name that Go does not know.
 */
export function opensslCiphers(goNames: readonly string[]): string {
  const hasTls13 = goNames.some((name) => TLS_1_3_SUITES.includes(name))
  return [...(hasTls13 ? [] : TLS_1_3_SUITES), ...goNames.map(opensslCipher)].join(':')
}

function opensslCipher(goName: string): string {
  if (TLS_1_3_SUITES.includes(goName)) return goName
  const [, exchange, cipher = ''] = /^TLS_(RSA|ECDHE_RSA|ECDHE_ECDSA)_WITH_(.+)$/.exec(goName) ?? []
  const name = Object.hasOwn(CIPHERS, cipher) ? CIPHERS[cipher] : undefined
  if (exchange === undefined || name === undefined) throw new ConfigError(`unrecognized cipher ${goName}`)
  return exchange === 'RSA' ? name : `${exchange.replace('_', '-')}-${name}`
}

/** An OpenSSL list of groups. Throws a `ConfigError`, in nats-server's words, for a name that Go does not know. */
export function opensslCurves(goNames: readonly string[]): string {
  return goNames
    .map((name) => {
      if (!Object.hasOwn(CURVES, name)) throw new ConfigError(`unrecognized curve preference ${name}`)
      return CURVES[name]
    })
    .join(':')
}
