import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { ConfigError } from '#kit'

const generate = promisify(generateKeyPair)

/** Bits of a key made here, as Vaultwarden's; also the least that RS256 accepts (RFC 7518 §3.3). */
const MODULUS_BITS = 2048

export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/**
 * The RSA key in `keyFile` (PEM, PKCS#1 or PKCS#8). A missing file is made: PKCS#1, as Vaultwarden writes it, readable
 * by its owner only. Throws a ConfigError that names the file when it cannot be read, written or used.
 */
export async function loadSigningKey(keyFile: string): Promise<SigningKey> {
  const pem = (await readKeyFile(keyFile)) ?? (await makeKeyFile(keyFile))
  const privateKey = parse(pem, keyFile)
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw new ConfigError(`Cannot use the key in "${keyFile}": it is not an RSA key`)
  }
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < MODULUS_BITS) {
    throw new ConfigError(`Cannot use the key in "${keyFile}": ${bits} bits are too few, ${MODULUS_BITS} are the least`)
  }
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

async function readKeyFile(keyFile: string): Promise<string | undefined> {
  try {
    return await readFile(keyFile, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigError(`Cannot read the key file "${keyFile}": ${(cause as Error).message}`, { cause })
  }
}

async function makeKeyFile(keyFile: string): Promise<string> {
  const { privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string
  const unfinished = `${keyFile}.${process.pid}.tmp`
  try {
    // Renamed into place, so that a crash half-way leaves no broken key behind.
    await writeFile(unfinished, pem, { mode: 0o600, flush: true })
    await rename(unfinished, keyFile)
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw new ConfigError(`Cannot write the key file "${keyFile}": ${(cause as Error).message}`, { cause })
  }
  return pem
}

function parse(pem: string, keyFile: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    // OpenSSL's own text says nothing an operator can use; it stays in `cause`.
    throw new ConfigError(`Cannot use the key in "${keyFile}": it is not an unencrypted PEM private key`, { cause })
  }
}
