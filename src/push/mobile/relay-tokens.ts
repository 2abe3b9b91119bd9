import { STATUS_CODES } from 'node:http'
import type { Clock, Logger } from '#kit'
import { type GuardedPost, type PostAnswer, untilAborted } from '#net'
import { Backoff } from '../queue/backoff.ts'
import { retryAfterMs } from '../retry-after.ts'

/** Who this server is for the relay, and where the relay has its tokens made. */
export interface InstallationSettings {
  readonly installationId: string
  readonly installationKey: string
  /** Without a slash at its end. */
  readonly identityUri: string
}

export type TokenAnswer =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'busy'; readonly why: string; readonly afterMs?: number }

export interface RelayTokensOptions {
  readonly settings: InstallationSettings
  readonly post: Pick<GuardedPost, 'send'>
  /** Of a request, its answer included. */
  readonly timeoutMs: number
  /** Longest answer that is read. */
  readonly maxBytes: number
  /** Ends whatever is asked. */
  readonly closing: AbortSignal
  readonly clock: Clock
  readonly logger: Logger
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined
}

/**
 * Of every request. Bitwarden's servers stand behind a service that turns away whoever does not say what it is; what comes
 * packed would not be read.
 */
export const COMMON_HEADERS = { Accept: 'application/json', 'Accept-Encoding': 'identity', 'User-Agent': 'Belfry' }

/** Before its end a token is renewed, or a tenth of its life before it if that is less: clocks differ. */
const MARGIN_MS = 5 * 60_000
/** RFC 6749 §5.1: an identity server need not say how long. */
const DEFAULT_LIFETIME_S = 3600
const LONGEST_LIFETIME_S = 7 * 86_400

/** Whoever is not known now will not be in a second, and an identity server may take offence at being asked. */
const FIRST_PAUSE_MS = 15 * 60_000
const LONGEST_PAUSE_MS = 6 * 60 * 60_000

/** RFC 6750 §2.1; longest one that is taken. */
const TOKEN = /^[\w.~+/-]+=*$/
const MAX_TOKEN_LENGTH = 16 * 1024

const CHECK =
  'check PUSH_INSTALLATION_ID and PUSH_INSTALLATION_KEY, and that PUSH_IDENTITY_URI and PUSH_RELAY_URI are of the region ' +
  '(US or EU) that the installation was made for'

/** Access tokens for the relay, by client credentials (RFC 6749 §4.4). One is kept until shortly before its end. */
export class RelayTokens {
  readonly #options: RelayTokensOptions
  readonly #url: URL
  readonly #refusals: Backoff
  #token: { readonly text: string; readonly untilMs: number } | undefined
  /** The one request under way. */
  #question: Promise<TokenAnswer> | undefined
  /** Set while the identity server refuses us. */
  #refusal: { readonly why: string; readonly untilMs: number } | undefined

  constructor(options: RelayTokensOptions) {
    this.#options = options
    this.#url = new URL(`${options.settings.identityUri}/connect/token`)
    this.#refusals = new Backoff({
      firstMs: FIRST_PAUSE_MS,
      longestMs: LONGEST_PAUSE_MS,
      ...(options.random && { random: options.random }),
    })
  }

  /** The one that is kept, or a new one. Rejects only when `signal` is aborted. */
  async get(signal: AbortSignal): Promise<TokenAnswer> {
    const now = this.#options.clock.now()
    if (this.#token !== undefined && now < this.#token.untilMs) return { kind: 'token', token: this.#token.text }
    if (this.#refusal !== undefined && now < this.#refusal.untilMs) {
      return { kind: 'busy', why: this.#refusal.why, afterMs: this.#refusal.untilMs - now }
    }
    this.#question ??= this.#ask().finally(() => {
      this.#question = undefined
    })
    return untilAborted(this.#question, signal)
  }

  /** The relay does not take that token, whatever was said of its life. */
  reject(token: string): void {
    if (this.#token?.text === token) this.#token = undefined
  }

  async #ask(): Promise<TokenAnswer> {
    const { clock } = this.#options
    const askedAtMs = clock.now()
    let answer: PostAnswer
    try {
      answer = await this.#post()
    } catch (error) {
      return this.#busy((error as Error).message)
    }
    const { status, headers } = answer
    const members = objectIn(answer.body)
    if (status === 200) return this.#take(members, askedAtMs)
    const code = errorCodeIn(members)
    if ((status === 400 || status === 401) && code !== undefined) return this.#refused(code)
    const busy = this.#busy(`HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim())
    const afterMs = retryAfterMs(headers['retry-after'], clock.now())
    return afterMs === undefined ? busy : { ...busy, afterMs }
  }

  #post(): Promise<PostAnswer> {
    const { settings, post, timeoutMs, maxBytes, closing } = this.#options
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'api.push',
      client_id: `installation.${settings.installationId}`,
      client_secret: settings.installationKey,
    })
    return post.send(this.#url, {
      body: Buffer.from(form.toString()),
      headers: { ...COMMON_HEADERS, 'Content-Type': 'application/x-www-form-urlencoded' },
      timeoutMs,
      maxBytes,
      signal: closing,
    })
  }

  #take({ access_token, token_type = 'Bearer', expires_in }: Members, askedAtMs: number): TokenAnswer {
    const isBearer = typeof token_type === 'string' && token_type.toLowerCase() === 'bearer'
    if (!isBearer || !isToken(access_token)) return this.#busy('what it answers is no Bearer token')
    const isLifetime = typeof expires_in === 'number' && expires_in > 0
    const lifeMs = Math.min(isLifetime ? expires_in : DEFAULT_LIFETIME_S, LONGEST_LIFETIME_S) * 1000
    this.#token = { text: access_token, untilMs: askedAtMs + lifeMs - Math.min(MARGIN_MS, lifeMs / 10) }
    this.#refusals.succeed()
    if (this.#refusal !== undefined) this.#options.logger.info({}, 'identity server knows this installation again')
    this.#refusal = undefined
    return { kind: 'token', token: access_token }
  }

  #refused(code: string): TokenAnswer {
    const { settings, clock, logger } = this.#options
    const afterMs = this.#refusals.fail()
    const fields = { installation: settings.installationId, identity: this.#url.origin, reason: code, retryMs: afterMs }
    if (this.#refusal !== undefined) logger.debug(fields, 'identity server still refuses a token')
    else logger.error(fields, `identity server refuses a token for the push relay: ${CHECK}`)
    const why = `${this.#url.origin} refuses a token: ${code}`
    this.#refusal = { why, untilMs: clock.now() + afterMs }
    return { kind: 'busy', why, afterMs }
  }

  #busy(reason: string): TokenAnswer & { kind: 'busy' } {
    return { kind: 'busy', why: `no token from ${this.#url.origin}: ${reason}` }
  }
}

type Members = Readonly<Record<string, unknown>>

/** Without any for what is no JSON object. */
export function objectIn(body: Buffer): Members {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
  } catch {
    return {}
  }
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN_LENGTH && TOKEN.test(value)
}

/** RFC 6749 §5.2, and nothing that could be anything else. */
function errorCodeIn({ error }: Members): string | undefined {
  return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : undefined
}
