/** The user's account. Spec: vault §1.2, §2.7; what is changed with keys is made by model/account-keys.ts */

import { objectIn } from './answer.ts'
import type { Api, Options } from './client.ts'
import { Unreachable } from './errors.ts'
import { type JsonObject, numberOrNull, textOrNull } from './json.ts'
import type { Secret } from './secret.ts'

export async function getProfile(api: Api, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('GET', 'api/accounts/profile', { signal }))
}

/** At most 50 characters. Returns the profile. */
export async function putName(api: Api, name: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('PUT', 'api/accounts/profile', { body: { name }, signal }))
}

/** `#rrggbb`, or null for the one that clients choose. Returns the profile. */
export async function putAvatarColor(api: Api, avatarColor: string | null, { signal }: Options = {}) {
  return objectIn(await api.request('PUT', 'api/accounts/avatar', { body: { avatarColor }, signal }))
}

/** When something of the account changed last. Milliseconds since the Unix epoch. */
export async function getRevisionDate(api: Api, { signal }: Options = {}): Promise<number> {
  const answer = numberOrNull(await api.request('GET', 'api/accounts/revision-date', { signal }))
  if (answer === null) throw new Unreachable('The server answers no date')
  return answer
}

/** Ends all sessions of the user, but this one for a moment. `change`: `changePassword` of the model. */
export async function postPassword(api: Api, change: JsonObject, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/password', { body: change, signal })
}

/** Ends all sessions. `change`: `changeKdf` of the model. */
export async function postKdf(api: Api, change: JsonObject, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/kdf', { body: change, signal })
}

/** Ends all sessions, this one too; all devices are forgotten. */
export async function endAllSessions(api: Api, secret: Secret, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/security-stamp', { body: secret, signal })
}

/** The personal API key, without `client_id`'s part: that is `user.<id of the user>`. */
export async function getApiKey(api: Api, secret: Secret, { signal }: Options = {}): Promise<string> {
  return apiKeyIn(await api.request('POST', 'api/accounts/api-key', { body: secret, signal }))
}

/** Another one in its place. */
export async function rotateApiKey(api: Api, secret: Secret, { signal }: Options = {}): Promise<string> {
  return apiKeyIn(await api.request('POST', 'api/accounts/rotate-api-key', { body: secret, signal }))
}

function apiKeyIn(answer: unknown): string {
  const key = textOrNull(objectIn(answer).apiKey)
  if (key === null) throw new Unreachable('The server answers no key')
  return key
}

/** The first step of a change of the address: a code is mailed to the new one, if the server has mail. */
export async function requestEmailChange(
  api: Api,
  request: { newEmail: string; masterPasswordHash: string },
  { signal }: Options = {},
): Promise<void> {
  await api.request('POST', 'api/accounts/email-token', { body: request, signal })
}

/** The second one, which ends all sessions. `change`: `changeEmail` of the model. `code`: any where none was mailed. */
export async function postEmail(api: Api, change: JsonObject, code: string, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/email', { body: { ...change, token: code }, signal })
}

/** Has the letter mailed that proves the address. */
export async function requestVerification(api: Api, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/verify-email', { signal })
}

/** Deletes the account and all in it, for good. */
export async function deleteAccount(api: Api, secret: Secret, { signal }: Options = {}): Promise<void> {
  await api.request('DELETE', 'api/accounts', { body: secret, signal })
}

/** `{ equivalentDomains, globalEquivalentDomains: [{ type, domains, excluded }] }` */
export async function getDomains(api: Api, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('GET', 'api/settings/domains', { signal }))
}

export async function putDomains(
  api: Api,
  domains: {
    equivalentDomains: readonly (readonly string[])[]
    excludedGlobalEquivalentDomains: readonly number[]
  },
  { signal }: Options = {},
): Promise<void> {
  await api.request('PUT', 'api/settings/domains', { body: domains, signal })
}
