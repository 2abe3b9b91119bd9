import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Kdf } from '#store'
import {
  createAccount,
  decrypt,
  deriveMasterKey,
  deriveMasterPasswordHash,
  encrypt,
  type Fetch,
  type SymmetricKey,
  stretchMasterKey,
  symmetricKey,
} from '#vault'

/** The least that a server accepts: tests have better things to do than to derive keys. */
export const FAST_KDF: Kdf = { type: 0, iterations: 100_000, memory: null, parallelism: null }

// biome-ignore lint/suspicious/noExplicitAny: what the server says is the test's to check.
export type Json = Record<string, any>

export interface Reply {
  readonly status: number
  readonly headers: Headers
  /** The parsed body; undefined when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly json: any
}

/** `fetch` into an app without a socket; the host in its URLs does not matter. */
export function injectInto(app: FastifyInstance): typeof globalThis.fetch {
  return async (input, init) => {
    const { pathname, search } = new URL(String(input))
    const { body } = init ?? {}
    const isForm = body instanceof FormData
    const sent = isForm || body instanceof Uint8Array ? new Request(input, init) : undefined
    const response = await app.inject({
      method: (init?.method ?? 'GET') as 'GET',
      url: pathname + search,
      headers: isForm ? Object.fromEntries(sent!.headers) : (init?.headers as Record<string, string>),
      ...(body == null ? {} : { payload: sent ? Buffer.from(await sent.arrayBuffer()) : String(body) }),
    })
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as [string, string])
    return new Response(response.statusCode === 204 ? null : new Uint8Array(response.rawPayload), {
      status: response.statusCode,
      headers,
    })
  }
}

export interface AccountOptions {
  /** The server's address with the path it may have; default `https://localhost`, for an injected app. */
  readonly server?: string
  readonly fetch?: typeof globalThis.fetch
  /** Default: one that nobody else has. */
  readonly email?: string
  readonly password?: string
  readonly name?: string
  /** Default `FAST_KDF`. */
  readonly kdf?: Kdf
}

export interface LoginOptions extends AccountOptions {
  readonly email: string
  readonly deviceId?: string
  /** Default 9, Chrome. */
  readonly deviceType?: number
}

export const PASSWORD = 'correct horse battery staple'

/** Registers an account and logs its first device in. */
export async function registerAndLogin(options: Partial<LoginOptions> = {}): Promise<TestDevice> {
  const email = options.email ?? `${randomUUID()}@example.com`
  await register({ ...options, email })
  return login({ ...options, email })
}

export async function register(options: AccountOptions & { email: string }): Promise<void> {
  const { server = 'https://localhost', fetch = globalThis.fetch, kdf = FAST_KDF } = options
  const { email, password = PASSWORD, name = 'Alice' } = options
  await createAccount({ server, email, password, name, kdf, fetch: fetch as Fetch })
}

/** Logs a device in, asking for the key derivation first as clients do. Throws when the server declines. */
export async function login(options: LoginOptions): Promise<TestDevice> {
  const { email, password = PASSWORD, server = 'https://localhost', fetch = globalThis.fetch } = options
  const { deviceId = randomUUID(), deviceType = 9 } = options
  const prelogin = await fetch(`${server}/identity/accounts/prelogin/password`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email }),
  })
  const { kdfSettings } = (await prelogin.json()) as Json
  const masterKey = await deriveMasterKey(password, email, { ...kdfSettings, type: kdfSettings.kdfType })
  const passwordHash = await deriveMasterPasswordHash(masterKey, password)
  const form = loginForm({ email, passwordHash, deviceId, deviceType })
  const { status, json: token } = await postForm(fetch, `${server}/identity/connect/token`, form)
  if (status !== 200) throw new Error(`Login answered ${status}: ${JSON.stringify(token)}`)
  const userKey = symmetricKey(decrypt(token.Key, stretchMasterKey(masterKey)))
  return new TestDevice({ server, fetch, email, passwordHash, deviceId, token, userKey })
}

/** What a device asks for a token with. Without another password's hash it is wrong. */
export function loginForm({ email, passwordHash = 'wrong', deviceId = randomUUID(), deviceType = 9 }: LoginForm) {
  return {
    scope: 'api offline_access',
    client_id: 'web',
    grant_type: 'password',
    username: email,
    password: passwordHash,
    deviceType: String(deviceType),
    deviceIdentifier: deviceId,
    deviceName: 'test device',
  }
}

interface LoginForm {
  readonly email: string
  readonly passwordHash?: string
  readonly deviceId?: string
  readonly deviceType?: number
}

export async function postForm(fetch: typeof globalThis.fetch, url: string, form: Record<string, string>) {
  return toReply(
    await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: new URLSearchParams(form).toString(),
    }),
  )
}

/** One logged-in client of one user. */
export class TestDevice {
  readonly server: string
  readonly email: string
  readonly userId: string
  readonly deviceId: string
  /** What the server knows of the password. */
  readonly passwordHash: string
  /** The whole answer to the login. */
  readonly token: Json
  readonly userKey: SymmetricKey
  readonly #fetch: typeof globalThis.fetch

  constructor(options: {
    server: string
    fetch: typeof globalThis.fetch
    email: string
    passwordHash: string
    deviceId: string
    token: Json
    userKey: SymmetricKey
  }) {
    this.server = options.server
    this.email = options.email
    this.passwordHash = options.passwordHash
    this.deviceId = options.deviceId
    this.token = options.token
    this.userKey = options.userKey
    this.#fetch = options.fetch
    const claims = JSON.parse(Buffer.from(this.accessToken.split('.')[1] ?? '', 'base64url').toString())
    this.userId = claims.sub
  }

  get accessToken(): string {
    return this.token.access_token
  }

  /** Calls the API as this device; `path` begins with `/api` or `/identity`. A form is sent as it is, all else as JSON. */
  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const response = await this.#fetch(this.server + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.accessToken}`,
        'Bitwarden-Client-Version': '2026.9.0',
        ...(body === undefined || body instanceof FormData
          ? {}
          : { 'Content-Type': 'application/json; charset=utf-8' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
    })
    return toReply(response)
  }

  get = (path: string) => this.request('GET', path)
  post = (path: string, body?: unknown) => this.request('POST', path, body)
  put = (path: string, body?: unknown) => this.request('PUT', path, body)
  delete = (path: string, body?: unknown) => this.request('DELETE', path, body)

  encrypt = (text: string) => encrypt(text, this.userKey)
  decrypt = (encString: string) => decrypt(encString, this.userKey).toString()

  /** The body of a login item as the official CLI sends it, with `fields` in place of what is usual. */
  loginItem(name: string, fields: Json = {}): Json {
    return {
      type: 1,
      encryptedFor: this.userId,
      folderId: null,
      organizationId: null,
      name: this.encrypt(name),
      notes: null,
      favorite: false,
      reprompt: 0,
      lastKnownRevisionDate: null,
      fields: [],
      passwordHistory: null,
      attachments: {},
      attachments2: {},
      login: {
        response: null,
        uris: [{ response: null, uri: this.encrypt('https://example.com'), uriChecksum: null, match: null }],
        username: this.encrypt('alice'),
        password: this.encrypt('secret'),
        passwordRevisionDate: null,
        totp: null,
        autofillOnPageLoad: null,
      },
      ...fields,
    }
  }
}

/** Reads an answer to its end. */
export async function toReply(response: Response): Promise<Reply> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') && text !== ''
  return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : text || undefined }
}
