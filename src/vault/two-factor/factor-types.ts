import { randomUUID } from 'node:crypto'
import type { TwoFactor } from '#store'
import { parseJson } from '../json-text.ts'
import { isObject, type JsonObject } from '../schema.ts'

/** Types of rows, and numbers of providers in logins (spec/vault.md §2.4.4, §2.12). */
export const FACTOR = {
  authenticator: 0,
  email: 1,
  /** Not offered here. */
  duo: 2,
  yubikey: 3,
  /** The forerunner of WebAuthn. Vaultwarden has made WebAuthn rows of all of them, and keeps these. */
  u2f: 4,
  /** No row: the column `twofactor_remember` of a device. */
  remember: 5,
  webAuthn: 7,
  /** No row: the column `totp_recover` of a user. */
  recoveryCode: 8,
} as const

/** Types of rows for what is under way. They are no second factors, and open nothing. */
export const CHALLENGE = { email: 1002, webAuthnRegistration: 1003, webAuthnLogin: 1004 } as const

/** From here on, types are none of second factors. */
const FIRST_OTHER_TYPE = 1000

export const isFactorType = (type: number): boolean => Number.isInteger(type) && type >= 0 && type < FIRST_OTHER_TYPE

/** A row that takes the place of the user's row of that type, if there is one. `data` is text, or becomes JSON. */
export function newRow(userId: string, type: number, data: unknown, lastUsed = 0): TwoFactor {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return { id: randomUUID(), userId, type, enabled: true, data: text, lastUsed }
}

/**
 * Those of `rows` that stand between the password and the account. Vaultwarden keeps the row when the last security key is
 * removed, with an empty list in it, and those of the old U2F keys beside what it has made of them.
 */
export function standingFactors(rows: readonly TwoFactor[]): TwoFactor[] {
  return rows.filter(({ type, enabled, data }) => {
    const isEmptyList = (type === FACTOR.webAuthn || type === FACTOR.u2f) && data === '[]'
    return isFactorType(type) && enabled && !isEmptyList
  })
}

/** The object that a row's `data` is as JSON; undefined when it is none. */
export function parseObject(data: string | undefined): JsonObject | undefined {
  const value = parseJson(data)
  return isObject(value) ? value : undefined
}
