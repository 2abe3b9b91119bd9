import http from 'node:http'
import https from 'node:https'
import { isIPv6 } from 'node:net'
import type { WebAddress } from '#config/whereabouts'
import { ConfigError } from '#kit'

/** Less than the three seconds that `docker/Dockerfile` leaves it, so that there is something to read. */
const TIMEOUT_MS = 2_500

export interface Health {
  readonly isAlive: boolean
  /** What was asked, and how it went. */
  readonly line: string
}

/**
 * Asks `/alive`, which is only good while the database answers. Throws a `ConfigError` where it cannot be known whom to
 * ask.
 */
export async function askAlive({ host, port, isTls, basePath }: WebAddress): Promise<Health> {
  if (port === 0) throw new ConfigError('the web listener is to have any free port, so nobody knows where to ask')
  // Whoever listens on every address has this one.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1')
  const url = `${isTls ? 'https' : 'http'}://${isIPv6(name) ? `[${name}]` : name}:${port}${basePath}/alive`
  try {
    const status = await statusOf(url)
    return { isAlive: status === 200, line: status === 200 ? `${url} answers` : `${url} answers ${explain(status)}` }
  } catch (error) {
    return { isAlive: false, line: `${url} does not answer: ${reasonOf(error as NodeJS.ErrnoException)}` }
  }
}

function statusOf(url: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const { get } = url.startsWith('https:') ? https : http
  // The certificate is for the name that clients use, and one that has run out is nothing that a restart mends.
  get(url, { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(TIMEOUT_MS) })
    .on('response', (response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    .on('error', reject)
  return promise
}

function explain(status: number): string {
  if (status === 503) return '503: the server runs, but cannot reach its database'
  return status === 404 ? '404: something else listens there, or DOMAIN has another path' : String(status)
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const { code, message } = error
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `nothing within ${TIMEOUT_MS} ms`
  if (code === 'ECONNREFUSED') return 'nobody listens there'
  if (code === 'EPROTO' || /^ERR_SSL/.test(code ?? '')) return 'what listens there speaks no TLS'
  if (code === 'ECONNRESET' || /^HPE_/.test(code ?? '')) return 'what listens there does not speak HTTP'
  return message
}
