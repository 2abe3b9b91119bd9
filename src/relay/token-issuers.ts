import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { JWTPayload } from 'jose'
import { verifyJwt } from '#auth'
import { type Clock, ConfigError, type Logger } from '#kit'
import { IdentityTokens, IssuerSource } from './identity/index.ts'

/** Bits, as RS256 demands (RFC 7518 §3.3). */
const MIN_MODULUS_BITS = 2048

/** Who issues the tokens of an installation's users. */
export interface TokenIssuer {
  /** GUID in lower case. */
  readonly installationId: string
  /** What a token says that this issuer has signed and that is good at the moment; undefined for all others. */
  verify(token: string): Promise<JWTPayload | undefined>
  /** Asks for its keys, so that the first device need not wait. What is wrong is logged. */
  prepare?(): void
}

/** As it is configured: with a key, with an Identity service, or with neither. */
interface Installation {
  readonly id: string
  readonly issuer?: string | undefined
  readonly publicKeyFile?: string | undefined
  readonly identity?: string | undefined
}

interface Tools {
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The issuers of those installations that have one. Throws a `ConfigError` that names the file when a key cannot be
 * used, or when two installations cannot be told apart by their tokens.
 */
export async function tokenIssuers(
  installations: readonly Installation[],
  tools: Tools,
): Promise<readonly TokenIssuer[]> {
  const issuers: TokenIssuer[] = []
  const known = new Map<string, string>()
  const add = (issuer: TokenIssuer, mark: string) => {
    const other = known.get(mark)
    if (other !== undefined) {
      throw new ConfigError(
        `relay: the installations ${other} and ${issuer.installationId} have the same issuer of tokens`,
      )
    }
    known.set(mark, issuer.installationId)
    issuers.push(issuer)
  }
  for (const { id, issuer, publicKeyFile, identity } of installations) {
    if (identity !== undefined) add(identityIssuer(id, identity, tools), identity)
    if (issuer === undefined || publicKeyFile === undefined) continue
    const key = await readPublicKey(publicKeyFile).catch((error: ConfigError) => {
      throw new ConfigError(`relay: installation ${id}: ${error.message}`, { cause: error })
    })
    add(keyIssuer(id, { issuer, key, clock: tools.clock }), `${issuer} ${key.export({ type: 'spki', format: 'pem' })}`)
  }
  return issuers
}

/** A Vaultwarden, which has one key. */
function keyIssuer(
  installationId: string,
  { issuer, key, clock }: { issuer: string; key: KeyObject; clock: Clock },
): TokenIssuer {
  return {
    installationId,
    async verify(token) {
      if (claimedIssuer(token) !== issuer) return undefined
      return verifyJwt(token, { key, algorithm: 'RS256', issuer, requiredClaims: ['exp', 'nbf', 'sub'], clock })
    },
  }
}

/** An official server, whose keys its Identity service tells. */
function identityIssuer(installationId: string, authority: string, { clock, logger }: Tools): TokenIssuer {
  const issuer = new IssuerSource({ authority, clock, logger })
  const tokens = new IdentityTokens({ issuer, clock })
  return {
    installationId,
    prepare: () => void issuer.current().catch(() => {}),
    async verify(token) {
      try {
        return await tokens.verify(token)
      } catch (error) {
        // Its users come back by themselves, and those of other servers have nothing to do with it.
        logger.warn({ installation: installationId, reason: (error as Error).message }, 'token cannot be checked')
        return undefined
      }
    },
  }
}

/** What a token says of its issuer, true or not: only who might have signed it is asked. */
function claimedIssuer(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).iss
  } catch {
    return undefined
  }
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
    const wanted = 'the PEM of a public key, or of a private key without a password'
    throw new ConfigError(`Cannot use the key in "${file}": it is not ${wanted}`, { cause })
  }
}
