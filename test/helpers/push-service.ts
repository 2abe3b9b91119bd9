/**
 * A browser's push service and the browsers behind it, written from RFC 8030, 8188, 8291 and 8292 alone. Every message is
 * checked and decrypted, and whatever is wrong with one is an offence.
 */
import assert from 'node:assert/strict'
import { createECDH, createPublicKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import type { LookupAddress } from 'node:dns'
import { jwtVerify } from 'jose'
import { type ClientTlsSettings, dial, type GuardTools, readClientTls } from '#net'
import { Arrivals } from './arrivals.ts'
import { TestAuthority } from './certificates.ts'
import { temporaryFolder } from './temp.ts'
import { type Answer, type ReceivedRequest, type Trouble, UnrulyServer } from './unruly-server.ts'
import { type BrowserKeys, decryptWebPush } from './web-push-decryption.ts'

export interface PushServiceOptions {
  /** Default `push.example`. */
  readonly host?: string
  /** Milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number
}

/** A message as the browser's service worker has it. */
export interface PushedMessage {
  // biome-ignore lint/suspicious/noExplicitAny: whatever was pushed. Undefined when it is no JSON.
  readonly json: any
  readonly ttlSeconds: number
  readonly urgency: string | undefined
  readonly topic: string | undefined
}

const MAX_BODY_BYTES = 4096
const DAY_SECONDS = 86_400
const URGENCIES = ['very-low', 'low', 'normal', 'high']
const TOPIC = /^[A-Za-z0-9_-]{1,32}$/
/** Somewhere on the public internet, where no test connects to. */
const ADDRESS: LookupAddress = { address: '93.184.216.34', family: 4 }

export function startPushService(options: PushServiceOptions = {}): Promise<PushService> {
  return PushService.start(options)
}

/** One subscription of one browser, as `PushSubscription` has it there. */
export class Subscription {
  readonly endpoint: string
  /** Both in base64url, unpadded. */
  readonly p256dh: string
  readonly auth: string
  /** What has reached the browser. */
  readonly received = new Arrivals<PushedMessage>('a push for a browser')
  /** What is done with messages for this one instead of taking them. */
  trouble: Trouble | undefined
  readonly #keys: BrowserKeys
  readonly #now: () => number
  #waiting: { readonly message: PushedMessage; readonly expiresAtMs: number }[] = []
  #isAsleep = false
  #isOver = false

  constructor(endpoint: string, now: () => number) {
    const ecdh = createECDH('prime256v1')
    ecdh.generateKeys()
    this.endpoint = endpoint
    this.#now = now
    this.#keys = { ecdh, auth: randomBytes(16) }
    this.p256dh = ecdh.getPublicKey('base64url')
    this.auth = this.#keys.auth.toString('base64url')
  }

  /** Whether it was ended. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** How many messages wait for the browser to wake. */
  get waitingCount(): number {
    return this.#waiting.length
  }

  /** The browser is not there, so that messages wait; of those with one topic the last alone. RFC 8030 §5.4 */
  sleep(): void {
    this.#isAsleep = true
  }

  /** The browser is handed what has waited and is not too old. */
  wake(): void {
    this.#isAsleep = false
    for (const { message, expiresAtMs } of this.#waiting.splice(0)) {
      if (this.#now() < expiresAtMs) this.received.add(message)
    }
  }

  /** The user has taken leave of it: it is answered by 410 from now on. */
  end(): void {
    this.#isOver = true
  }

  /** Throws when the browser could not decrypt the body. */
  decrypt(body: Buffer): Buffer {
    return decryptWebPush(body, this.#keys)
  }

  take(message: PushedMessage): void {
    if (!this.#isAsleep) {
      this.received.add(message)
      return
    }
    const { topic, ttlSeconds } = message
    if (topic !== undefined) this.#waiting = this.#waiting.filter((other) => other.message.topic !== topic)
    this.#waiting.push({ message, expiresAtMs: this.#now() + ttlSeconds * 1000 })
  }
}

export class PushService implements AsyncDisposable {
  readonly host: string
  /** Authority that its certificate is from: a PEM file, which goes with the service. */
  readonly caFile: string
  /** Leads whoever asks for `https://push.example` here. Hosts that it does not know are not found. */
  readonly guardTools: Required<Pick<GuardTools, 'lookup' | 'tls' | 'connect'>>
  /** What is done with messages instead of taking them. */
  trouble: Trouble | undefined
  /** What was done wrong. Must be empty at the end: a test that expects some takes them with `takeOffences`. */
  readonly offences: string[] = []
  /** Endpoints to which something came, whatever became of it. */
  readonly requests = new Arrivals<string>('a request to the push service')
  readonly #now: () => number
  readonly #subscriptions = new Map<string, { readonly subscription: Subscription; readonly key: KeyObject }>()
  readonly #folder: AsyncDisposable
  #server!: UnrulyServer

  static async start({ host = 'push.example', now = Date.now }: PushServiceOptions): Promise<PushService> {
    const folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const { cert, key } = await authority.issue({ subject: `CN=${host}`, dnsNames: [host] })
    const { caFile } = authority
    const service = new PushService({ host, now, folder, caFile, tls: await trusting(caFile) })
    service.#server = await UnrulyServer.start({
      tls: { cert, key },
      troubleWith: (request) => service.#troubleWith(request),
      work: (request) => service.#work(request),
      failed: (error) => service.offences.push(String(error)),
    })
    return service
  }

  private constructor(options: {
    host: string
    now: () => number
    folder: AsyncDisposable
    caFile: string
    tls: ClientTlsSettings
  }) {
    const { host, now, folder, caFile, tls } = options
    this.host = host
    this.caFile = caFile
    this.#now = now
    this.#folder = folder
    this.guardTools = {
      tls,
      lookup: async (name) => {
        if (name === host) return [ADDRESS]
        throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
      },
      connect: async (target, connectOptions) => {
        // Whoever has a lookup of their own may refuse what it finds.
        const found = await (connectOptions.lookup ?? this.guardTools.lookup)(target.host).catch((cause) => {
          throw new Error(`lookup ${target.host}`, { cause })
        })
        const isHere = target.port === 443 && found.some(({ address }) => address === ADDRESS.address)
        // Nobody listens on port 1.
        const port = isHere ? this.port : 1
        return dial({ host: '127.0.0.1', port }, { ...connectOptions, lookup: undefined })
      },
    }
  }

  get origin(): string {
    return `https://${this.host}`
  }

  /** Of 127.0.0.1. */
  get port(): number {
    return this.#server.port
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#server.connections
  }

  /** Messages with the trouble `held` that wait for `release`. */
  get heldCount(): number {
    return this.#server.heldCount
  }

  /** Messages are held no longer, and those that are held are taken. */
  release(): void {
    if (this.trouble === 'held') this.trouble = undefined
    for (const { subscription } of this.#subscriptions.values()) {
      if (subscription.trouble === 'held') subscription.trouble = undefined
    }
    this.#server.release()
  }

  /** Nobody is at home any more, until `comeBack`. */
  goAway(): Promise<void> {
    return this.#server.refuse()
  }

  comeBack(): Promise<void> {
    return this.#server.listenAgain()
  }

  /**
   * What a browser does for a page or extension that gives it this key of its server. Throws when that is no uncompressed
   * point of P-256 in unpadded base64url.
   */
  subscribe(vapidPublicKey: string): Subscription {
    const key = publicKey(vapidPublicKey)
    const subscription = new Subscription(`${this.origin}/wpush/${randomBytes(24).toString('base64url')}`, this.#now)
    this.#subscriptions.set(subscription.endpoint, { subscription, key })
    return subscription
  }

  /** The offences so far, which are then forgiven. */
  takeOffences(): string[] {
    return this.offences.splice(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    await this.#folder[Symbol.asyncDispose]()
    assert.deepEqual(this.offences, [], 'the push service was sent what it must not be sent')
  }

  #troubleWith({ path }: ReceivedRequest): Trouble | undefined {
    const endpoint = this.origin + path
    this.requests.add(endpoint)
    return this.trouble ?? this.#subscriptions.get(endpoint)?.subscription.trouble
  }

  async #work(request: ReceivedRequest): Promise<Answer> {
    const { method, path, headers, body } = request
    const offend = (what: string, status: number): Answer => {
      this.offences.push(`${method} ${path}: ${what}`)
      return { status }
    }
    if (headers.host !== this.host) return offend(`is for host ${headers.host}`, 421)
    const { subscription, key } = this.#subscriptions.get(this.origin + path) ?? {}
    if (!subscription || !key) return offend('was never subscribed to', 404)
    if (method !== 'POST') return offend('is to be asked by POST', 405)
    const fault = faultInHeaders(request)
    if (fault !== undefined) return offend(fault, 400)
    const stranger = await this.#faultInVapid(headers.authorization, key)
    if (stranger !== undefined) return offend(stranger, headers.authorization === undefined ? 401 : 403)
    if (body.length > MAX_BODY_BYTES) return offend(`has ${body.length} bytes`, 413)
    if (subscription.isOver) return { status: 410 }
    let json: unknown
    try {
      json = JSON.parse(subscription.decrypt(body).toString())
    } catch (error) {
      // The service itself cannot know: it takes what the browser then throws away.
      offend(`the browser can do nothing with it: ${error}`, 201)
    }
    const ttl = String(headers.ttl)
    const { urgency, topic } = headers as Record<string, string | undefined>
    subscription.take({ json, ttlSeconds: Number(ttl), urgency, topic })
    return { status: 201, headers: { Location: `${this.origin}/message/${randomUUID()}`, TTL: ttl } }
  }

  /** RFC 8292 */
  async #faultInVapid(authorization: string | undefined, key: KeyObject): Promise<string | undefined> {
    const [, text] = /^vapid +(.+)$/i.exec(authorization ?? '') ?? []
    if (text === undefined) return 'has no Authorization by the scheme vapid'
    const parameters = new Map(text.split(',').map((part) => part.trim().split(/=(.*)/s, 2) as [string, string]))
    const [token = '', k = ''] = [parameters.get('t'), parameters.get('k')]
    if (parameters.size !== 2) return 'has other parameters than t and k'
    if (k !== base64Point(key)) return 'has another key than the browser subscribed with'
    try {
      const nowMs = this.#now()
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['ES256'],
        audience: this.origin,
        currentDate: new Date(nowMs),
        requiredClaims: ['exp', 'sub'],
      })
      if (payload.exp! > nowMs / 1000 + DAY_SECONDS) return 'has a token that is good for more than a day'
      if (Array.isArray(payload.aud)) return 'has a token for several audiences'
      return /^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s/]+.*)$/.test(String(payload.sub))
        ? undefined
        : `has a token of nobody who can be reached: ${payload.sub}`
    } catch (error) {
      return `has a token that is none: ${error}`
    }
  }
}

/** RFC 8030 §5, RFC 8291 §4 */
function faultInHeaders({ headers }: ReceivedRequest): string | undefined {
  const { ttl, urgency, topic } = headers as Record<string, string | undefined>
  if (ttl === undefined || !/^\d{1,10}$/.test(ttl)) return `has TTL ${ttl}`
  if (headers['content-encoding'] !== 'aes128gcm') return `has Content-Encoding ${headers['content-encoding']}`
  if (urgency !== undefined && !URGENCIES.includes(urgency)) return `has Urgency ${urgency}`
  if (topic !== undefined && !TOPIC.test(topic)) return `has Topic ${topic}`
  // They belong to encodings from before the RFC.
  if ('crypto-key' in headers || 'encryption' in headers) return 'has Crypto-Key or Encryption'
  for (const name of ['cookie', 'referer']) if (name in headers) return `tells more than it need: ${name}`
  return undefined
}

function publicKey(vapidPublicKey: string): KeyObject {
  const point = Buffer.from(vapidPublicKey, 'base64url')
  const isPoint = point.length === 65 && point[0] === 4 && point.toString('base64url') === vapidPublicKey
  if (!isPoint) throw new TypeError('the key is no uncompressed point of P-256 in unpadded base64url')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x!, y: y! }, format: 'jwk' })
}

function base64Point(key: KeyObject): string {
  const { x, y } = key.export({ format: 'jwk' })
  const halves = [x, y].map((half) => Buffer.from(half!, 'base64url'))
  return Buffer.concat([Buffer.of(4), ...halves]).toString('base64url')
}

function trusting(caFile: string): Promise<ClientTlsSettings> {
  const lists = { certificates: [], cipherSuites: [], curvePreferences: [], pinnedCerts: [] }
  return readClientTls({
    ...lists,
    caFile,
    timeoutMs: 10_000,
    minVersion: 'TLSv1.2',
    handshakeFirst: false,
    isInsecure: false,
  })
}
