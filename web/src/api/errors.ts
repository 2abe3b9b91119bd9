import { isObject, type JsonObject, textOrNull } from './json.ts'

/** Whatever can go wrong between this client and its server. No message holds anything secret. */
export class ApiError extends Error {
  override name = 'ApiError'
}

/** The session is over, or there is none: only another login helps. */
export class Unauthorized extends ApiError {
  override name = 'Unauthorized'

  constructor() {
    super('The session is over')
  }
}

/** The server has looked at the request and declines it. `message` is for the user, in the server's words. */
export class Refused extends ApiError {
  /** Of HTTP. */
  readonly status: number
  /** What is wrong with which member of the request; mostly empty. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  override name = 'Refused'

  constructor(status: number, message: string, fields: Readonly<Record<string, readonly string[]>> = {}) {
    super(message)
    this.status = status
    this.fields = fields
  }
}

/** Too many attempts from this address, or of this user. */
export class TooManyRequests extends ApiError {
  /** After which it may go better; milliseconds. */
  readonly retryAfterMs: number
  override name = 'TooManyRequests'

  constructor(message: string, retryAfterMs: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** No answer, none in time, or none of our server's: the network, or something between. */
export class Unreachable extends ApiError {
  override name = 'Unreachable'
}

/** The password is right, and a second factor is asked for. */
export class TwoFactorRequired extends ApiError {
  /** What can be used, by number (spec: vault §2.4.4), with what it needs: `{ Email }`, `{ Nfc }`, WebAuthn's options. */
  readonly providers: ReadonlyMap<number, JsonObject | null>
  override name = 'TwoFactorRequired'

  constructor(providers: ReadonlyMap<number, JsonObject | null>) {
    super('A second factor is asked for')
    this.providers = providers
  }
}

/** The password is right, and a code is asked for that was mailed because the device is new. */
export class NewDeviceCodeRequired extends ApiError {
  override name = 'NewDeviceCodeRequired'

  constructor() {
    super('A code is asked for that was sent by mail')
  }
}

/** Why a Send is not shown to whoever has its link. */
export type SendRefusal = 'gone' | 'password-required' | 'password-wrong'

/** Instead of a Send: there is none, or its password is missing or wrong. */
export class SendRefused extends ApiError {
  readonly why: SendRefusal
  override name = 'SendRefused'

  constructor(why: SendRefusal) {
    super(`The Send is not shown: ${why}`)
    this.why = why
  }
}

/** What the token endpoint says in `send_access_error_type`. Spec: vault §2.4.2 */
const SEND_REFUSALS: ReadonlyMap<unknown, SendRefusal> = new Map([
  ['password_hash_b64_required', 'password-required'],
  ['password_hash_b64_invalid', 'password-wrong'],
  ['send_id_required', 'gone'],
  ['send_id_invalid', 'gone'],
])

const NEW_DEVICE = 'new device verification required'
/** What our server's limits take to allow one more try, where it is not said. */
const DEFAULT_RETRY_MS = 60_000
const TOO_MANY = 429

/**
 * The error in an answer that is none of success. Servers write it in several forms: Bitwarden's envelope, what the token
 * endpoint says (OAuth's members beside `ErrorModel`), and what web frameworks make. Spec: vault §2.2, §2.4.4
 */
export function errorOf(status: number, body: unknown, retryAfter: string | null): ApiError {
  const said = isObject(body) ? body : undefined
  const providers = said && providersOf(said)
  if (providers) return new TwoFactorRequired(providers)
  const refusal = SEND_REFUSALS.get(said?.send_access_error_type)
  if (refusal !== undefined) return new SendRefused(refusal)
  const fields = fieldsOf(said)
  const message = messageOf(said, fields)
  if (status === TOO_MANY) return new TooManyRequests(message ?? 'Too many requests', retryAfterMs(retryAfter))
  if (message === NEW_DEVICE) return new NewDeviceCodeRequired()
  // A proxy whose server is away says so in its own way.
  if (status >= 500 && message === undefined) return new Unreachable(`The server answers ${status}`)
  return new Refused(status, message ?? `The server answers ${status}`, fields)
}

/** The member is compared in this case by all clients. */
function providersOf({ TwoFactorProviders2: details, TwoFactorProviders: numbers }: JsonObject) {
  if (isObject(details)) {
    return new Map(
      Object.entries(details).map(([number, detail]) => [Number(number), isObject(detail) ? detail : null]),
    )
  }
  return Array.isArray(numbers) ? new Map(numbers.map((number) => [Number(number), null])) : undefined
}

function fieldsOf(said: JsonObject | undefined): Readonly<Record<string, readonly string[]>> {
  const faults = said?.validationErrors ?? said?.ValidationErrors
  if (!isObject(faults)) return {}
  const texts = (value: unknown) => (Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [])
  return Object.fromEntries(Object.entries(faults).map(([field, value]) => [field, texts(value)]))
}

/** As the apps choose it: the first fault, before what is said of all of them. */
function messageOf(said: JsonObject | undefined, fields: Readonly<Record<string, readonly string[]>>) {
  if (said === undefined) return undefined
  const model = said.errorModel ?? said.ErrorModel
  const framework = isObject(said.error) ? said.error.description : said.error
  const candidates = [
    ...Object.values(fields).flat(),
    ...(isObject(model) ? [model.message, model.Message] : []),
    said.message,
    said.Message,
    said.error_description,
    framework,
  ]
  return candidates.map(textOrNull).find((text) => text !== null && text !== '') ?? undefined
}

/** Seconds, or a date. RFC 9110 §10.2.3 */
function retryAfterMs(value: string | null): number {
  if (value === null) return DEFAULT_RETRY_MS
  const ms = /^\d{1,6}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? DEFAULT_RETRY_MS : Math.max(0, ms)
}
