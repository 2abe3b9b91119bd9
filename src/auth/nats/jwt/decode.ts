import { isPublicKey, type NkeyKind, verifySignature } from '../nkeys.ts'
import type { Claims, ClaimsType, StandardClaims } from './claims.ts'
import { Fields, JwtError } from './fields.ts'
import { readClaims } from './read-claims.ts'

export type Decoded<C> =
  | { readonly ok: true; readonly claims: C }
  | {
      readonly ok: false
      /** For the log. */
      readonly reason: string
    }

export type ClaimsOf<Type extends ClaimsType> = Extract<Claims, { type: Type }>

/** Longest JWT that is looked at, in characters. That of the library of nats-io. */
export const MAX_JWT_LENGTH = 1024 * 1024

const ISSUERS: Record<ClaimsType, readonly NkeyKind[]> = {
  operator: ['operator'],
  account: ['account', 'operator'],
  user: ['account'],
  activation: ['account', 'operator'],
  authorization_request: ['server'],
  authorization_response: ['account'],
}

/**
 * The claims of a JWT whose signature is that of the issuer it names, which is of a kind that may issue such claims.
 * Whether that issuer is to be trusted, and whether the claims make sense and are of today, is for others to say.
 */
export function decodeJwt<Type extends ClaimsType>(token: string, type: Type): Decoded<ClaimsOf<Type>> {
  return attempt(() => {
    const parts = split(token)
    const claims = readClaims(parts.claims)
    if (!isSigned(parts, claims.version)) throw new JwtError(`claim failed V${claims.version} signature verification`)
    if (!ISSUERS[claims.type].some((kind) => isPublicKey(claims.issuer, kind))) {
      throw new JwtError('unable to validate expected prefixes')
    }
    if (claims.type !== type) throw new JwtError(`not ${type.replace('_', ' ')} claim`)
    return claims as ClaimsOf<Type>
  })
}

export interface GenericClaims extends Pick<StandardClaims, 'id' | 'issuer' | 'subject' | 'issuedAt' | 'expiresAt'> {
  readonly data: Fields
}

/** Of any kind of JWT whose signature is that of the issuer it names: what all have, and the rest unread. */
export function decodeGenericJwt(token: string): Decoded<GenericClaims> {
  return attempt(() => {
    const parts = split(token)
    const version = parts.algorithm === 'ed25519' ? 1 : 2
    if (!isSigned(parts, version)) throw new JwtError(`claim failed V${version} signature verification`)
    const { claims } = parts
    return {
      id: claims.text('jti'),
      issuer: claims.text('iss'),
      subject: claims.text('sub'),
      issuedAt: claims.integer('iat'),
      expiresAt: claims.integer('exp'),
      data: claims.object('nats'),
    }
  })
}

interface Parts {
  readonly algorithm: string
  readonly claims: Fields
  readonly signature: Buffer
  /** What is signed: by the first version only the claims, by the second the header too. */
  readonly signed: readonly [v1: string, v2: string]
}

function split(token: string): Parts {
  if (token.length > MAX_JWT_LENGTH) {
    throw new JwtError(`token size ${token.length} exceeds maximum of ${MAX_JWT_LENGTH} bytes: token too large`)
  }
  const [header, claims, signature, ...more] = token.split('.')
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    throw new JwtError('expected 3 chunks')
  }
  const head = new Fields(fromJson(header), 'header')
  const algorithm = head.text('alg')
  if (head.text('typ').toUpperCase() !== 'JWT') throw new JwtError('not a JWT')
  if (!['ed25519', 'ed25519-nkey'].includes(algorithm.toLowerCase())) {
    throw new JwtError('unexpected algorithm')
  }
  return {
    algorithm,
    claims: new Fields(fromJson(claims)),
    signature: fromBase64url(signature),
    signed: [claims, `${header}.${claims}`],
  }
}

function isSigned({ claims, signature, signed }: Parts, version: number): boolean {
  return verifySignature(claims.text('iss'), version <= 1 ? signed[0] : signed[1], signature)
}

function fromJson(part: string): unknown {
  try {
    return JSON.parse(fromBase64url(part).toString('utf8'))
  } catch (error) {
    // The message of the parser quotes what it read.
    throw error instanceof JwtError ? error : new JwtError('not JSON')
  }
}

function fromBase64url(part: string): Buffer {
  if (!/^[\w-]*$/.test(part)) throw new JwtError('illegal base64 data')
  return Buffer.from(part, 'base64url')
}

function attempt<C>(decode: () => C): Decoded<C> {
  try {
    return { ok: true, claims: decode() }
  } catch (error) {
    if (error instanceof JwtError) return { ok: false, reason: error.message }
    throw error
  }
}
