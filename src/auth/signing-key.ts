import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { ConfigError, type Logger } from '#kit'
import type { Store } from '#store'
import { parsePrivateKey, readKeyFile, writeKeyFile } from './key-file.ts'

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
  return (await readKey(keyFile)) ?? (await makeKey(keyFile))
}

export interface SharedKeyOptions {
  readonly keyFile: string
  /** Of the database that the instances share. Its lock sees to it that one of them makes the first key. */
  readonly store: Pick<Store, 'signingKeys' | 'exclusively'>
  readonly logger: Logger
}

/**
 * The same for one of several instances, which must all sign by one key: what one of them signed would not count at the
 * others. So a missing file is only made where none has signed yet, otherwise that is a ConfigError, too. A key that is
 * not the one in use is taken and told: it was changed on purpose, or somebody has yet to copy it.
 */
export async function loadSharedSigningKey({ keyFile, store, logger }: SharedKeyOptions): Promise<SigningKey> {
  // In this order: the file is there before the record, so on a folder that is shared it cannot be missing now.
  const recorded = await store.signingKeys.find()
  const key = await readKey(keyFile)
  if (key === undefined) return recorded === undefined ? makeFirstKey(keyFile, store) : refuseWithout(keyFile)
  const fingerprint = fingerprintOf(key)
  const inUse = await store.signingKeys.claim(fingerprint)
  if (inUse !== fingerprint) {
    logger.warn(
      { keyFile, fingerprint, inUse },
      'the signing key is not the one that instances on this database used last: they refuse the sessions of this one, ' +
        'and it theirs, until all have the same rsa_key.pem and were started with it',
    )
    await store.signingKeys.replace(fingerprint)
  }
  return key
}

async function makeFirstKey(keyFile: string, store: SharedKeyOptions['store']): Promise<SigningKey> {
  let made: SigningKey | undefined
  await store.exclusively('signing key', async () => {
    if ((await store.signingKeys.find()) !== undefined) return
    const key = await makeKey(keyFile)
    const fingerprint = fingerprintOf(key)
    if ((await store.signingKeys.claim(fingerprint)) === fingerprint) made = key
    // Somebody who has brought a key was faster.
    else await rm(keyFile)
  })
  return made ?? refuseWithout(keyFile)
}

function refuseWithout(keyFile: string): never {
  throw new ConfigError(
    `There is no key file "${keyFile}", but other instances on this database have one: copy rsa_key.pem from one of ` +
      'them, or say with RSA_KEY_FILENAME where it is. If it is lost, make a new one, which ends all sessions: ' +
      `openssl genrsa -out "${keyFile}" ${MODULUS_BITS}`,
  )
}

/** What a file with a key is. */
export interface SigningKeyFile {
  readonly format: 'PKCS#1' | 'PKCS#8'
  readonly bits: number
  /** As databases keep it: SHA-256 of the public key (SubjectPublicKeyInfo), in hex. */
  readonly fingerprint: string
}

/** Looks at the file and makes none: undefined when it is missing. Throws a ConfigError as `loadSigningKey`. */
export async function inspectSigningKey(keyFile: string): Promise<SigningKeyFile | undefined> {
  const pem = await readKeyFile(keyFile)
  if (pem === undefined) return undefined
  const key = parse(pem, keyFile)
  return {
    format: pem.includes('BEGIN RSA PRIVATE KEY') ? 'PKCS#1' : 'PKCS#8',
    bits: key.privateKey.asymmetricKeyDetails!.modulusLength!,
    fingerprint: fingerprintOf(key),
  }
}

/** SHA-256 of the public key (SubjectPublicKeyInfo), in hex. */
function fingerprintOf({ publicKey }: SigningKey): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

async function makeKey(keyFile: string): Promise<SigningKey> {
  const { privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string
  await writeKeyFile(keyFile, pem)
  return parse(pem, keyFile)
}

async function readKey(keyFile: string): Promise<SigningKey | undefined> {
  const pem = await readKeyFile(keyFile)
  return pem === undefined ? undefined : parse(pem, keyFile)
}

function parse(pem: string, keyFile: string): SigningKey {
  const privateKey = parsePrivateKey(pem, keyFile)
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw new ConfigError(`Cannot use the key in "${keyFile}": it is not an RSA key`)
  }
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < MODULUS_BITS) {
    throw new ConfigError(`Cannot use the key in "${keyFile}": ${bits} bits are too few, ${MODULUS_BITS} are the least`)
  }
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
