import type { X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { Clock } from '#kit'
import { noteRemote, remoteOf } from '../remote-address.ts'
import {
  failure,
  handshake,
  pinObjection,
  TlsHandshakeError,
  untrusted,
  verifyObjection,
  written,
} from '../start-tls.ts'
import type { ClientTlsSettings } from './client-tls.ts'

export interface StartClientTlsOptions {
  /** Whose certificate is expected: a name or an address. See `tlsServerName`. */
  readonly serverName: string
  readonly clock: Clock
  /** Default: that of the settings. */
  readonly timeoutMs?: number
  /** Gives up: the socket is destroyed. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Whose certificate a server at `host` has to show. Servers tell of each other by address, which certificates seldom
 * name: `rememberedName` is that of a URL that the operator wrote, and counts where `host` is an address. As nats-server,
 * whoever gets a `TlsHandshakeError` that `isWrongName` for a remembered name had better forget it.
 */
export function tlsServerName(host: string, rememberedName?: string): string {
  return isIP(host) === 0 ? host : (rememberedName ?? host)
}

/**
 * The client's side of a TLS handshake on a connected socket, before or after the server said something. What was written
 * before goes out first; what came in and was not read belongs to the handshake. Resolves when the server is accepted:
 * its certificate and its name checked, unless the settings are insecure, and pinned where any is. Rejects with a
 * `TlsHandshakeError` on anything else; the socket is destroyed then.
 *
 * With TLS 1.3 a server that does not like our certificate says so later: the socket breaks with OpenSSL's error, which
 * `connectionError` has in Go's words.
 */
export async function startClientTls(
  socket: Socket,
  tls: ClientTlsSettings,
  { serverName, clock, timeoutMs = tls.timeoutMs, signal }: StartClientTlsOptions,
): Promise<TLSSocket> {
  if (socket.writableLength > 0) await written(socket, timeoutMs)
  if (socket.destroyed || signal?.aborted) {
    socket.destroy()
    throw new TlsHandshakeError('EOF')
  }
  const name = serverName.replace(/\.$/, '')
  const secure = connect({
    socket,
    secureContext: tls.context,
    // RFC 6066 §3: no addresses.
    ...(isIP(name) === 0 && { servername: name }),
    // Checked in `objection`, before anybody gets the socket: Node would not say whose certificate it was.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  noteRemote(secure, remoteOf(socket))
  const onAbort = () => secure.destroy()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await handshake(secure, socket, {
      doneEvent: 'secureConnect',
      clock,
      timeoutMs,
      objection: () => {
        // Once: on this side Node takes it out of the chain, and would answer with the next one.
        const certificate = secure.getPeerX509Certificate()
        const objection = tls.isInsecure
          ? undefined
          : (verifyObjection(secure, certificate) ?? wrongName(certificate, name))
        return objection ?? pinObjection(certificate, tls)
      },
      failure: clientFailure,
    })
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Why a TLS connection broke, in Go's words; other errors are themselves. */
export function connectionError(error: NodeJS.ErrnoException): Error {
  return error.code?.startsWith('ERR_SSL_') ? clientFailure(error) : error
}

function clientFailure(error: NodeJS.ErrnoException): TlsHandshakeError {
  // Node makes this one up when the connection ends.
  if (error.code === 'ECONNRESET' && error.syscall === undefined) return new TlsHandshakeError('EOF', { cause: error })
  if (error.code === 'ERR_SSL_UNSUPPORTED_PROTOCOL') {
    return new TlsHandshakeError('tls: server selected unsupported protocol version', { cause: error })
  }
  return failure(error)
}

/** As in Go the names in the extension count, never the common name (RFC 9525 §2). */
function wrongName(certificate: X509Certificate | undefined, name: string): TlsHandshakeError | undefined {
  const reason = certificate === undefined ? 'x509: no certificate' : nameObjection(certificate, name)
  return reason === undefined ? undefined : untrusted(certificate, reason, { isWrongName: true })
}

function nameObjection(certificate: X509Certificate, name: string): string | undefined {
  if (isIP(name) !== 0) {
    if (certificate.checkIP(name) !== undefined) return undefined
    const addresses = namesOf(certificate, 'IP Address')
    return addresses.length === 0
      ? `x509: cannot validate certificate for ${name} because it doesn't contain any IP SANs`
      : `x509: certificate is valid for ${addresses.join(', ')}, not ${name}`
  }
  if (certificate.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined) return undefined
  const names = namesOf(certificate, 'DNS')
  if (names.length > 0) return `x509: certificate is valid for ${names.join(', ')}, not ${name}`
  return certificate.subjectAltName === undefined
    ? 'x509: certificate relies on legacy Common Name field, use SANs instead'
    : `x509: certificate is not valid for any names, but wanted to match ${name}`
}

function namesOf({ subjectAltName = '' }: X509Certificate, kind: string): string[] {
  return subjectAltName
    .split(', ')
    .flatMap((entry) => (entry.startsWith(`${kind}:`) ? [entry.slice(kind.length + 1)] : []))
}
