import { encodeJwt, KeyPair, type WireClaims } from '#auth'

export const operatorKey = KeyPair.create('operator')
export const systemKey = KeyPair.create('account')
export const accountKey = KeyPair.create('account')
export const userKey = KeyPair.create('user')

const NOW_MS = Date.UTC(2026, 0, 1)

/** The JWT of an operator who says `nats` of itself. */
export function operatorJwt(nats: object = {}): string {
  return jwt(operatorKey, operatorKey, { type: 'operator', ...nats })
}

export function accountJwt(key: KeyPair = accountKey): string {
  return jwt(key, operatorKey, { type: 'account', limits: { subs: -1, conn: -1 } })
}

export function userJwt(nats: object = {}): string {
  return jwt(userKey, accountKey, { type: 'user', ...nats })
}

function jwt(subject: KeyPair, signer: KeyPair, nats: WireClaims['nats']): string {
  return encodeJwt({ sub: subject.publicKey, nats }, signer, NOW_MS)
}
