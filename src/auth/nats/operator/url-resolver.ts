import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { ConfigError } from '#kit'
import { MAX_JWT_LENGTH } from '../jwt/index.ts'
import type { ResolverTls } from '../options.ts'
import type { AccountResolver } from './resolver.ts'

/** Milliseconds from the request to the end of the answer. nats-server's. */
const TIMEOUT_MS = 1_900
const MAX_REDIRECTS = 10
const MAX_IDLE_SOCKETS = 10
const IDLE_SOCKET_MS = 30_000

export interface UrlResolverOptions {
  /** The public key of an account is appended to it, behind a `/`. */
  readonly url: string
  readonly tls: ResolverTls | undefined
}

/** Asks an HTTP server for JWTs: `GET <url>/<public key>`. */
export class UrlResolver implements AccountResolver {
  readonly keepsUpdates = false
  readonly #url: string
  readonly #plainAgent = new http.Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, timeout: IDLE_SOCKET_MS })
  readonly #tlsAgent: https.Agent

  /** Throws a `ConfigError` for files of `tls` that cannot be read. */
  constructor({ url, tls }: UrlResolverOptions) {
    this.#url = url.endsWith('/') ? url : `${url}/`
    this.#tlsAgent = new https.Agent({
      keepAlive: true,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_SOCKET_MS,
      ...(tls && {
        ...fileOf('ca', tls.caFile),
        ...fileOf('cert', tls.certFile),
        ...fileOf('key', tls.keyFile),
        rejectUnauthorized: !tls.isInsecure,
      }),
    })
  }

  async fetch(account: string): Promise<string> {
    const url = this.#url + account
    const shown = withoutPassword(url)
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      return (await this.#get(new URL(url), signal, MAX_REDIRECTS)).trim()
    } catch (error) {
      const reason = signal.aborted ? 'timed out' : (error as Error).message
      throw new Error(`could not fetch <${JSON.stringify(shown)}>: ${reason}`, { cause: error })
    }
  }

  async close(): Promise<void> {
    this.#plainAgent.destroy()
    this.#tlsAgent.destroy()
  }

  async #get(url: URL, signal: AbortSignal, redirects: number): Promise<string> {
    const isTls = url.protocol === 'https:'
    if (!isTls && url.protocol !== 'http:')
      throw new Error(`unsupported protocol scheme "${url.protocol.slice(0, -1)}"`)
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const request = isTls
      ? https.get(url, { agent: this.#tlsAgent, signal }, resolve)
      : http.get(url, { agent: this.#plainAgent, signal }, resolve)
    request.on('error', reject)
    const response = await promise
    const { statusCode = 0, statusMessage, headers } = response
    if ([301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined) {
      response.destroy()
      if (redirects === 0) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`)
      return this.#get(new URL(headers.location, url), signal, redirects - 1)
    }
    if (statusCode !== 200) {
      response.destroy()
      throw new Error(`${statusCode} ${statusMessage ?? ''}`.trim())
    }
    return readAll(response)
  }
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_JWT_LENGTH) throw new Error(`the answer has more than ${MAX_JWT_LENGTH} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function fileOf(name: 'ca' | 'cert' | 'key', file: string | undefined): { [option: string]: Buffer } {
  if (file === undefined) return {}
  try {
    return { [name]: readFileSync(file) }
  } catch (error) {
    throw new ConfigError(`resolver_tls: cannot read "${file}": ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    })
  }
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = 'xxxxx'
  return url.href
}
