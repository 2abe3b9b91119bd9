import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Authenticator, authenticatorFor } from '#auth'
import type { NatsOptions, WebsocketOptions } from '#config'
import type { CloseReason, ListenerFacts, ListenerProfile, NatsDoor, ProfileHolder } from '#doors/nats'
import type { Logger } from '#kit'
import {
  AddressLimit,
  type ForwardedRequest,
  forwardedLogPrefix,
  forwardedRequest,
  type ListenAddress,
  loadTls,
  type ProxyProtocolRules,
  proxyProtocolRules,
  type RemoteAddress,
  type TlsSettings,
  type TrustCheck,
  trustCheck,
  type UpgradeHandler,
  type UpgradeObjection,
  type WebSocketCompression,
} from '#net'
import { originAllowed, originOf } from '#wire/websocket'

/** Everything of one `websocket {}` block that can be wrong, once it has been found right. */
export interface WebsocketRules {
  readonly options: WebsocketOptions
  readonly tls: TlsSettings | undefined
  readonly isTrusted: TrustCheck
  readonly proxyProtocol: ProxyProtocolRules | undefined
  readonly authenticator: Authenticator
}

/** Reads certificates and rules. Rejects with a `ConfigError`. */
export async function readWebsocketRules(options: WebsocketOptions, nats: NatsOptions): Promise<WebsocketRules> {
  const { authorization, tls, proxyProtocol, trustedProxies } = options
  return {
    options,
    tls: tls && (await loadTls(tls)),
    isTrusted: trustCheck(trustedProxies),
    proxyProtocol: proxyProtocol ? proxyProtocolRules(trustedProxies) : undefined,
    authenticator: authenticatorFor({
      main: nats.authorization,
      override: authorization,
      tlsTimeoutMs: nats.tls?.timeoutMs,
    }),
  }
}

/** What all WebSocket listeners of a server have in common. */
export interface WebsocketSurroundings {
  readonly door: NatsDoor
  readonly compression: WebSocketCompression
  /** The server's own, as it is now: no message may be larger when inflated. */
  maxPayloadBytes(): number
  readonly logger: Logger
}

/** What an entrance on somebody else's HTTP server has beside its rules. */
export interface Mount {
  /** What else speaks against a request; a text for the log. */
  objection?(request: IncomingMessage): string | undefined
  /** Who sent a request; default: as `trusted_proxies` has it. */
  clientAddress?(request: IncomingMessage): string
}

/** NATS over WebSocket by the rules of one `websocket {}` block: on a port of its own, or on somebody else's server. */
export class WebsocketEntrance {
  readonly handleUpgrade: UpgradeHandler
  readonly #surroundings: WebsocketSurroundings
  readonly #limit = new AddressLimit(0)
  /** `undefined` on somebody else's server, which may listen anywhere. */
  readonly #holder: ProfileHolder | undefined
  readonly #mount: Mount
  #rules: WebsocketRules
  #isGone = false

  /** `at` is where clients are told that the listener is, or what there is to say of a mounted one. */
  constructor(rules: WebsocketRules, at: ListenAddress | Mount, surroundings: WebsocketSurroundings) {
    this.#surroundings = surroundings
    this.#rules = rules
    this.#limit.max = rules.options.maxConnectionsPerAddress
    const isListener = 'port' in at
    this.#holder = isListener ? { current: profileOf(rules, factsOf(rules, at)) } : undefined
    this.#mount = isListener ? {} : at
    this.handleUpgrade = (request, socket, head) => this.#enter(request, socket, head)
  }

  get authenticator(): Authenticator {
    return this.#rules.authenticator
  }

  /** Holds for those who come from now on. Whether those who are in may stay is the door's question. */
  configure(rules: WebsocketRules, address?: ListenAddress): void {
    this.#rules = rules
    this.#limit.max = rules.options.maxConnectionsPerAddress
    if (this.#holder === undefined) return
    this.#holder.current = profileOf(rules, factsOf(rules, address ?? this.#holder.current.facts))
  }

  /** The block is no more: nobody may stay. */
  remove(): void {
    this.#isGone = true
  }

  #enter(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { options, isTrusted } = this.#rules
    const { door, compression, maxPayloadBytes, logger } = this.#surroundings
    const path = pathOf(request)
    const forwarded = forwardedRequest(request, isTrusted)
    const remote = this.#remoteOf(request, forwarded)
    const leave = this.#limit.enter(remote.address)
    if (leave !== undefined) socket.once('close', leave)
    const origin = originOf(request.headers)
    door.acceptUpgrade(request, socket as Socket, head, {
      listener: this.#holder ?? { current: profileOf(this.#rules, localFacts(request)) },
      remote,
      logPrefix: forwardedLogPrefix(request),
      objection: () =>
        this.#objection(path, leave !== undefined) ??
        this.#mount.objection?.(request) ??
        this.#foreignOrigin(origin, forwarded),
      onRefused: (reason) => logger.error({ ...remote, reason }, 'websocket handshake error'),
      compression: options.compression
        ? { shared: compression, limits: () => ({ maxPayloadBytes: maxPayloadBytes() }) }
        : undefined,
      responseHeaders: options.headers,
      ...(path.endsWith('/leafnode') && { turnedAway: 'Not configured to accept leaf node connections' }),
      mayStay: () => this.#mayStay(path, origin, forwarded),
    })
  }

  #remoteOf(request: IncomingMessage, { remote }: ForwardedRequest): RemoteAddress {
    const address = this.#mount.clientAddress?.(request)
    return address === undefined || address === remote.address ? remote : { address, port: 0 }
  }

  /** About the place that was asked for, before all else. */
  #objection(path: string, hasRoom: boolean): UpgradeObjection | undefined {
    if (!this.#serves(path)) return { status: 404, reason: `nothing is served at ${path}` }
    if (path.endsWith('/mqtt')) return { status: 404, reason: 'mqtt websocket endpoint not enabled' }
    return hasRoom ? undefined : { status: 429, reason: 'too many connections from this address' }
  }

  #foreignOrigin(origin: string | undefined, { host, isTls }: ForwardedRequest): string | undefined {
    const objection = originAllowed(origin, host, isTls, this.#rules.options)
    return objection && `origin not allowed: ${objection}`
  }

  /** Asked again when the rules have changed. */
  #mayStay(path: string, origin: string | undefined, forwarded: ForwardedRequest): CloseReason | undefined {
    if (this.#isGone || !this.#serves(path)) return 'Server Shutdown'
    return this.#foreignOrigin(origin, forwarded) === undefined ? undefined : 'Authentication Failure'
  }

  #serves(path: string): boolean {
    const { path: ours } = this.#rules.options
    return ours === undefined || path === ours || path.startsWith(`${ours}/`)
  }
}

function profileOf({ options, authenticator }: WebsocketRules, facts: ListenerFacts): ListenerProfile {
  return {
    facts,
    connectionType: 'WEBSOCKET',
    authenticator,
    pingIntervalMs: options.pingIntervalMs,
    cookies: options.cookies,
  }
}

function factsOf({ tls }: WebsocketRules, { host, port }: ListenAddress): ListenerFacts {
  return { host, port, isTls: tls !== undefined, verifiesClients: tls?.requiresClientCertificate ?? false }
}

/** Where a request came in. */
function localFacts({ socket }: IncomingMessage): ListenerFacts {
  return { host: socket.localAddress ?? '', port: socket.localPort ?? 0, isTls: 'encrypted' in socket }
}

/** Without the query. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!
}
