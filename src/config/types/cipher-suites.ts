/** Names of cipher suites and curves as nats-server's configuration has them, which are Go's. */

const ECDHE = ['ECDSA', 'RSA'].map((signature) => `TLS_ECDHE_${signature}_WITH_`)

export const SECURE_CIPHER_SUITES: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  ...ECDHE.flatMap((prefix) =>
    ['AES_128_CBC_SHA', 'AES_256_CBC_SHA', 'AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'].map(
      (cipher) => prefix + cipher,
    ),
  ),
]

/** Only with `allow_insecure_cipher_suites`. */
export const INSECURE_CIPHER_SUITES: readonly string[] = [
  ...[
    'RC4_128_SHA',
    '3DES_EDE_CBC_SHA',
    'AES_128_CBC_SHA',
    'AES_256_CBC_SHA',
    'AES_128_CBC_SHA256',
    'AES_128_GCM_SHA256',
    'AES_256_GCM_SHA384',
  ].map((cipher) => `TLS_RSA_WITH_${cipher}`),
  ...ECDHE.flatMap((prefix) => ['RC4_128_SHA', 'AES_128_CBC_SHA256'].map((cipher) => prefix + cipher)),
  'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
]

export const CURVES: readonly string[] = [
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
  'X25519',
  'CurveP256',
  'CurveP384',
  'CurveP521',
]
