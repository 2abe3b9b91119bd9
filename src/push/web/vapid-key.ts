import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { parsePrivateKey, readKeyFile, writeKeyFile } from '#auth'
import { ConfigError, type Logger } from '#kit'
import type { VapidKeys } from '#store'

/** By which push services know this server, and to which browsers bind their subscriptions. RFC 8292 */
export interface VapidKey {
  readonly privateKey: KeyObject
  /** As browsers take it: the uncompressed point in base64url, 87 characters. spec: hub §6 */
  readonly publicKey: string
}

/** A curve that every browser and push service knows (RFC 8292 §2), by OpenSSL's name. */
const CURVE = 'prime256v1'

/**
 * The key in `keyFile`, PEM. A missing file is made, readable by its owner only. Throws a ConfigError that names the file
 * when it cannot be read, written or used.
 */
export async function loadVapidKey(keyFile: string): Promise<VapidKey> {
  return (await inspectVapidKey(keyFile)) ?? takeKey(newPem(), keyFile)
}

/** What is in `keyFile`; undefined when there is none. Makes and changes nothing. Throws a ConfigError as `loadVapidKey`. */
export async function inspectVapidKey(keyFile: string): Promise<VapidKey | undefined> {
  const pem = await readKeyFile(keyFile)
  return pem === undefined ? undefined : parse(pem, keyFile)
}

export interface SharedVapidKeyOptions {
  readonly keyFile: string
  /** Of the database that the instances share. */
  readonly keys: VapidKeys
  readonly logger: Logger
}

/**
 * The same for one of several instances, which must all have one key: a subscription is good for the key that it was made
 * with, and a browser that is announced another one subscribes anew. So the database has the key as well, and whoever has no
 * file is given it. That is more convenient than what is done about rsa_key.pem, whose file an operator has to copy, and
 * costs less than it would there: it lets nobody in. It is no reason not to start, either, when the file cannot be written.
 * A file that has another key than the database was changed on purpose, or comes from elsewhere: it is taken and told.
 */
export async function loadSharedVapidKey({ keyFile, keys, logger }: SharedVapidKeyOptions): Promise<VapidKey> {
  const key = await inspectVapidKey(keyFile)
  if (key === undefined) return takeGivenKey(await keys.claim(newPem()), keyFile, logger)
  const pem = pemOf(key.privateKey)
  const inUse = await keys.claim(pem)
  if (inUse !== pem) {
    logger.warn(
      { keyFile },
      'the key of Web Push is not the one that instances on this database used last: browsers that subscribed with ' +
        'that one are not reached before they have synced, until all instances have the same vapid_key.pem, or none and ' +
        'are given it, and were started with it',
    )
    await keys.replace(pem)
  }
  return key
}

/** The database has it: where the data folder cannot be written, the next start is given it again. */
async function takeGivenKey(pem: string, keyFile: string, logger: Logger): Promise<VapidKey> {
  try {
    return await takeKey(pem, keyFile)
  } catch (error) {
    const key = parse(pem, keyFile)
    logger.warn({ keyFile, error }, 'the key of Web Push is kept in the database alone: its file cannot be written')
    return key
  }
}

/** Keeps it in the file from here on. */
async function takeKey(pem: string, keyFile: string): Promise<VapidKey> {
  const key = parse(pem, keyFile)
  await writeKeyFile(keyFile, pem)
  return key
}

const newPem = () => pemOf(generateKeyPairSync('ec', { namedCurve: CURVE }).privateKey)

/** However a file says it, the same key is the same text. */
const pemOf = (privateKey: KeyObject) => privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

function parse(pem: string, keyFile: string): VapidKey {
  const privateKey = parsePrivateKey(pem, keyFile)
  if (privateKey.asymmetricKeyDetails?.namedCurve !== CURVE) {
    throw new ConfigError(`Cannot use the key in "${keyFile}": it is not a key of the curve P-256`)
  }
  // The first byte says that the point is not compressed (SEC 1 §2.3.3).
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  const point = [Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]
  return { privateKey, publicKey: Buffer.concat(point).toString('base64url') }
}
