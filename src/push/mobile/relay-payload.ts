import { CLIENT_TYPES, isDateField } from '#notify'
import type { Phone } from '#store'
import type { PhonesAddress, Push } from '../push.ts'

/** Body of `POST /push/send`. `to` is that of the push. spec: hub §5.3 */
export function sendBody(
  { type, payload, contextId }: Push,
  { audience, id, clientType, actingPushId }: PhonesAddress,
) {
  return {
    userId: audience === 'user' ? id : null,
    organizationId: audience === 'organization' ? id : null,
    deviceId: actingPushId,
    identifier: contextId,
    type,
    payload: relayedObject(payload),
    clientType: clientType === undefined ? null : CLIENT_TYPES.indexOf(clientType),
    installationId: null,
  }
}

export interface RegistrationNames {
  /** The relay's name for the device. */
  readonly pushId: string
  /** Whose phone it is. */
  readonly installationId: string
  /** Those that its user is a member of. */
  readonly organizationIds: readonly string[]
}

/** Body of `POST /push/register`. spec: hub §5.2 */
export function registerBody(
  phone: Omit<Phone, 'pushId'>,
  { pushId, installationId, organizationIds }: RegistrationNames,
) {
  const { pushToken, userId, type, deviceId } = phone
  return { deviceId: pushId, pushToken, userId, type, identifier: deviceId, organizationIds, installationId }
}

/** With members in camelCase and dates as the API's: so the apps parse what they are handed. */
function relayedObject(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      isDateField(name) ? relayedDate(value) : relayedValue(value),
    ]),
  )
}

function relayedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relayedValue)
  return typeof value === 'object' && value !== null ? relayedObject(value) : value
}

/** RFC 3339 in UTC with six decimals, the last three of which are always zero. */
function relayedDate(value: unknown): unknown {
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  return Number.isNaN(date.getTime()) ? value : `${date.toISOString().slice(0, -1)}000Z`
}
