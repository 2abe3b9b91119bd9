import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock, Logger } from '#kit'

/** How long what it says of itself is believed without asking again. */
const MAX_AGE_MS = 3_600_000
/** Between two questions, so that tokens with invented keys do not become requests to it. */
const PAUSE_MS = 30_000
/** The same while nothing is known of it: it may be about to start. */
const PAUSE_AFTER_FAILURE_MS = 1_000
/** For both documents together. */
const TIMEOUT_MS = 5_000
/** Of each document. A key with its certificate has some 3 KB. */
const MAX_BYTES = 256 * 1024

const DISCOVERY = '/.well-known/openid-configuration'

/** Who issues tokens, and how to know them. */
export interface Issuer {
  /** What `iss` must be. */
  readonly name: string
  /** Rejects for a token of a key that is not its. */
  readonly keyFor: JWTVerifyGetKey
}

export interface IssuerSourceOptions {
  /** A URL without trailing slash, below which OpenID Connect Discovery is served. */
  readonly authority: string
  readonly clock: Clock
  readonly logger: Logger
}

/** What an OpenID provider says of itself (OpenID Connect Discovery 1.0), kept for an hour. */
export class IssuerSource {
  readonly #options: IssuerSourceOptions
  #issuer: Issuer | undefined
  #askedAtMs = Number.NEGATIVE_INFINITY
  #answeredAtMs = Number.NEGATIVE_INFINITY
  /** The question under way. */
  #answer: Promise<void> | undefined

  constructor(options: IssuerSourceOptions) {
    this.#options = options
  }

  /**
   * As it is known. What was known for too long is used for as long as the provider does not answer, as in ASP.NET: a
   * restart of it must not keep everybody out. Rejects when nothing is known of it yet.
   */
  async current(): Promise<Issuer> {
    const now = this.#options.clock.now()
    if (now - this.#answeredAtMs >= MAX_AGE_MS) await this.#ask(PAUSE_AFTER_FAILURE_MS)
    if (this.#issuer === undefined) throw new Error('nothing is known of the issuer of tokens yet: it does not answer')
    return this.#issuer
  }

  /** For a token of a key that is not known: undefined when there is nothing new. */
  async renewed(): Promise<Issuer | undefined> {
    const before = this.#issuer
    await this.#ask(PAUSE_MS)
    return this.#issuer === before ? undefined : this.#issuer
  }

  /** Never rejects. Asks nothing when it was asked less than `pauseMs` ago; whoever comes meanwhile waits as well. */
  async #ask(pauseMs: number): Promise<void> {
    const { authority, clock, logger } = this.#options
    if (this.#answer === undefined) {
      if (clock.now() - this.#askedAtMs < pauseMs) return
      this.#askedAtMs = clock.now()
      this.#answer = fetchIssuer(authority)
        .then((issuer) => {
          this.#issuer = issuer
          this.#answeredAtMs = clock.now()
        })
        .catch((error: Error) => {
          logger.warn({ authority, reason: reasonOf(error) }, 'issuer of tokens does not answer')
        })
        .finally(() => {
          this.#answer = undefined
        })
    }
    await this.#answer
  }
}

/** Rejects when it cannot be had, or is not what it should be. */
async function fetchIssuer(authority: string): Promise<Issuer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const { issuer, jwks_uri: keys } = (await fetchJson(authority + DISCOVERY, signal)) as Record<string, unknown>
  // It may be another than `authority`: the official server's has no port and no path.
  if (typeof issuer !== 'string' || issuer === '') throw new Error('its discovery document names no issuer')
  const url = typeof keys === 'string' ? URL.parse(keys) : null
  if (url === null) throw new Error('its discovery document has no jwks_uri')
  // Who was asked over TLS must not hand over to somebody whom anybody could pretend to be.
  const isAsSafe = url.protocol === 'https:' || (url.protocol === 'http:' && !authority.startsWith('https:'))
  if (!isAsSafe) throw new Error('its jwks_uri is no https URL')
  return { name: issuer, keyFor: createLocalJWKSet((await fetchJson(url.href, signal)) as JSONWebKeySet) }
}

/** An object. */
async function fetchJson(url: string, signal: AbortSignal): Promise<object> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { Accept: 'application/json' } })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`${url} answers ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) throw new Error(`${url} answers with more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  if (typeof value !== 'object' || value === null) throw new Error(`${url} answers with no object`)
  return value
}

/** `fetch` says why only in the cause. */
function reasonOf(error: Error): string {
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
