import http from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { startBodyDeadline } from './body-deadline.ts'
import type { RemoteAddress } from './carrier.ts'
import { formatAddress } from './listener.ts'
import { PipelinedRequests } from './pipelined-requests.ts'
import {
  PROXY_HEADER_TIMEOUT_MS,
  ProxyProtocolError,
  type ProxyProtocolRules,
  readProxyHeader,
} from './proxy-protocol.ts'
import { EndedEarlyError, readHead } from './read-head.ts'
import { remoteOf } from './remote-address.ts'
import { startTls, TlsHandshakeError } from './start-tls.ts'
import { type TlsMaterial, type TlsSettings, tlsFrom } from './tls.ts'
import type { UpgradeHandler } from './upgrade.ts'
import {
  HTTP_ON_TLS_PORT,
  natsOnWrongPort,
  readSpokenProtocol,
  spokenProtocol,
  tlsOnPlainPort,
} from './wrong-protocol.ts'

/** What a running server can be told anew; it holds for connections that come from then on. */
export interface WebServerSettings {
  /** Without it the server speaks plain HTTP. */
  readonly tls?: TlsSettings | TlsMaterial | undefined
  /**
   * Time from the connection to the head of its first request, PROXY header and TLS handshake included, and for the
   * heads of later requests; 0 means no limit. Default 60,000.
   */
  readonly handshakeTimeoutMs?: number | undefined
  /** Whether connections come through a proxy that says whose they are. */
  readonly proxyProtocol?: ProxyProtocolRules | undefined
}

/** Whether somebody who has connected may stay, and what that takes. */
export interface Admission {
  /**
   * Told once, when it is known who is at the other end: at once, or when the PROXY header is there; before TLS. Whoever
   * may not stay is closed without a word.
   */
  identify(remote: RemoteAddress): boolean
  /** The connection is gone. */
  leave(): void
}

export interface WebServerOptions extends WebServerSettings {
  readonly onRequest: http.RequestListener
  /** `admission` is what `admit` answered for the connection. */
  onUpgrade(...upgrade: [...Parameters<UpgradeHandler>, admission: Admission]): void
  /** Asked about each connection when it comes; where there is none, it is closed without a word. Default: all may stay. */
  admit?(remote: RemoteAddress): Admission | undefined
  /**
   * Time for the body of a request, from its head on, unless whoever reads it keeps time (`withoutBodyDeadline`); 0 means no
   * limit. Default 300,000.
   */
  readonly bodyTimeoutMs?: number
  /** What the port is for, told to those who speak something else. Default `HTTP`. */
  readonly portIs?: string
  /** Told of connections that came to nothing before there was a request. */
  onFailedConnection?(failure: FailedConnection): void
}

export interface FailedConnection {
  /** For the log: `TLS handshake error from 192.0.2.7:4711: EOF`, in nats-server's words where it has some. */
  readonly text: string
  /** `debug` for port scans and the like, which nats-server does not show either. */
  readonly level: 'debug' | 'warn' | 'error'
  /** Only for a fault of our own: what the log should show whole. */
  readonly error?: unknown
}

const WITHOUT_CONDITIONS: Admission = { identify: () => true, leave() {} }

/** Longer than the idle limits of the usual proxies, so that they, and not we, end an idle connection. */
const KEEP_ALIVE_MS = 75_000

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 60_000

/** As Node has it by default. */
const DEFAULT_BODY_TIMEOUT_MS = 300_000

/** How long a TLS handshake may take where there is no limit for all of it. */
const LONGEST_TLS_HANDSHAKE_MS = 120_000

/** An HTTP or HTTPS server that listens nowhere yet. */
export function createWebServer(options: WebServerOptions): WebServer {
  return new WebServer(options)
}

/**
 * An HTTP server that sees each connection before Node's HTTP does: it takes off the PROXY header, does the TLS
 * handshake, and keeps one clock for all of it. Why not `https.Server`: that one cannot be told anew whether clients
 * need certificates, and those who speak plain HTTP to it are gone before they can be answered.
 */
export class WebServer extends http.Server {
  readonly #portIs: string
  readonly #onFailedConnection: (failure: FailedConnection) => void
  readonly #admit: NonNullable<WebServerOptions['admit']>
  /** By connection, plain and TLS. */
  readonly #admissions = new WeakMap<Duplex, Admission>()
  /** One listener for all, since ten thousand connections may be idle. */
  readonly #onClose: (this: Socket) => void
  /** Node's own reader of a connection, plain or TLS. */
  readonly #speakHttp: (socket: Socket) => void
  /** By connection: what takes its deadline away, and leaves nothing behind. */
  readonly #deadlines = new WeakMap<Duplex, () => void>()
  readonly #requests = new PipelinedRequests()
  #tls: TlsSettings | undefined
  #handshakeTimeoutMs: number
  #proxyProtocol: ProxyProtocolRules | undefined

  constructor(options: WebServerOptions) {
    const timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
    super({
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: timeoutMs,
      // Node's is one limit for all requests; an upload takes longer than others may.
      requestTimeout: 0,
      // RFC 9110 §7.8: an upgrade to anything else (`h2c`, say) is not taken, and the request answered as it is.
      shouldUpgradeCallback: ({ headers }) => /\bwebsocket\b/i.test(headers.upgrade ?? ''),
      // Node checks for timeouts at this interval only.
      connectionsCheckingInterval: Math.max(100, Math.min(timeoutMs || 30_000, 30_000) / 4),
    })
    this.#portIs = options.portIs ?? 'HTTP'
    this.#onFailedConnection = options.onFailedConnection ?? (() => {})
    this.#admit = options.admit?.bind(options) ?? (() => WITHOUT_CONDITIONS)
    this.#tls = settingsOf(options.tls)
    this.#handshakeTimeoutMs = timeoutMs
    this.#proxyProtocol = options.proxyProtocol

    const admissions = this.#admissions
    this.#onClose = function () {
      admissions.get(this)?.leave()
    }
    const [speakHttp] = this.listeners('connection') as [(socket: Socket) => void]
    this.#speakHttp = speakHttp.bind(this)
    this.removeAllListeners('connection')
    this.on('connection', (socket: Socket) => this.#accept(socket))
    this.on('request', (request: http.IncomingMessage) => this.#headIsHere(request.socket))
    this.on('upgrade', (request: http.IncomingMessage) => this.#headIsHere(request.socket))
    this.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
      // Node would keep a connection whose last request ends after `close` for the next one.
      response.once('close', () => {
        if (!this.listening) this.closeIdleConnections()
      })
      startBodyDeadline(request, options.bodyTimeoutMs ?? DEFAULT_BODY_TIMEOUT_MS, () =>
        this.#endLate(request, response),
      )
      this.#requests.take(request.socket, response, () => {
        if (hasOneHost(request)) options.onRequest(request, response)
        else this.#refuseHosts(response)
      })
    })
    this.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
      // Its answer would overtake that of an earlier request.
      if (this.#requests.isUnderWay(socket)) socket.destroy()
      else if (hasOneHost(request)) options.onUpgrade(request, socket, head, this.#admissions.get(socket)!)
      else this.#refuseHostsOfUpgrade(socket as Socket)
    })
    this.on('clientError', (error: ClientError, socket: Duplex) => this.#answerNonsense(error, socket as Socket))
  }

  /** The settings that are named, also as `undefined`, hold from now on; the others stay. */
  configure(settings: WebServerSettings): void {
    if ('tls' in settings) this.#tls = settingsOf(settings.tls)
    if ('proxyProtocol' in settings) this.#proxyProtocol = settings.proxyProtocol
    if ('handshakeTimeoutMs' in settings) {
      this.#handshakeTimeoutMs = settings.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
      this.headersTimeout = this.#handshakeTimeoutMs
    }
  }

  #accept(socket: Socket): void {
    const timeoutMs = this.#handshakeTimeoutMs
    const deadlineMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs
    const admission = this.#admit(remoteOf(socket))
    if (admission === undefined) {
      socket.destroy()
      return
    }
    this.#admissions.set(socket, admission)
    socket.on('close', this.#onClose)
    if (this.#proxyProtocol === undefined && !admission.identify(remoteOf(socket))) socket.destroy()
    // Only when there is nothing to do before HTTP does Node's HTTP get the connection in the same turn.
    else if (this.#tls === undefined && this.#proxyProtocol === undefined) this.#speak(socket, socket, deadlineMs)
    else void this.#prepare(socket, deadlineMs)
  }

  async #prepare(socket: Socket, deadlineMs: number): Promise<void> {
    const tls = this.#tls
    try {
      if (this.#proxyProtocol !== undefined) {
        await readProxyHeader(socket, this.#proxyProtocol, timeLeft(deadlineMs, PROXY_HEADER_TIMEOUT_MS))
        if (!this.#admissions.get(socket)!.identify(remoteOf(socket))) {
          socket.destroy()
          return
        }
      }
      if (tls === undefined) this.#speak(socket, socket, deadlineMs)
      else this.#speak(socket, await this.#secure(socket, tls, deadlineMs), deadlineMs)
      socket.resume()
    } catch (error) {
      this.#fail(socket, error)
    }
  }

  async #secure(socket: Socket, tls: TlsSettings, deadlineMs: number): Promise<Socket> {
    const timeoutMs = () => timeLeft(deadlineMs, LONGEST_TLS_HANDSHAKE_MS)
    const spoken = await readHead(socket, readSpokenProtocol, timeoutMs())
    switch (spoken) {
      case 'tls':
        return startTls(socket, tls, { timeoutMs: timeoutMs(), alpnProtocols: ['http/1.1'] })
      case 'http':
        socket.end(HTTP_ON_TLS_PORT.answer)
        throw new TlsHandshakeError(HTTP_ON_TLS_PORT.reason)
      case 'nats':
        socket.end(natsOnWrongPort(`${this.#portIs} with TLS`))
        throw new TlsHandshakeError('client speaks NATS over TCP')
      case 'unknown':
        throw new TlsHandshakeError('tls: first record does not look like a TLS handshake', { isProbe: true })
      default:
        throw new TlsHandshakeError('i/o timeout', { isProbe: true })
    }
  }

  /** `carrying` is `socket` itself or TLS on it. */
  #speak(socket: Socket, carrying: Socket, deadlineMs: number): void {
    if (deadlineMs < Number.POSITIVE_INFINITY) {
      const deadline = setTimeout(() => socket.destroy(), timeLeft(deadlineMs))
      const cancel = () => {
        clearTimeout(deadline)
        socket.off('close', cancel)
      }
      socket.on('close', cancel)
      this.#deadlines.set(carrying, cancel)
    }
    this.#admissions.set(carrying, this.#admissions.get(socket)!)
    this.#speakHttp(carrying)
  }

  #headIsHere(socket: Socket): void {
    this.#deadlines.get(socket)?.()
    this.#deadlines.delete(socket)
  }

  #fail(socket: Socket, error: unknown): void {
    // What was answered is sent first.
    socket.destroySoon()
    const from = formatAddress(hostAndPort(socket))
    if (error instanceof TlsHandshakeError || error instanceof EndedEarlyError) {
      const [reason, isProbe] = error instanceof TlsHandshakeError ? [error.message, error.isProbe] : ['EOF', true]
      this.#onFailedConnection({
        text: `TLS handshake error from ${from}: ${reason}`,
        level: isProbe ? 'debug' : 'error',
      })
    } else if (error instanceof ProxyProtocolError) {
      const text = `Error reading PROXY protocol header from ${from}: ${error.message}`
      this.#onFailedConnection({ text, level: 'warn' })
    } else {
      this.#onFailedConnection({ text: `Connection from ${from} failed`, level: 'error', error })
    }
  }

  /** Something that is no HTTP. Without this Node would answer 400, 408 or 431 without a word. */
  #answerNonsense(error: ClientError, socket: Socket): void {
    // Of Node's clock for a first head and ours, now and then Node's is the quicker one: neither says a word.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && this.#deadlines.has(socket)) {
      socket.destroy()
      return
    }
    this.#headIsHere(socket)
    const { rawPacket } = error
    const isFirst = socket.bytesRead === rawPacket?.length || 'encrypted' in socket
    const spoken = rawPacket !== undefined && isFirst ? spokenProtocol(rawPacket) : 'unknown'
    if (socket.writable) socket.write(this.#answerTo(spoken, error))
    socket.destroySoon()
    if (spoken === 'tls' || spoken === 'nats') {
      const what = spoken === 'tls' ? 'TLS' : 'NATS over TCP'
      const from = formatAddress(hostAndPort(socket))
      this.#onFailedConnection({ text: `${from} speaks ${what} to a port for ${this.#portIs}`, level: 'warn' })
    }
  }

  /** Nobody waits any longer for the rest of a request. */
  #endLate({ socket }: http.IncomingMessage, response: http.ServerResponse): void {
    if (!response.headersSent && socket.writable) socket.write(emptyAnswer(408))
    socket.destroySoon()
  }

  #refuseHosts(response: http.ServerResponse): void {
    const { headers, body } = TOO_MANY_HOSTS
    response.writeHead(400, { ...headers, 'Content-Length': body.length }).end(body)
  }

  #refuseHostsOfUpgrade(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (socket.writable) socket.write(answer(400, TOO_MANY_HOSTS))
    socket.destroySoon()
  }

  #answerTo(spoken: 'tls' | 'nats' | 'http' | 'unknown', { code }: ClientError): string {
    if (spoken === 'tls') return tlsOnPlainPort(this.#portIs)
    if (spoken === 'nats') return natsOnWrongPort(this.#portIs)
    switch (code) {
      case 'HPE_HEADER_OVERFLOW':
        return emptyAnswer(431)
      case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
        return emptyAnswer(413)
      case 'ERR_HTTP_REQUEST_TIMEOUT':
        return emptyAnswer(408)
      default:
        return emptyAnswer(400)
    }
  }
}

/** As `node:http` has it. */
interface ClientError extends Error {
  readonly code?: string
  /** What could not be parsed. */
  readonly rawPacket?: Buffer
}

/** RFC 9112 §3.2: whoever reads one and whoever reads the other would take it for different requests. */
function hasOneHost({ rawHeaders }: http.IncomingMessage): boolean {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === 'host') count++
  return count <= 1
}

/** As Go answers. */
const TOO_MANY_HOSTS = {
  headers: { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' },
  body: '400 Bad Request',
} as const

function emptyAnswer(status: number): string {
  return answer(status, { headers: { Connection: 'close' }, body: '' })
}

/** With no length: the end of the connection is the end of the body. */
function answer(
  status: number,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}

function settingsOf(tls: TlsSettings | TlsMaterial | undefined): TlsSettings | undefined {
  return tls !== undefined && 'keyPem' in tls ? tlsFrom(tls) : tls
}

/** Milliseconds until the deadline, at least one, and no more than `most`. */
function timeLeft(deadlineMs: number, most = 2 ** 31 - 1): number {
  return Math.max(1, Math.min(deadlineMs - performance.now(), most))
}

function hostAndPort(socket: Socket) {
  const { address, port } = remoteOf(socket)
  return { host: address, port }
}
