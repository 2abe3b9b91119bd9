import { connect as connectTcp, isIP, type Socket } from 'node:net'
import {
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'

/** How long a connection, and its TLS handshake, may take; milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000

/** A server as the URL names it, and where it was found. */
export class Place {
  /** `http:` or `https:` */
  readonly url: URL
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** Certificates of authorities that are trusted besides those that Node knows. PEM. */
  readonly ca: string | undefined
  /** One that takes connections; found by the walk. */
  address: string
  /** Whether the certificate was found good; from then on every connection insists on that. */
  isTrusted = false
  /** Made once: reading all authorities takes longer than a handshake. */
  readonly #authorities: SecureContext | undefined

  constructor(url: URL, ca: string | undefined) {
    this.url = url
    this.host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    this.isTls = url.protocol === 'https:'
    this.port = Number(url.port || (this.isTls ? 443 : 80))
    this.ca = ca
    this.address = this.host
    this.#authorities = ca === undefined ? undefined : createSecureContext({ ca: [...getCACertificates(), ca] })
  }

  /** Of all that is asked: of a server in a sub-path with that, without a slash at its end. */
  get basePath(): string {
    return this.url.pathname.replace(/\/+$/, '')
  }

  /** A connection over which HTTP can be spoken. Rejects with the errors of sockets, or the signal's reason. */
  async connect(signal: AbortSignal): Promise<Socket> {
    const tcp = await this.connectTcp(this.address, signal)
    return this.isTls ? this.secure(tcp, signal) : tcp
  }

  connectTcp(address: string, signal: AbortSignal): Promise<Socket> {
    const socket = connectTcp({ host: address, port: this.port, noDelay: true })
    return ready(socket, 'connect', signal)
  }

  /** Without an opinion on the certificate, until it is known to be good. */
  secure(socket: Socket, signal: AbortSignal): Promise<TLSSocket> {
    const name = this.host.replace(/\.$/, '')
    const secure = connectTls({
      socket,
      // RFC 6066 §3: no addresses.
      ...(isIP(name) === 0 && { servername: name }),
      host: name,
      ...(this.#authorities && { secureContext: this.#authorities }),
      rejectUnauthorized: this.isTrusted,
      ALPNProtocols: ['http/1.1'],
    })
    return ready(secure, 'secureConnect', signal)
  }
}

async function ready<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const give = () => reject(signal.reason)
  signal.addEventListener('abort', give, { once: true })
  // Stays: between here and the next reader a reset must not end the process.
  socket.on('error', reject)
  socket.once('close', () => reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' })))
  socket.once(event, resolve)
  if (signal.aborted) give()
  try {
    await promise
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', give)
  }
}
