import type { Socket } from 'node:net'
import { type ProxyProtocolRules, readProxyHeader } from './proxy-protocol.ts'
import { acceptTls } from './start-tls.ts'
import type { TlsSettings } from './tls.ts'

export interface AcceptSocketOptions {
  readonly tls?: TlsSettings | undefined
  readonly proxyProtocol?: ProxyProtocolRules | undefined
  /** Writes INFO, once, to the socket that it is given: a `TLSSocket` when the handshake came first. */
  sayInfo(socket: Socket): void
}

/**
 * How long a header that need not be there is waited for before INFO is said without it: a proxy sends its header along
 * with the connection, and other clients send nothing until they have INFO.
 */
const OPTIONAL_HEADER_WAIT_MS = 50

/**
 * Whatever comes before NATS on a TCP connection: the PROXY header, INFO and the TLS handshake in the order that the
 * settings ask for. Resolves with the socket to go on with, whose reader has to `resume()` it; `remoteOf` knows the
 * client's address. Rejects with a `ProxyProtocolError` or a `TlsHandshakeError`; the socket is destroyed then.
 */
export async function acceptSocket(socket: Socket, options: AcceptSocketOptions): Promise<Socket> {
  const { tls, proxyProtocol } = options
  let hasInfo = false
  const sayInfo = (to: Socket) => {
    if (!hasInfo) options.sayInfo(to)
    hasInfo = true
  }
  if (proxyProtocol?.header === 'required') await readProxyHeader(socket, proxyProtocol)
  else if (proxyProtocol !== undefined && !(await readProxyHeader(socket, proxyProtocol, OPTIONAL_HEADER_WAIT_MS))) {
    // With `handshake_first` nobody waits for INFO.
    if (tls === undefined || tls.handshakeFirst === false) {
      sayInfo(socket)
      await readProxyHeader(socket, proxyProtocol)
    }
  }
  if (tls !== undefined) return acceptTls(socket, tls, sayInfo)
  sayInfo(socket)
  return socket
}
