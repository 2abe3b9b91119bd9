/**
 * The official identity server and push relay, as a server that has them for its phones sees them; written from the
 * specification alone. Every request is checked, and whatever is wrong with one is an offence.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Arrivals } from './arrivals.ts'
import {
  faultsInDeletion,
  faultsInGrant,
  faultsInMembership,
  faultsInRegistration,
  faultsInSend,
  type Json,
} from './push-relay-checks.ts'
import { type Answer, type ReceivedRequest, type Trouble, UnrulyServer } from './unruly-server.ts'

export interface PushRelayOptions {
  /** A GUID in lower case. */
  readonly installationId: string
  readonly installationKey: string
  /** PEM. Default: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number
}

/** What a phone's app is handed by FCM or APNs. */
export interface PhoneEvent {
  readonly type: number
  /** As it was sent: parsed from the text that the app is given. */
  readonly payload: Json
  /** As it is on the wire. */
  readonly raw: Json
}

/** `POST /push/send` that was taken. */
export interface SentPush {
  readonly userId?: string | null
  readonly organizationId?: string | null
  readonly installationId?: string | null
  readonly deviceId?: string | null
  readonly identifier?: string | null
  readonly type: number
  readonly payload: Json
  readonly clientType?: number | null
}

/** `POST /push/register` that was taken. */
export interface Registration {
  readonly deviceId: string
  readonly pushToken: string
  readonly userId: string
  readonly type: number
  readonly identifier: string
  readonly organizationIds?: readonly string[] | null
  readonly installationId: string
}

/** Any request, whatever became of it. */
export interface RelayRequest {
  /** Without the prefix that some servers put before it: `/connect/token`, `/push/send`. */
  readonly path: string
  /** Of a form, its fields. Undefined when it is neither JSON nor a form. */
  readonly body: Json | undefined
  /** What was done with it instead of taking it. */
  readonly trouble: Trouble | undefined
}

const TOKEN_PATH = '/connect/token'
const EMPTY: Answer = { status: 200 }

export function startPushRelay(options: PushRelayOptions): Promise<PushRelay> {
  return PushRelay.start(options)
}

export class PushRelay implements AsyncDisposable {
  /** What is done with requests instead of taking them: those for tokens, and all others. */
  readonly troubles: { identity?: Trouble | undefined; push?: Trouble | undefined } = {}
  /** Seconds that a token lives; as the official one's. */
  tokenLifetimeSeconds = 86_400
  /** Whether no installation is known any more: `invalid_client`. */
  rejectsClients = false
  /** By the relay's name of the device. */
  readonly registrations = new Map<string, Registration>()
  /** What was done wrong. Must be empty at the end: a test that expects some takes them with `takeOffences`. */
  readonly offences: string[] = []
  readonly requests = new Arrivals<RelayRequest>('a request to the relay')
  /** Those that were taken. */
  readonly sends = new Arrivals<SentPush>('a push that the relay takes')
  /** Those that were taken, also when they changed nothing. */
  readonly registered = new Arrivals<Registration>('a registration')
  /** Ids of those that were taken. */
  readonly deleted = new Arrivals<string>('a deletion')

  readonly #options: PushRelayOptions
  readonly #now: () => number
  readonly #tokens = new Map<string, { readonly expiresAtMs: number; isRevoked: boolean }>()
  readonly #phones = new Map<string, Arrivals<PhoneEvent>>()
  #server!: UnrulyServer

  static async start(options: PushRelayOptions): Promise<PushRelay> {
    const relay = new PushRelay(options)
    relay.#server = await UnrulyServer.start({
      ...(options.tls && { tls: options.tls }),
      troubleWith: (request) => relay.#troubleWith(request),
      work: (request) => relay.#work(request),
      failed: (error) => relay.offences.push(String(error)),
    })
    return relay
  }

  private constructor(options: PushRelayOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** For `PUSH_RELAY_URI`. */
  get relayUri(): string {
    const { tls } = this.#options
    return tls ? `https://localhost:${this.#server.port}` : `http://127.0.0.1:${this.#server.port}`
  }

  /** For `PUSH_IDENTITY_URI`. */
  get identityUri(): string {
    return `${this.relayUri}/identity`
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#server.connections
  }

  /** Requests with the trouble `held` that wait for `release`. */
  get heldCount(): number {
    return this.#server.heldCount
  }

  /** Requests are held no longer, and those that are held are taken. */
  release(): void {
    if (this.troubles.identity === 'held') this.troubles.identity = undefined
    if (this.troubles.push === 'held') this.troubles.push = undefined
    this.#server.release()
  }

  /** Nobody is at home any more, until `comeBack`. */
  goAway(): Promise<void> {
    return this.#server.refuse()
  }

  comeBack(): Promise<void> {
    return this.#server.listenAgain()
  }

  /** All tokens that it has issued are refused with 401 from now on, though they have not expired. */
  revokeTokens(): void {
    for (const token of this.#tokens.values()) token.isRevoked = true
  }

  /** The next push that is taken, and that nobody has asked for yet. */
  nextSend(deadlineMs?: number): Promise<SentPush> {
    return this.sends.next(deadlineMs)
  }

  /** What the phone with that push token is handed. */
  phone(pushToken: string): Arrivals<PhoneEvent> {
    const phone = this.#phones.get(pushToken) ?? new Arrivals<PhoneEvent>('a push for a phone')
    this.#phones.set(pushToken, phone)
    return phone
  }

  /** The offences so far, which are then forgiven. */
  takeOffences(): string[] {
    return this.offences.splice(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    assert.deepEqual(this.offences, [], 'the push relay was sent what it must not be sent')
  }

  #troubleWith(request: ReceivedRequest): Trouble | undefined {
    const path = plainPath(request)
    const trouble = path === TOKEN_PATH ? this.troubles.identity : this.troubles.push
    this.requests.add({ path, body: bodyOf(request), trouble })
    return trouble
  }

  #work(request: ReceivedRequest): Answer {
    const path = plainPath(request)
    if (path === TOKEN_PATH) return this.#grant(request)
    if (!this.#isAuthorized(request)) return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }
    if (path.startsWith('/push/delete/') && request.method === 'POST') return this.#deleteByPath(request, path)
    switch (`${request.method} ${path}`) {
      case 'POST /push/register':
        return this.#checked(request, faultsInRegistration, (body: Registration) => this.#register(body))
      case 'POST /push/delete':
        return this.#checked(request, faultsInDeletion, ({ id }: { id: string }) => this.#delete(id))
      case 'POST /push/send':
        return this.#checked(request, faultsInSend, (body: SentPush) => this.#send(body))
      case 'PUT /push/add-organization':
        return this.#checked(request, faultsInMembership, (body: Membership) => this.#changeMembership(body, true))
      case 'PUT /push/delete-organization':
        return this.#checked(request, faultsInMembership, (body: Membership) => this.#changeMembership(body, false))
      default:
        this.#offend(request, 'there is no such route')
        return { status: 404 }
    }
  }

  #offend({ method, path }: ReceivedRequest, what: string): void {
    this.offences.push(`${method} ${path}: ${what}`)
  }

  #grant(request: ReceivedRequest): Answer {
    if (request.method !== 'POST') this.#offend(request, 'is to be asked by POST')
    if (contentType(request) !== 'application/x-www-form-urlencoded') this.#offend(request, 'is no form')
    if (request.headers.authorization !== undefined) this.#offend(request, 'has an Authorization of its own')
    const form = new URLSearchParams(request.body.toString())
    const faults = faultsInGrant(form)
    for (const fault of faults) this.#offend(request, fault)
    const { installationId, installationKey } = this.#options
    const isKnown =
      form.get('client_id') === `installation.${installationId}` && form.get('client_secret') === installationKey
    if (!isKnown) this.#offend(request, 'the installation is not known')
    if (faults.length > 0) return json(400, { error: 'invalid_request' })
    if (!isKnown || this.rejectsClients) return json(400, { error: 'invalid_client' })
    const token = randomBytes(32).toString('base64url')
    const expires_in = this.tokenLifetimeSeconds
    this.#tokens.set(token, { expiresAtMs: this.#now() + expires_in * 1000, isRevoked: false })
    return json(200, { access_token: token, expires_in, token_type: 'Bearer', scope: 'api.push' })
  }

  #isAuthorized(request: ReceivedRequest): boolean {
    const [, text = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? []
    const token = this.#tokens.get(text)
    if (token === undefined) {
      this.#offend(request, text === '' ? 'has no Bearer token' : 'has a token that was not issued here')
      return false
    }
    const hasExpired = this.#now() >= token.expiresAtMs
    if (hasExpired) this.#offend(request, 'has a token that has expired')
    return !hasExpired && !token.isRevoked
  }

  #checked<T extends object>(
    request: ReceivedRequest,
    faultsIn: (body: unknown) => string[],
    take: (body: T) => void,
  ): Answer {
    if (contentType(request) !== 'application/json') this.#offend(request, 'is no JSON by its Content-Type')
    const body = bodyOf(request)
    const faults = body === undefined ? ['has a body that is no JSON'] : faultsIn(body)
    for (const fault of faults) this.#offend(request, fault)
    const { installationId = null } = body ?? {}
    const isForeign = installationId !== null && installationId !== this.#options.installationId
    if (isForeign) this.#offend(request, 'names another installation')
    if (isForeign) return json(400, { message: 'InstallationId does not match current context.', object: 'error' })
    if (faults.length > 0) {
      return json(400, { message: 'The model state is invalid.', validationErrors: { '': faults }, object: 'error' })
    }
    take(body as T)
    return EMPTY
  }

  #register(registration: Registration): void {
    this.registrations.set(registration.deviceId, registration)
    this.registered.add(registration)
  }

  #delete(id: string): void {
    this.registrations.delete(id)
    this.deleted.add(id)
  }

  /** Vaultwarden's form of it. */
  #deleteByPath(request: ReceivedRequest, path: string): Answer {
    const id = path.slice('/push/delete/'.length)
    const faults = faultsInDeletion({ id })
    for (const fault of faults) this.#offend(request, fault)
    if (faults.length === 0) this.#delete(id)
    return faults.length === 0 ? EMPTY : { status: 400 }
  }

  #changeMembership({ devices, organizationId }: Membership, isMember: boolean): void {
    for (const { id } of devices) {
      const device = this.registrations.get(id)
      const others = device?.organizationIds?.filter((other) => other !== organizationId) ?? []
      const organizationIds = isMember ? [...others, organizationId] : others
      if (device) this.registrations.set(id, { ...device, organizationIds })
    }
  }

  /**
   * To all phones that the tags of the official one would choose. Those leave out nobody: the device that acted is named
   * without the installation before it, under which it was registered. spec: hub §5.2
   */
  #send(push: SentPush): void {
    this.sends.add(push)
    const { installationId = null, userId = null, organizationId = null, clientType = null } = push
    const isWanted = (device: Registration): boolean => {
      if (installationId !== null) return true
      if (userId !== null) return device.userId === userId
      return device.organizationIds?.includes(organizationId!) ?? false
    }
    // Whoever is registered here is a mobile client (4); 0 are all.
    if (clientType !== null && clientType !== 0 && clientType !== 4) return
    for (const device of this.registrations.values()) {
      if (isWanted(device)) this.phone(device.pushToken).add(handedOver(device.type, push))
    }
  }
}

interface Membership {
  readonly devices: readonly { readonly id: string }[]
  readonly organizationId: string
}

/** By FCM to Android (0), by APNs to iOS: the payload is a text there. */
function handedOver(platform: number, { type, payload }: SentPush): PhoneEvent {
  const text = JSON.stringify(payload)
  const raw =
    platform === 0
      ? { message: { data: { type: String(type), payload: text } } }
      : { data: { type, payload: text }, aps: { 'content-available': 1 } }
  return { type, payload: JSON.parse(text), raw }
}

/** Without what stands before the names of the routes where several services share a server. */
function plainPath({ path }: ReceivedRequest): string {
  return path.replace(/^\/identity(?=\/connect\/)|^\/api(?=\/push\/)/, '')
}

function contentType({ headers }: ReceivedRequest): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase()
}

function bodyOf(request: ReceivedRequest): Json | undefined {
  const text = request.body.toString()
  if (contentType(request) === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function json(status: number, body: Json): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}
