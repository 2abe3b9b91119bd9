/**
 * Setting up two-step login. Whatever is set up is asked for first, with the user's secret; the answer has what is there
 * and the token with which it is changed within half an hour. Spec: vault §1.6, §2.12
 */

import { listIn, objectIn } from './answer.ts'
import type { Api, Method, Options } from './client.ts'
import { Unreachable } from './errors.ts'
import { isObject, type JsonObject, numberOrNull, objectsOf, textOrNull } from './json.ts'
import type { Secret } from './secret.ts'

/** By number. */
export const PROVIDERS = { authenticator: 0, email: 1, duo: 2, yubikey: 3, webAuthn: 7 } as const

/** What proves that the user has given their secret for this factor. */
export interface Verified {
  readonly userVerificationToken: string
}

/** Those factors, by number. */
export interface Providers {
  readonly setUp: readonly number[]
  /** What this server can set up. */
  readonly offered: readonly number[]
}

export async function getProviders(api: Api, { signal }: Options = {}): Promise<Providers> {
  const answer = objectIn(await api.request('GET', 'api/two-factor', { signal }))
  const { offeredTypes } = answer
  return {
    setUp: listIn(answer).flatMap(({ enabled, type }) => (enabled === true ? (numberOrNull(type) ?? []) : [])),
    offered: Array.isArray(offeredTypes) ? offeredTypes.filter((type) => typeof type === 'number') : [],
  }
}

/** Null where there is none: it is made with the first factor. */
export async function getRecoveryCode(api: Api, secret: Secret, { signal }: Options = {}): Promise<string | null> {
  return textOrNull((await post(api, 'get-recover', secret, signal)).code)
}

/** Takes any factor off, also one that can only be removed here, as Duo. */
export async function removeProvider(api: Api, type: number, secret: Secret, { signal }: Options = {}): Promise<void> {
  await change(api, 'PUT', 'disable', { ...secret, type }, signal)
}

export interface Authenticator extends Verified {
  readonly isSetUp: boolean
  /** Base32: the one that is set up, or a new one. */
  readonly key: string
}

export async function getAuthenticator(api: Api, secret: Secret, { signal }: Options = {}): Promise<Authenticator> {
  const answer = await post(api, 'get-authenticator', secret, signal)
  const { enabled, key } = detailsIn(answer, 'authenticator')
  return { isSetUp: enabled === true, key: textOrNull(key) ?? missing(), ...verifiedIn(answer) }
}

/** `token`: a code for `key`, which proves that it is in the app. */
export async function putAuthenticator(
  api: Api,
  { key, token, userVerificationToken }: Verified & { key: string; token: string },
  { signal }: Options = {},
): Promise<void> {
  await change(api, 'PUT', 'authenticator', { key, token, userVerificationToken }, signal)
}

export async function removeAuthenticator(
  api: Api,
  { key, userVerificationToken }: Verified & { key: string },
  { signal }: Options = {},
): Promise<void> {
  const body = { key, type: PROVIDERS.authenticator, userVerificationToken }
  await change(api, 'DELETE', 'authenticator', body, signal)
}

export interface EmailFactor extends Verified {
  readonly isSetUp: boolean
  /** Where codes go. */
  readonly email: string | null
}

export async function getEmailFactor(api: Api, secret: Secret, { signal }: Options = {}): Promise<EmailFactor> {
  const answer = await post(api, 'get-email', secret, signal)
  const { enabled, email } = detailsIn(answer, 'email')
  return { isSetUp: enabled === true, email: textOrNull(email), ...verifiedIn(answer) }
}

/** Mails a code to an address that is to be set up. */
export async function sendSetUpCode(
  api: Api,
  { email, userVerificationToken }: Verified & { email: string },
  { signal }: Options = {},
): Promise<void> {
  await change(api, 'POST', 'send-email', { email, userVerificationToken }, signal)
}

/** `token`: the code that was mailed to it. */
export async function putEmailFactor(
  api: Api,
  { email, token, userVerificationToken }: Verified & { email: string; token: string },
  { signal }: Options = {},
): Promise<void> {
  await change(api, 'PUT', 'email', { email, token, userVerificationToken }, signal)
}

export async function removeEmailFactor(api: Api, verified: Verified, { signal }: Options = {}): Promise<void> {
  await change(api, 'DELETE', 'email', { ...tokenOf(verified), type: PROVIDERS.email }, signal)
}

export interface YubiKeys extends Verified {
  readonly isSetUp: boolean
  /** Of five places, what each key is known by; null where there is none. */
  readonly keys: readonly (string | null)[]
  /** Whether one of them can be read by phones. */
  readonly nfc: boolean
}

const YUBIKEY_PLACES = ['key1', 'key2', 'key3', 'key4', 'key5'] as const

/** `Refused` where the server has none to offer. */
export async function getYubiKeys(api: Api, secret: Secret, { signal }: Options = {}): Promise<YubiKeys> {
  const answer = await post(api, 'get-yubikey', secret, signal)
  const details = detailsIn(answer, 'yubiKey')
  const keys = YUBIKEY_PLACES.map((place) => textOrNull(details[place]))
  return { isSetUp: details.enabled === true, keys, nfc: details.nfc === true, ...verifiedIn(answer) }
}

/** Each key as it is known already, or a one-time password of a new one; null for none. */
export async function putYubiKeys(
  api: Api,
  { keys, nfc, userVerificationToken }: Verified & { keys: readonly (string | null)[]; nfc: boolean },
  { signal }: Options = {},
): Promise<void> {
  const places = Object.fromEntries(YUBIKEY_PLACES.map((place, at) => [place, keys[at] ?? null]))
  await change(api, 'PUT', 'yubikey', { ...places, nfc, userVerificationToken }, signal)
}

export async function removeYubiKeys(api: Api, verified: Verified, { signal }: Options = {}): Promise<void> {
  await change(api, 'DELETE', 'yubikey', { ...tokenOf(verified), type: PROVIDERS.yubikey }, signal)
}

export interface SecurityKey {
  readonly id: number
  readonly name: string
  /** Whether it was set up as a U2F key, long ago. */
  readonly isMigrated: boolean
}

export interface SecurityKeys extends Verified {
  readonly keys: readonly SecurityKey[]
}

/** WebAuthn. `Refused` where the server's address has no name that keys can be bound to. */
export async function getSecurityKeys(api: Api, secret: Secret, { signal }: Options = {}): Promise<SecurityKeys> {
  const answer = await post(api, 'get-webauthn', secret, signal)
  return { keys: securityKeysIn(answer), ...verifiedIn(answer) }
}

/** What the browser is to make a key with: `PublicKeyCredentialCreationOptions` in JSON. */
export async function getSecurityKeyChallenge(api: Api, verified: Verified, { signal }: Options = {}) {
  const answer = await post(api, 'get-webauthn-challenge', tokenOf(verified), signal)
  return isObject(answer.options) ? answer.options : answer
}

/** `id`: a number that none of the keys has, from 1. `deviceResponse`: what the browser says. Returns all keys. */
export async function putSecurityKey(
  api: Api,
  {
    id,
    name,
    deviceResponse,
    userVerificationToken,
  }: Verified & {
    id: number
    name: string
    deviceResponse: JsonObject
  },
  { signal }: Options = {},
): Promise<readonly SecurityKey[]> {
  const body = { id, name, deviceResponse, userVerificationToken }
  return securityKeysIn(await change(api, 'PUT', 'webauthn', body, signal))
}

/** Returns those that are left. */
export async function removeSecurityKey(
  api: Api,
  { id, userVerificationToken }: Verified & { id: number },
  { signal }: Options = {},
): Promise<readonly SecurityKey[]> {
  return securityKeysIn(await change(api, 'DELETE', 'webauthn', { id, userVerificationToken }, signal))
}

function securityKeysIn(answer: JsonObject): readonly SecurityKey[] {
  return objectsOf(detailsIn(answer, 'webAuthn').keys).flatMap(({ id, name, migrated }) => {
    const number = numberOrNull(id)
    return number === null ? [] : { id: number, name: textOrNull(name) ?? '', isMigrated: migrated === true }
  })
}

/** Servers have them under the factor's name since 2026.8, and beside it before. */
function detailsIn(answer: JsonObject, name: string): JsonObject {
  const details = answer[name]
  return isObject(details) ? details : answer
}

const verifiedIn = ({ userVerificationToken }: JsonObject): Verified => ({
  userVerificationToken: textOrNull(userVerificationToken) ?? missing(),
})

const tokenOf = ({ userVerificationToken }: Verified): Verified => ({ userVerificationToken })

function missing(): never {
  throw new Unreachable('The answer lacks something')
}

async function post(api: Api, name: string, body: object, signal: AbortSignal | undefined): Promise<JsonObject> {
  return change(api, 'POST', name, body, signal)
}

async function change(
  api: Api,
  method: Method,
  name: string,
  body: object,
  signal: AbortSignal | undefined,
): Promise<JsonObject> {
  const answer = await api.request(method, `api/two-factor/${name}`, { body, signal })
  return answer === null ? {} : objectIn(answer)
}
