import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Clock, ProtocolError, systemClock } from '#kit'
import { certificateHash, subjectOf } from './certificate.ts'
import { noteRemote, remoteOf } from './remote-address.ts'
import type { TlsSettings } from './tls.ts'

/** Why a handshake failed, in Go's words where it has some: operators of nats-server look for them. */
export class TlsHandshakeError extends ProtocolError<'TLS_HANDSHAKE'> {
  override name = 'TlsHandshakeError'
  /** Nobody tried to speak TLS, as load balancers and port scans do: nats-server logs that for debugging only. */
  readonly isProbe: boolean
  /** The server has a certificate that is right, but for another name. */
  readonly isWrongName: boolean

  constructor(
    reason: string,
    options: ErrorOptions & { readonly isProbe?: boolean; readonly isWrongName?: boolean } = {},
  ) {
    super('TLS_HANDSHAKE', reason, options)
    this.isProbe = options.isProbe ?? false
    this.isWrongName = options.isWrongName ?? false
  }
}

export interface StartTlsOptions {
  /** Default: that of the settings. */
  readonly timeoutMs?: number
  /** What ALPN offers; default: no ALPN. */
  readonly alpnProtocols?: readonly string[]
}

/**
 * The server's side of a TLS handshake on a connected socket, with whatever came in already. What was written to it
 * before goes out first. Resolves when the client is accepted: its certificate checked, where one is demanded. Rejects
 * with a `TlsHandshakeError` on anything else; the socket is destroyed then.
 *
 * A client whose certificate is not signed or not pinned sees the connection end without an alert: OpenSSL has
 * finished the handshake when Node lets us look.
 */
export async function startTls(
  socket: Socket,
  tls: TlsSettings,
  { timeoutMs = tls.timeoutMs, alpnProtocols }: StartTlsOptions = {},
): Promise<TLSSocket> {
  // TLS takes the handle over from the socket, along with what the socket has not written.
  if (socket.writableLength > 0) await written(socket, timeoutMs)
  if (socket.destroyed) throw new TlsHandshakeError('EOF')
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: tls.context,
    requestCert: tls.requiresClientCertificate,
    rejectUnauthorized: tls.requiresClientCertificate,
    SNICallback: (serverName, done) => done(null, tls.contextFor(serverName)),
    ...(alpnProtocols && { ALPNProtocols: [...alpnProtocols] }),
  })
  noteRemote(secure, remoteOf(socket))
  return handshake(secure, socket, {
    doneEvent: 'secure',
    clock: systemClock,
    timeoutMs,
    objection: () => {
      const certificate = secure.getPeerX509Certificate()
      const objection = tls.requiresClientCertificate ? verifyObjection(secure, certificate) : undefined
      return objection ?? pinObjection(certificate, tls)
    },
    failure,
  })
}

export interface Handshake {
  /** `secure` where we are the server, `secureConnect` where we are the client. */
  readonly doneEvent: 'secure' | 'secureConnect'
  readonly clock: Clock
  readonly timeoutMs: number
  /** What speaks against the other side, once OpenSSL is through. */
  objection(): TlsHandshakeError | undefined
  /** What OpenSSL, or the system, has to say. */
  failure(error: NodeJS.ErrnoException): TlsHandshakeError
}

/** Resolves when the other side is accepted. Rejects with a `TlsHandshakeError`, `secure` and what is below are gone then. */
export async function handshake(
  secure: TLSSocket,
  socket: Socket,
  { doneEvent, clock, timeoutMs, objection, failure }: Handshake,
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const fail = (error: TlsHandshakeError) => {
    reject(error)
    secure.destroy()
    socket.destroy()
  }
  const timer = clock.after(timeoutMs, () => fail(new TlsHandshakeError('i/o timeout', { isProbe: true })))
  secure.once(doneEvent, () => {
    const reason = objection()
    if (reason === undefined) resolve(secure)
    else fail(reason)
  })
  // Stays: between here and the next reader a reset must not end the process.
  secure.on('error', (error) => reject(failure(error)))
  // Where half-open connections are allowed the end comes without a close.
  const onEnd = () => reject(new TlsHandshakeError('EOF'))
  secure.once('end', onEnd).once('close', onEnd)
  try {
    return await promise
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    timer.cancel()
    secure.off('end', onEnd).off('close', onEnd)
  }
}

/** RFC 8446 §5.1: the content type that every hello begins with. */
export const TLS_HANDSHAKE_RECORD = 0x16

/** Resolves when the system has taken what was written so far. */
export async function written(socket: Socket, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(() => socket.destroy(), timeoutMs)
  socket.on('error', resolve)
  socket.write('', () => resolve())
  await promise
  clearTimeout(timer)
  socket.off('error', resolve)
}

/** What OpenSSL has against the certificate of the other side. */
export function verifyObjection(
  secure: TLSSocket,
  certificate: X509Certificate | undefined,
): TlsHandshakeError | undefined {
  const cause = verifyError(secure)
  return cause === null ? undefined : untrusted(certificate, verifyReason(cause), { cause })
}

/** A certificate that is not believed, with what tells it from others. */
export function untrusted(
  certificate: X509Certificate | undefined,
  reason: string,
  options: ErrorOptions & { readonly isWrongName?: boolean } = {},
): TlsHandshakeError {
  const who = certificate ? ` (${subjectOf(certificate)} SHA-256: ${certificateHash(certificate)})` : ''
  return new TlsHandshakeError(`tls: failed to verify certificate: ${reason}${who}`, options)
}

export function pinObjection(
  certificate: X509Certificate | undefined,
  tls: Pick<TlsSettings, 'isPinned'>,
): TlsHandshakeError | undefined {
  return tls.isPinned(certificate) ? undefined : new TlsHandshakeError('certificate not pinned')
}

/**
 * Node checks `authorized` only for sockets that its own `tls.Server` accepted; for those that it is given, the result
 * of OpenSSL's check is on the handle, which has been reachable as `ssl` from the beginning.
 */
function verifyError(secure: TLSSocket): (Error & { readonly code?: string }) | null {
  return (secure as unknown as { readonly ssl: { verifyError(): Error | null } }).ssl.verifyError()
}

function verifyReason(error: Error & { readonly code?: string }): string {
  switch (error.code) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'x509: certificate has expired or is not yet valid'
    case 'INVALID_PURPOSE':
      return 'x509: certificate specifies an incompatible key usage'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'x509: certificate signed by unknown authority'
    default:
      return `x509: ${error.message}`
  }
}

/** OpenSSL's errors in Go's words. */
export function failure(error: NodeJS.ErrnoException): TlsHandshakeError {
  const { code = '' } = error
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined
  const [, alert] = /_ALERT_(\w+)$/.exec(code) ?? []
  const detail = (error as { readonly reason?: string }).reason ?? error.message
  const reason = known ?? (alert === undefined ? `tls: ${detail}` : `remote error: tls: ${alertText(alert)}`)
  return new TlsHandshakeError(reason, { cause: error, isProbe: NO_TLS.has(code) })
}

const NO_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
  'ERR_SSL_WRONG_VERSION_NUMBER',
])

const REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'EOF',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "tls: client didn't provide a certificate",
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls: client offered only unsupported versions',
  ERR_SSL_NO_SHARED_CIPHER: 'tls: no cipher suite supported by both client and server',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'tls: no ECDHE curve supported by both client and server',
  ERR_SSL_NO_SUITABLE_GROUPS: 'tls: no ECDHE curve supported by both client and server',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'tls: client requested unsupported application protocols',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls: first record does not look like a TLS handshake',
  // What OpenSSL takes CONNECT for, which NATS has as well.
  ERR_SSL_HTTPS_PROXY_REQUEST: 'tls: first record does not look like a TLS handshake',
  ERR_SSL_HTTP_REQUEST: 'tls: first record does not look like a TLS handshake',
}

/** Most read the same in Go. */
const ALERTS: Readonly<Record<string, string>> = {
  UNKNOWN_CA: 'unknown certificate authority',
  PROTOCOL_VERSION: 'protocol version not supported',
  INSUFFICIENT_SECURITY: 'insufficient security level',
  DECODE_ERROR: 'error decoding message',
  DECRYPT_ERROR: 'error decrypting message',
  BAD_RECORD_MAC: 'bad record MAC',
}

/** What the peer complained of. */
function alertText(alert: string): string {
  const known = Object.hasOwn(ALERTS, alert) ? ALERTS[alert] : undefined
  return known ?? alert.toLowerCase().replaceAll('_', ' ')
}
