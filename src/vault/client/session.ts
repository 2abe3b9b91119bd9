import { randomUUID } from 'node:crypto'
import type { Kdf } from '#store'
import { isObject } from '../schema.ts'
import { deriveMasterKey, deriveMasterPasswordHash } from './keys.ts'
import { DEVICE_TYPE_SDK, type Fetch, post, Refused } from './post.ts'

const CLIENT_ID = 'cli'

/** Bitwarden's number for authenticator apps, among second factors. */
const AUTHENTICATOR = '0'

/** A token that ends within this time is renewed before it is used; ms. */
const RENEW_BEFORE_MS = 60_000

export interface LoginOptions {
  /** The server's address with the path it may have, without a slash at its end. */
  readonly server: string
  readonly email: string
  readonly password: string
  /** How the user's list of devices shows it. */
  readonly deviceName: string
  /** Of the account's authenticator app, when it has one. */
  readonly code?: string | undefined
  /** Default: that of Node. */
  readonly fetch?: Fetch | undefined
}

/** This program logged in as a device of its own, for as long as the server lets it. */
export class ClientSession {
  readonly #server: string
  readonly #fetch: Fetch | undefined
  #accessToken = ''
  #refreshToken = ''
  #expiresAtMs = 0

  private constructor(server: string, fetch: Fetch | undefined) {
    this.#server = server
    this.#fetch = fetch
  }

  /** Throws as `post` does. */
  static async login({ server, email, password, deviceName, code, fetch }: LoginOptions): Promise<ClientSession> {
    const prelogin = await post(`${server}/identity/accounts/prelogin`, { json: { email } }, fetch)
    const masterKey = await deriveMasterKey(password, email, readKdf(isObject(prelogin) ? prelogin : {}))
    const session = new ClientSession(server, fetch)
    await session.#takeToken({
      grant_type: 'password',
      scope: 'api offline_access',
      username: email,
      password: await deriveMasterPasswordHash(masterKey, password),
      deviceType: String(DEVICE_TYPE_SDK),
      deviceIdentifier: randomUUID(),
      deviceName,
      ...(code === undefined ? {} : { twoFactorProvider: AUTHENTICATOR, twoFactorToken: code }),
    })
    return session
  }

  /** One that has some time left, or a new one anyway. Throws like `login`; `Refused` is the end of the session. */
  async accessToken({ mustBeNew }: { mustBeNew: boolean }): Promise<string> {
    if (mustBeNew || Date.now() > this.#expiresAtMs - RENEW_BEFORE_MS) {
      await this.#takeToken({ grant_type: 'refresh_token', refresh_token: this.#refreshToken })
    }
    return this.#accessToken
  }

  async #takeToken(form: Record<string, string>): Promise<void> {
    const url = `${this.#server}/identity/connect/token`
    const answer = await post(url, { form: { ...form, client_id: CLIENT_ID } }, this.#fetch)
    const { access_token, refresh_token, expires_in } = isObject(answer) ? answer : {}
    if (typeof access_token !== 'string' || typeof refresh_token !== 'string' || typeof expires_in !== 'number') {
      throw new Refused(`${url} answered without tokens`)
    }
    this.#accessToken = access_token
    this.#refreshToken = refresh_token
    this.#expiresAtMs = Date.now() + expires_in * 1000
  }
}

/**
 * How the master key is to be derived. Within the limits of Bitwarden's clients: with less work than that, a server that
 * lies about it would get a hash that gives the password away; with more, it could keep us busy for ever.
 */
function readKdf({ kdf, kdfIterations, kdfMemory, kdfParallelism }: Record<string, unknown>): Kdf {
  if (kdf === 0 && isBetween(kdfIterations, 5_000, 2_000_000)) {
    return { type: 0, iterations: kdfIterations, memory: null, parallelism: null }
  }
  if (
    kdf === 1 &&
    isBetween(kdfIterations, 2, 10) &&
    isBetween(kdfMemory, 15, 1024) &&
    isBetween(kdfParallelism, 1, 16)
  ) {
    return { type: 1, iterations: kdfIterations, memory: kdfMemory, parallelism: kdfParallelism }
  }
  throw new Refused('The server asks for a key derivation that Bitwarden clients do not accept')
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}
