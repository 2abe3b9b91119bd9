/** Devices that ask others to let them in. Spec: vault §2.11 */

import { listIn, objectIn } from './answer.ts'
import type { Api, Options } from './client.ts'
import { Unreachable } from './errors.ts'
import { type JsonObject, numberOrNull, textOrNull } from './json.ts'

/** A device that asks. */
export interface AuthRequest {
  readonly id: string
  /** Of the device, made for this request. SPKI, base64. */
  readonly publicKey: string
  readonly deviceIdentifier: string | null
  /** See `DEVICE_TYPES`. */
  readonly deviceType: number | null
  /** For people, where the number says nothing. */
  readonly deviceTypeName: string
  readonly address: string
  /** Milliseconds since the Unix epoch; after five minutes it cannot be approved any more. */
  readonly createdAtMs: number
  readonly isApproved: boolean | null
  /** The user key for `publicKey`, once it is approved. */
  readonly key: string | null
}

/** Asks the user's other devices. `accessCode`: 25 characters of chance, which only this device knows. */
export async function askToLogIn(
  api: Api,
  { email, publicKey, accessCode }: { email: string; publicKey: string; accessCode: string },
  { signal }: Options = {},
): Promise<AuthRequest> {
  const body = {
    email,
    publicKey,
    accessCode,
    deviceIdentifier: api.device.identifier,
    // Authenticate and unlock.
    type: 0,
  }
  return readAuthRequest(objectIn(await api.request('POST', 'api/auth-requests', { body, as: 'anybody', signal })))
}

/** What has become of it. `Refused` when it is there no more: it was denied, or is too old. */
export async function getAuthResponse(
  api: Api,
  id: string,
  accessCode: string,
  { signal }: Options = {},
): Promise<AuthRequest> {
  const url = `${urlOf(id)}/response?code=${encodeURIComponent(accessCode)}`
  return readAuthRequest(objectIn(await api.request('GET', url, { as: 'anybody', signal })))
}

/** Those that wait for the user's answer. */
export async function getPendingRequests(api: Api, { signal }: Options = {}): Promise<readonly AuthRequest[]> {
  return listIn(await api.request('GET', 'api/auth-requests/pending', { signal })).map(readAuthRequest)
}

/** `Refused` when it is there no more. */
export async function getAuthRequest(api: Api, id: string, { signal }: Options = {}): Promise<AuthRequest> {
  return readAuthRequest(objectIn(await api.request('GET', urlOf(id), { signal })))
}

/** `key`: the user key for the request's public key (crypto/rsa `wrapFor`). `Refused` when it is too old, or answered. */
export async function approveRequest(api: Api, id: string, key: string, { signal }: Options = {}): Promise<void> {
  const body = { deviceIdentifier: api.device.identifier, key, masterPasswordHash: null, requestApproved: true }
  await api.request('PUT', urlOf(id), { body, signal })
}

export async function denyRequest(api: Api, id: string, { signal }: Options = {}): Promise<void> {
  const body = { deviceIdentifier: api.device.identifier, key: '', masterPasswordHash: null, requestApproved: false }
  await api.request('PUT', urlOf(id), { body, signal })
}

function readAuthRequest(wire: JsonObject): AuthRequest {
  const id = textOrNull(wire.id)
  const publicKey = textOrNull(wire.publicKey)
  if (id === null || publicKey === null) throw new Unreachable('The answer lacks something')
  const createdAtMs = Date.parse(textOrNull(wire.creationDate) ?? '')
  return {
    id,
    publicKey,
    deviceIdentifier: textOrNull(wire.requestDeviceIdentifier),
    deviceType: numberOrNull(wire.requestDeviceTypeValue),
    deviceTypeName: textOrNull(wire.requestDeviceType) ?? '',
    address: textOrNull(wire.requestIpAddress) ?? '',
    createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
    isApproved: typeof wire.requestApproved === 'boolean' ? wire.requestApproved : null,
    key: textOrNull(wire.key),
  }
}

const urlOf = (id: string) => `api/auth-requests/${encodeURIComponent(id)}`
