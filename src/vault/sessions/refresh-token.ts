import { randomBytes } from 'node:crypto'

/** 64 random bytes as base64url with its padding, as Vaultwarden stores them. */
export function newRefreshToken(): string {
  return randomBytes(64).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
