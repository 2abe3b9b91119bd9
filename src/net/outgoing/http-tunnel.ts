import type { Socket } from 'node:net'
import { formatAddress } from '../listener.ts'
import type { TlsHandshakeError } from '../start-tls.ts'
import { type ClientTlsSettings, readClientTls } from './client-tls.ts'
import type { DialTarget } from './dial.ts'
import { DialError } from './dial-error.ts'
import { exchangeHttp, type HttpAnswer } from './http-exchange.ts'
import { plainText } from './plain-text.ts'
import { startClientTls } from './start-client-tls.ts'
import type { Deadline } from './with-deadline.ts'

/** A proxy that is asked to `CONNECT`. */
export interface HttpProxy {
  /** `http://` or `https://` with a host; the port is 80 or 443 where there is none. */
  readonly url: string
  /** Either both or neither. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** For `https://`; default: whom the system believes. */
  readonly tls?: ClientTlsSettings | undefined
}

/** Where the proxy listens. */
export function proxyAddress({ url }: HttpProxy): DialTarget {
  const { protocol, hostname, port } = new URL(url)
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  }
}

/**
 * Asks the proxy at the other end of `socket` for a way to `target`. What it answers is the socket that leads there: the
 * same one, or what TLS to the proxy made of it. Rejects with a `DialError` of code `PROXY`; the socket is destroyed then.
 */
export async function openTunnel(
  socket: Socket,
  target: DialTarget,
  proxy: HttpProxy,
  deadline: Deadline & { readonly signal: AbortSignal },
): Promise<Socket> {
  const { signal } = deadline
  const onAbort = () => socket.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    const way = proxy.url.startsWith('https:') ? await secured(socket, proxy, deadline) : socket
    await askFor(way, target, proxy)
    signal.throwIfAborted()
    return way
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function secured(socket: Socket, proxy: HttpProxy, { clock, timeoutMs, signal }: Deadline): Promise<Socket> {
  const tls = proxy.tls ?? (await readClientTls())
  try {
    return await startClientTls(socket, tls, { serverName: proxyAddress(proxy).host, clock, timeoutMs, signal })
  } catch (error) {
    throw new DialError('PROXY', `failed to connect to proxy: ${(error as TlsHandshakeError).message}`, {
      cause: error,
    })
  }
}

async function askFor(socket: Socket, target: DialTarget, { username, password }: HttpProxy): Promise<void> {
  const host = formatAddress(target)
  const credentials = Buffer.from(`${username}:${password}`).toString('base64')
  const headers = { Host: host, ...(username !== undefined && { 'Proxy-Authorization': `Basic ${credentials}` }) }
  let answer: HttpAnswer
  try {
    answer = await exchangeHttp(socket, { method: 'CONNECT', path: host, headers })
  } catch (error) {
    const reason = plainText((error as Error).message)
    throw new DialError('PROXY', `failed to read proxy response: ${reason} (is this an HTTP proxy?)`, { cause: error })
  }
  const { status, statusText, head } = answer
  if (status < 200 || status > 299) {
    const hint = status === 407 ? ' (check username and password of the proxy)' : ''
    throw new DialError('PROXY', `proxy CONNECT failed: ${status} ${plainText(statusText)}${hint}`)
  }
  if (head.length > 0) socket.unshift(head)
}
