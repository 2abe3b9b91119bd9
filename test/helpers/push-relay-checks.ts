/** What a push relay may be sent. Written from the specification alone. spec: hub §3, §5.2, §5.3 */

// biome-ignore lint/suspicious/noExplicitAny: whatever was sent.
export type Json = Record<string, any>

/** What is wrong with a value, as the end of a sentence that names it; undefined when nothing is. */
type Check = (value: unknown) => string | undefined

interface Member {
  readonly check: Check
  readonly isOptional: boolean
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

const that =
  (isRight: (value: unknown) => boolean, what: string): Check =>
  (value) =>
    isRight(value) ? undefined : `is no ${what}`

// The relay compares ids as texts in places, so that the case of letters counts.
const guid = that((value) => typeof value === 'string' && GUID.test(value), 'GUID in lower case')
const text = that((value) => typeof value === 'string' && value.trim() !== '', 'text, or blank')
const boolean = that((value) => typeof value === 'boolean', 'boolean')
const byte = that((value) => isWhole(value, 255), 'number from 0 to 255')
const date = that(isDate, 'date of RFC 3339 with six decimals and Z')
const guids = that((value) => Array.isArray(value) && value.every((item) => guid(item) === undefined), 'list of GUIDs')
const clientType = that((value) => isWhole(value, 5), 'number from 0 to 5')
const mobileType = that((value) => isWhole(value, 1), 'type of a phone (0 or 1)')

const nullable =
  (check: Check): Check =>
  (value) =>
    value === null ? undefined : check(value)
const required = (check: Check): Member => ({ check, isOptional: false })
const optional = (check: Check): Member => ({ check: nullable(check), isOptional: true })
const members =
  (of: Readonly<Record<string, Member>>): Check =>
  (value) => {
    const found = faultsIn(value, of)
    return found.length === 0 ? undefined : `is wrong: ${found.join('; ')}`
  }

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
}

function isDate(value: unknown): boolean {
  if (typeof value !== 'string' || !DATE.test(value)) return false
  // `Date` takes the 30th of February for the 1st of March.
  const parsed = new Date(value)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(value.slice(0, 19))
}

function faultsIn(value: unknown, of: Readonly<Record<string, Member>>): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ['it is no object']
  const given = value as Json
  const unknown = Object.keys(given).filter((name) => !(name in of))
  const wrong = Object.entries(of).map(([name, { check, isOptional }]) => {
    if (!(name in given)) return isOptional ? undefined : `${name} is missing`
    const fault = check(given[name])
    return fault && `${name} ${fault}`
  })
  return [...unknown.map((name) => `${name} is not known`), ...wrong.filter((fault) => fault !== undefined)]
}

// Phones pass over what names no user, or another one; so it has to be there also where the hub's may be null.
const cipher = {
  id: required(guid),
  userId: required(guid),
  organizationId: required(nullable(guid)),
  collectionIds: required(nullable(guids)),
  revisionDate: required(date),
}
const owned = { id: required(guid), userId: required(guid), revisionDate: required(date) }
const account = { userId: required(guid), date: required(date), reason: optional(byte) }
const authRequest = { userId: required(guid), id: required(guid) }
const notification = {
  id: required(guid),
  priority: required(byte),
  global: required(boolean),
  clientType: required(clientType),
  userId: optional(guid),
  organizationId: optional(guid),
  installationId: optional(guid),
  taskId: optional(guid),
  title: optional(text),
  body: optional(text),
  creationDate: required(date),
  revisionDate: required(date),
  readDate: optional(date),
  deletedDate: optional(date),
}
const policy = {
  id: required(guid),
  organizationId: required(guid),
  type: required(byte),
  data: optional(text),
  enabled: required(boolean),
  creationDate: required(date),
  revisionDate: required(date),
}

/** By the number of the type. */
const PAYLOADS: Readonly<Record<number, Readonly<Record<string, Member>>>> = {
  0: cipher,
  1: cipher,
  2: cipher,
  3: owned,
  4: account,
  5: account,
  6: account,
  7: owned,
  8: owned,
  9: cipher,
  10: account,
  11: account,
  12: owned,
  13: owned,
  14: owned,
  15: authRequest,
  16: authRequest,
  17: account,
  18: { organizationId: required(guid), enabled: required(boolean) },
  19: {
    organizationId: required(guid),
    limitCollectionCreation: required(boolean),
    limitCollectionDeletion: required(boolean),
    limitItemDeletion: optional(boolean),
  },
  20: notification,
  21: notification,
  22: { userId: required(guid), date: required(date) },
  23: { organizationId: required(guid) },
  24: { providerId: required(guid), adminId: required(guid) },
  25: { organizationId: required(guid), policy: required(members(policy)) },
  26: {
    userId: required(guid),
    organizationId: required(guid),
    targetUserId: required(guid),
    targetOrganizationUserId: required(guid),
  },
  27: { userId: required(guid), premium: required(boolean) },
}

const SEND = {
  userId: optional(guid),
  organizationId: optional(guid),
  installationId: optional(guid),
  deviceId: optional(guid),
  identifier: optional(text),
  type: required(that((value) => typeof value === 'number' && value in PAYLOADS, 'known type')),
  payload: required(() => undefined),
  clientType: optional(clientType),
}

/** What is wrong with the body of `POST /push/send`. */
export function faultsInSend(body: unknown): string[] {
  const faults = faultsIn(body, SEND)
  if (faults.length > 0) return faults
  const { userId = null, organizationId = null, installationId = null, type, payload } = body as Json
  if (userId === null && organizationId === null && installationId === null) return ['it is for nobody']
  const wrong = faultsIn(payload, PAYLOADS[type]!).map((fault) => `payload of type ${type}: ${fault}`)
  const named = payload?.userId ?? null
  if (userId !== null && named !== null && named !== userId) wrong.push('payload names another user than who is told')
  return wrong
}

const REGISTRATION = {
  deviceId: required(guid),
  pushToken: required(text),
  userId: required(guid),
  type: required(mobileType),
  identifier: required(text),
  organizationIds: optional(guids),
  installationId: required(guid),
}

/** What is wrong with the body of `POST /push/register`. */
export const faultsInRegistration = (body: unknown): string[] => faultsIn(body, REGISTRATION)

/** What is wrong with the body of `POST /push/delete`. */
export const faultsInDeletion = (body: unknown): string[] => faultsIn(body, { id: required(guid) })

const DEVICES = that(
  (value) => Array.isArray(value) && value.every((item) => faultsInDeletion(item).length === 0),
  'list of devices with ids',
)

/** What is wrong with the body of `PUT /push/add-organization` and `/push/delete-organization`. */
export const faultsInMembership = (body: unknown): string[] =>
  faultsIn(body, { devices: required(DEVICES), organizationId: required(guid) })

const GRANT = ['grant_type', 'scope', 'client_id', 'client_secret']

/** What is wrong with the form of `POST /connect/token`. */
export function faultsInGrant(form: URLSearchParams): string[] {
  const unknown = [...form.keys()].filter((name) => !GRANT.includes(name)).map((name) => `${name} is not known`)
  const wrong = GRANT.filter((name) => form.getAll(name).length !== 1).map((name) => `${name} is not there once`)
  const values = { grant_type: 'client_credentials', scope: 'api.push' }
  const others = Object.entries(values).filter(([name, value]) => form.get(name) !== value)
  return [...unknown, ...wrong, ...others.map(([name, value]) => `${name} is not ${value}`)]
}
