import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import type { Clock, Logger } from '#kit'
import { type ClientTlsSettings, GuardedPost, type PostAnswer, plainText, systemLookup } from '#net'
import { retryAfterMs } from '../retry-after.ts'
import { COMMON_HEADERS, type InstallationSettings, objectIn, RelayTokens } from './relay-tokens.ts'

export interface RelaySettings extends InstallationSettings {
  /** Without a slash at its end. */
  readonly relayUri: string
}

/** What became of a request. */
export type RelayAnswer =
  | { readonly kind: 'done' }
  /** It does not answer, wants to be asked later, or does not know us: that says nothing about the request. */
  | { readonly kind: 'busy'; readonly why: string; readonly afterMs?: number }
  /** It takes that request never. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It does not know what the request is about. */
  | { readonly kind: 'unknown'; readonly why: string }

export interface RelayClientTools {
  readonly clock: Clock
  readonly logger: Logger
  /** Default: as operators' TLS connections, with the authorities of the system. */
  readonly tls?: ClientTlsSettings
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: () => number
}

/** For each request, its answer included; a token that has to be asked for first is another one. */
const TIMEOUT_MS = 15_000
/** Nothing that it has to say is longer. */
const MAX_BYTES = 64 * 1024

const REFUSALS = new Set([400, 413, 422])

/** It says so with a 400, and would of everything. Its operator may do something about it. */
const NOT_FOR_US = /not correctly configured for push relays|only allowed when not self hosted/i

/** The push relay of mobile push, as a server sees it that has phones to tell. spec: hub §5.2, §5.3 */
export class RelayClient {
  readonly #settings: RelaySettings
  readonly #clock: Clock
  readonly #post: GuardedPost
  readonly #tokens: RelayTokens
  readonly #closing = new AbortController()

  constructor(settings: RelaySettings, { clock, logger, tls, random }: RelayClientTools) {
    this.#settings = settings
    this.#clock = clock
    // The operator wrote these URLs, and may have a relay in the house.
    const rules = { blockedHosts: undefined, blocksNonGlobalAddresses: false, prefersIpv6: false }
    this.#post = new GuardedPost(rules, { clock, lookup: systemLookup, ...(tls && { tls }) })
    this.#tokens = new RelayTokens({
      settings,
      post: this.#post,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      closing: this.#closing.signal,
      clock,
      logger,
      random,
    })
  }

  /**
   * `POST /push/<action>`. When the relay does not take the token any more it is asked once again with a new one. Rejects
   * only when `signal` is aborted, or after `close`: the relay may have done it all the same.
   */
  async ask(action: 'send' | 'register' | 'delete', body: object, signal: AbortSignal): Promise<RelayAnswer> {
    const either = AbortSignal.any([signal, this.#closing.signal])
    const bytes = Buffer.from(JSON.stringify(body))
    for (let isSecond = false; ; isSecond = true) {
      const answer = await this.#tokens.get(either)
      if (answer.kind === 'busy') return answer
      const { token } = answer
      let answered: PostAnswer
      try {
        answered = await this.#send(action, bytes, token, either)
      } catch (error) {
        either.throwIfAborted()
        return { kind: 'busy', why: (error as Error).message }
      }
      if (answered.status !== 401) return this.#judge(answered)
      this.#tokens.reject(token)
      if (isSecond) return this.#busy(answered, 'are PUSH_RELAY_URI and PUSH_IDENTITY_URI of one server?')
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort(new Error('closed'))
    this.#post.close()
  }

  #send(action: string, body: Buffer, token: string, signal: AbortSignal): Promise<PostAnswer> {
    return this.#post.send(new URL(`${this.#settings.relayUri}/push/${action}`), {
      body,
      headers: { ...COMMON_HEADERS, 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      signal,
    })
  }

  #judge(answer: PostAnswer): RelayAnswer {
    const { status, headers } = answer
    if (status >= 200 && status < 300) return { kind: 'done' }
    const body = objectIn(answer.body)
    // Of what has no relay behind it, nothing must be lost by a 404.
    const isItsOwn = Object.keys(body).length > 0
    if (status === 410 || (status === 404 && isItsOwn)) return { kind: 'unknown', why: whyOf(status, body) }
    if (status === 404 || status === 405) return this.#busy(answer, 'is PUSH_RELAY_URI right?')
    if (status >= 300 && status < 400) return this.#busy(answer, `${elsewhere(headers)}; is PUSH_RELAY_URI right?`)
    if (!REFUSALS.has(status) || NOT_FOR_US.test(String(body.message))) return this.#busy(answer)
    return { kind: 'refused', why: whyOf(status, body) }
  }

  #busy({ status, headers, body }: PostAnswer, hint?: string): RelayAnswer {
    const why = whyOf(status, objectIn(body))
    const afterMs = retryAfterMs(headers['retry-after'], this.#clock.now())
    return {
      kind: 'busy',
      why: hint === undefined ? why : `${why} (${hint})`,
      ...(afterMs !== undefined && { afterMs }),
    }
  }
}

function elsewhere({ location }: IncomingHttpHeaders): string {
  return `it redirects to ${URL.parse(location ?? '')?.origin ?? 'somewhere'}`
}

/** Whatever looks like a token stays out of it: the relay may repeat what it was sent. */
function whyOf(status: number, { message }: Readonly<Record<string, unknown>>): string {
  const said = typeof message === 'string' ? plainText(message.replace(/\S{41,}/g, '...')) : ''
  return [`HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim(), said].filter((part) => part !== '').join(': ')
}
