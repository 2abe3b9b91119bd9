import { createHash } from 'node:crypto'
import { base32, type KeyPair } from '../nkeys.ts'
import type { ClaimsType } from './claims.ts'

/** What a JWT is to say, as it is spelled there. Times are Unix seconds. */
export interface WireClaims {
  readonly sub: string
  readonly aud?: string | undefined
  readonly name?: string | undefined
  readonly exp?: number | undefined
  readonly nbf?: number | undefined
  readonly nats: { readonly type: ClaimsType } & Readonly<Record<string, unknown>>
}

const HEADER = encode({ typ: 'JWT', alg: 'ed25519-nkey' })

/** A JWT of the second form, issued by `signer` at `nowMs`. */
export function encodeJwt(claims: WireClaims, signer: KeyPair, nowMs: number): string {
  const { sub, aud, name, exp, nbf, nats } = claims
  // In this order the library of nats-io hashes them.
  const standard = { aud, exp, iat: Math.floor(nowMs / 1000), iss: signer.publicKey, name, nbf, sub }
  const jti = base32(createHash('sha512-256').update(JSON.stringify(standard)).digest())
  const signed = `${HEADER}.${encode({ ...standard, jti, nats: { ...nats, version: 2 } })}`
  return `${signed}.${signer.sign(signed).toString('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
