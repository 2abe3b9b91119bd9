import { createHash } from 'node:crypto'
import type { Phone, PushRegistration } from '#store'

/** To whom a phone is registered, and as whose. */
export interface RegistrationPlace {
  readonly relayUri: string
  readonly installationId: string
}

/** What there is of one user, and what the relay was told of it. */
export interface UserState {
  readonly phones: readonly Phone[]
  /** Organizations that the user is a confirmed member of. */
  readonly organizationIds: readonly string[]
  readonly registrations: readonly PushRegistration[]
}

export interface Difference {
  /** Phones of which the relay does not know what it should. */
  readonly toRegister: readonly UnknownPhone[]
  /** Those whose phone is gone, or has no token any more. */
  readonly toDelete: readonly PushRegistration[]
}

/**
 * Organizations that the relay is told a phone belongs to. Its notification hub takes 60 tags for a device, of which it
 * needs some itself. Members of more hear of what is about the others with their next sync.
 */
const MAX_ORGANIZATIONS = 50

/**
 * The relay is told again of each phone after that time, each phone at a time of its own: it may have lost what it was
 * told, or take now what it refused.
 */
const TELL_AGAIN_MS = 30 * 24 * 60 * 60_000

export interface UnknownPhone {
  readonly phone: Phone
  /** Those that the relay is to be told of. */
  readonly organizationIds: readonly string[]
  /** Of what it will have been told then. */
  readonly digest: string
}

/** What the relay has to be told of a user's phones. */
export function differenceOf(state: UserState, place: RegistrationPlace, nowMs: number): Difference {
  const { phones, registrations } = state
  const told = new Map(registrations.map(({ deviceId, digest }) => [deviceId, digest]))
  const organizationIds = state.organizationIds.toSorted().slice(0, MAX_ORGANIZATIONS)
  const toRegister = phones
    .map((phone) => ({ phone, organizationIds, digest: digestOf(phone, organizationIds, place, nowMs) }))
    .filter(({ phone, digest }) => told.get(phone.deviceId) !== digest)
  const present = new Set(phones.map(({ deviceId }) => deviceId))
  return { toRegister, toDelete: registrations.filter(({ deviceId }) => !present.has(deviceId)) }
}

/** Of all that the relay is told, so that no push token is kept twice. */
function digestOf(phone: Phone, organizationIds: readonly string[], place: RegistrationPlace, nowMs: number): string {
  const { userId, deviceId, type, pushToken } = phone
  const offsetMs = sha256(`${userId} ${deviceId}`).readUInt32BE() % TELL_AGAIN_MS
  const turn = Math.floor((nowMs + offsetMs) / TELL_AGAIN_MS)
  const { relayUri, installationId } = place
  return sha256(JSON.stringify([relayUri, installationId, type, pushToken, organizationIds, turn])).toString(
    'base64url',
  )
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()
