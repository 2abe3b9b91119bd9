import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ConfigError } from '#kit'

/** Bits, as RS256 demands (RFC 7518 §3.3). */
const MIN_MODULUS_BITS = 2048

/** Another server, and how the tokens of its users are told. */
export interface InstallationIssuer {
  /** GUID in lower case. */
  readonly id: string
  /** `iss` of the tokens. */
  readonly issuer: string
  readonly publicKey: KeyObject
}

interface Configured {
  readonly id: string
  readonly issuer?: string | undefined
  readonly publicKeyFile?: string | undefined
}

/**
 * Reads the keys of those installations that have one. Throws a `ConfigError` that names the file when it cannot be
 * used, or when two installations cannot be told apart by their tokens.
 */
export async function loadIssuers(installations: readonly Configured[]): Promise<readonly InstallationIssuer[]> {
  const issuers: InstallationIssuer[] = []
  for (const { id, issuer, publicKeyFile } of installations) {
    if (issuer === undefined || publicKeyFile === undefined) continue
    const publicKey = await readPublicKey(publicKeyFile)
    const same = issuers.find((other) => other.issuer === issuer && other.publicKey.equals(publicKey))
    if (same !== undefined) {
      throw new ConfigError(
        `relay: the installations ${same.id} and ${id} have the same issuer and the same public key`,
      )
    }
    issuers.push({ id, issuer, publicKey })
  }
  return issuers
}

/** Of a private key in `file` the public half is taken. */
async function readPublicKey(file: string): Promise<KeyObject> {
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`Cannot read the key file "${file}": ${(cause as Error).message}`, { cause })
  }
  const key = parse(pem, file)
  if (key.asymmetricKeyType !== 'rsa') throw new ConfigError(`Cannot use the key in "${file}": it is not an RSA key`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < MIN_MODULUS_BITS) {
    throw new ConfigError(
      `Cannot use the key in "${file}": ${bits} bits are too few, ${MIN_MODULUS_BITS} are the least`,
    )
  }
  return key
}

function parse(pem: string, file: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw new ConfigError(
      `Cannot use the key in "${file}": it is no PEM of a public key or an unencrypted private key`,
      {
        cause,
      },
    )
  }
}
