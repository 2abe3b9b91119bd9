import type { Cell } from '../state/cell.ts'
import { AccessTokens } from './access-tokens.ts'
import { readAnswer, readBytes } from './answer.ts'
import type { DeviceInfo } from './device.ts'
import { ApiError, Refused, Unauthorized, Unreachable } from './errors.ts'
import { IdleLimit } from './idle-limit.ts'
import { readTokens, type Tokens } from './tokens.ts'
import { type Upload, uploadBy } from './upload.ts'

/** The web vault whose requests these are like: servers look at it before they answer in newer forms. */
export const CLIENT_VERSION = '2026.9.0'
const CLIENT_NAME = 'web'

/** Longest silence of a server that is there: a password's hash takes it a second. */
const IDLE_MS = 30_000
/** With an upload also while nothing tells how far it is, or the server writes the file. */
const UPLOAD_IDLE_MS = 120_000
/** Of an answer that is no whole vault. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

export interface ApiOptions {
  /** Where the server is: everything it answers is below that. */
  readonly base: URL | string
  readonly device: DeviceInfo
  /** Default: the browser's. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Default: by `fetch`, which tells nothing of its progress. */
  readonly upload?: Upload | undefined
  /** Milliseconds since the Unix epoch. */
  readonly now?: (() => number) | undefined
  /**
   * The refresh token that all tabs of this browser share, where they keep it: another tab may have a newer one.
   * Default: there is none but this one's own.
   */
  readonly sharedRefreshToken?: (() => string | null) | undefined
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Options {
  /** Ends it; what is thrown then is the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface RequestOptions extends Options {
  /** Becomes JSON. */
  readonly body?: unknown
  /** In place of a body: what a form has, url-encoded. */
  readonly form?: Readonly<Record<string, string>>
  /** Who asks. Default `session`; a token is one for something else than a session. */
  readonly as?: 'session' | 'anybody' | { readonly token: string }
  /** The largest answer that is read. Default 16 MiB. */
  readonly maxBytes?: number
  /** How long the server may be silent. Default 30 s. */
  readonly idleMs?: number
}

export type Progress = (doneBytes: number) => void

/**
 * The server, as one device sees it. Everything is asked with the session's access token, which is renewed when it is
 * about to end or is not taken any more, once for all who wait. `tokens` becomes null when the server has ended the
 * session, and only then: a network that fails ends nothing.
 */
export class Api {
  readonly tokens: Cell<Tokens | null>
  /** Ends with a slash. */
  readonly base: URL
  readonly device: DeviceInfo
  readonly #fetch: typeof globalThis.fetch
  readonly #upload: Upload
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  readonly #accessTokens: AccessTokens

  constructor({ base, device, fetch, upload, now = Date.now, sharedRefreshToken = () => null }: ApiOptions) {
    const url = new URL(base)
    this.base = new URL(url.pathname.endsWith('/') ? url : `${url}/`)
    this.device = device
    // A browser's own is called as a function of its window only.
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init))
    this.#upload = upload ?? uploadBy(this.#fetch)
    this.now = now
    const exchange = (refreshToken: string) => this.#exchangeRefreshToken(refreshToken)
    this.#accessTokens = new AccessTokens({ exchange, now, sharedRefreshToken })
    this.tokens = this.#accessTokens.current
  }

  /** The parsed answer; null where it is empty. `path` has no slash in front. Rejects with an `ApiError`. */
  async request(method: Method, path: string, options: RequestOptions = {}): Promise<unknown> {
    const { signal, maxBytes = MAX_ANSWER_BYTES, idleMs = IDLE_MS } = options
    return this.#authorized(options, (headers) =>
      this.#exchange({ signal, idleMs }, async (limits, onProgress) => {
        const response = await this.#fetch(new URL(path, this.base), {
          method,
          headers: { ...headers, ...contentType(options) },
          ...bodyOf(options),
          signal: limits,
          cache: 'no-store',
          // A server that moved is to be opened where it is now; a redirect of a login would be one of the password's hash.
          redirect: 'error',
        })
        return readAnswer(response, { maxBytes, onProgress })
      }),
    )
  }

  /** Sends a form with a file. Rejects with an `ApiError`. */
  async upload(
    path: string,
    form: FormData,
    { signal, onProgress }: Options & { onProgress?: Progress | undefined } = {},
  ) {
    return this.#authorized({}, (headers) =>
      this.#exchange({ signal, idleMs: UPLOAD_IDLE_MS }, async (limits, progressed) => {
        const report = (sentBytes: number) => {
          progressed()
          onProgress?.(sentBytes)
        }
        const url = new URL(path, this.base)
        const response = await this.#upload({ url, headers, form, signal: limits, onProgress: report })
        return readAnswer(response, { maxBytes: MAX_ANSWER_BYTES, onProgress: progressed })
      }),
    )
  }

  /**
   * A file that the server has named a URL for, with its ticket in it. Where that URL says another address for the server
   * than the one it is asked at here, only what is below that address counts. Rejects with an `ApiError`.
   */
  async download(url: string, { maxBytes, signal, onProgress }: Options & DownloadOptions) {
    return this.#exchange({ signal, idleMs: IDLE_MS }, async (limits, progressed) => {
      const response = await this.#fetch(this.#here(url), { signal: limits, cache: 'no-store', redirect: 'error' })
      const report = (doneBytes: number) => {
        progressed()
        onProgress?.(doneBytes)
      }
      return readBytes(response, { maxBytes, onProgress: report })
    })
  }

  /** An access token that is good now, for whatever does not ask by this class: the hub. Rejects with an `ApiError`. */
  async accessToken({ signal }: Options = {}): Promise<string> {
    return this.#accessTokens.get(undefined, signal)
  }

  /** `send` with the headers of whoever asks; once more with another token when the first one is not taken. */
  async #authorized<T>(
    { as = 'session', signal }: Pick<RequestOptions, 'as' | 'signal'>,
    send: (headers: Record<string, string>) => Promise<T>,
  ): Promise<T> {
    const headers = {
      Accept: 'application/json',
      'Device-Type': String(this.device.type),
      'Bitwarden-Client-Name': CLIENT_NAME,
      'Bitwarden-Client-Version': CLIENT_VERSION,
    }
    if (as === 'anybody') return send({ ...headers, 'Device-Identifier': this.device.identifier })
    if (as !== 'session') return send({ ...headers, Authorization: `Bearer ${as.token}` })
    const token = await this.#accessTokens.get(undefined, signal)
    try {
      return await send({ ...headers, Authorization: `Bearer ${token}` })
    } catch (error) {
      if (!isUnauthorized(error)) throw error
    }
    const next = await this.#accessTokens.get(token, signal)
    try {
      return await send({ ...headers, Authorization: `Bearer ${next}` })
    } catch (error) {
      if (!isUnauthorized(error)) throw error
      this.#accessTokens.end(next)
      throw new Unauthorized()
    }
  }

  /** Undefined when it is worth nothing any more. */
  async #exchangeRefreshToken(refreshToken: string): Promise<Tokens | undefined> {
    const form = { grant_type: 'refresh_token', client_id: CLIENT_NAME, refresh_token: refreshToken }
    try {
      const answer = await this.request('POST', 'identity/connect/token', { form, as: 'anybody' })
      const renewed = readTokens(answer, this.now())
      if (renewed === undefined) throw new Unreachable('The server answers no token')
      return { ...renewed, refreshToken: renewed.refreshToken ?? refreshToken }
    } catch (error) {
      if (error instanceof Refused && (error.status === 400 || error.status === 401)) return undefined
      throw error
    }
  }

  /** One exchange within its limits; whatever else goes wrong than what is an answer is the network. */
  async #exchange<T>(
    { signal, idleMs }: { signal: AbortSignal | undefined; idleMs: number },
    run: (limits: AbortSignal, onProgress: () => void) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    const idle = new IdleLimit(idleMs)
    try {
      const limits = signal === undefined ? idle.signal : AbortSignal.any([signal, idle.signal])
      return await run(limits, () => idle.progressed())
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (cause instanceof ApiError) throw cause
      const reason = idle.signal.aborted ? 'The server does not answer in time' : 'The server cannot be reached'
      throw new Unreachable(reason, { cause })
    } finally {
      idle.end()
    }
  }

  #here(url: string): URL {
    const { pathname, search } = new URL(url, this.base)
    const at = pathname.search(/\/(?:attachments|api)\//)
    if (at === -1) throw new Unreachable('The server names no file of its own')
    return new URL(pathname.slice(at + 1) + search, this.base)
  }
}

export interface DownloadOptions {
  /** The largest file that is read. */
  readonly maxBytes: number
  readonly onProgress?: Progress | undefined
}

const isUnauthorized = (error: unknown) => error instanceof Refused && error.status === 401

function contentType({ body, form }: RequestOptions): Record<string, string> {
  if (form !== undefined) return { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' }
  return body === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }
}

function bodyOf({ body, form }: RequestOptions): { body?: string } {
  if (form !== undefined) return { body: new URLSearchParams(form).toString() }
  return body === undefined ? {} : { body: JSON.stringify(body) }
}
