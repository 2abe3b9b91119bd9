import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Authenticator } from '#auth'
import type { WebsocketOptions } from '#config'
import {
  type CloseReason,
  type Entry,
  type LeafAcceptor,
  type LeafProfile,
  type LeafProfileHolder,
  type ListenerFacts,
  type ListenerProfile,
  MAX_LEAF_PAYLOAD_BYTES,
  type NatsDoor,
  type ProfileHolder,
  type UpgradeEntry,
} from '#doors/nats'
import { type Clock, type Logger, plainAddress } from '#kit'
import {
  AddressLimit,
  type Admission,
  concludeForwarded,
  type ForwardedRequest,
  forwardedLogPrefix,
  forwardedRequest,
  type ListenAddress,
  type ListenerProbe,
  loadTls,
  NO_PROBE,
  type Probe,
  type ProxyProtocolRules,
  proxyProtocolRules,
  type RemoteAddress,
  requestTarget,
  type TlsSettings,
  type TrustCheck,
  trustCheck,
  type UpgradeObjection,
  type WebSocketCompression,
} from '#net'
import { originAllowed, originOf } from '#wire/websocket'
import { boundedLog, FAILURES, REFUSALS } from '../bounded-log.ts'
import { Arrival, TOO_MANY_FROM_ADDRESS } from './arrival.ts'
import type { AuthenticatorOf } from './authenticators.ts'
import type { LeafAuthenticatorOf } from './leaf-authenticators.ts'
import { NO_LEAF_NODES } from './leaf-listener.ts'

const LEAF_PATH = '/leafnode'

/** Everything of one `websocket {}` block that can be wrong, once it has been found right. */
export interface WebsocketRules {
  readonly options: WebsocketOptions
  readonly tls: TlsSettings | undefined
  readonly isTrusted: TrustCheck
  readonly proxyProtocol: ProxyProtocolRules | undefined
  readonly authenticator: Authenticator
  /** Of servers that come in as leaf nodes; `undefined`: there are none. */
  readonly leafAuthenticator: Authenticator | undefined
}

/** Whom a `websocket {}` block lets in, of which is said what only it has. */
export interface WebsocketAuthenticators {
  readonly authenticatorOf: AuthenticatorOf
  readonly leafAuthenticatorOf: LeafAuthenticatorOf | undefined
}

/** Reads certificates and rules. Rejects with a `ConfigError`. */
export async function readWebsocketRules(
  options: WebsocketOptions,
  { authenticatorOf, leafAuthenticatorOf }: WebsocketAuthenticators,
): Promise<WebsocketRules> {
  const { authorization: override, tls, proxyProtocol, trustedProxies } = options
  return {
    options,
    tls: tls && (await loadTls(tls)),
    isTrusted: trustCheck(trustedProxies),
    proxyProtocol: proxyProtocol ? proxyProtocolRules(trustedProxies) : undefined,
    authenticator: authenticatorOf({ override, mapsCertificates: tls?.verifyAndMap }),
    leafAuthenticator: leafAuthenticatorOf?.(override.noAuthUser),
  }
}

/** What all WebSocket listeners of a server have in common. */
export interface WebsocketSurroundings {
  readonly door: NatsDoor
  readonly leafs: LeafAcceptor
  /** Of those who come by the port of leaf nodes; `undefined`: there is none. */
  leafProfile(): LeafProfile | undefined
  readonly compression: WebSocketCompression
  /** `undefined`: it is switched off for the whole server. */
  readonly probe: Probe | undefined
  /** The server's own, as it is now: no message may be larger when inflated. */
  maxPayloadBytes(): number
  readonly clock: Clock
  readonly logger: Logger
}

/** What an entrance on somebody else's HTTP server has beside its rules. */
export interface Mount {
  /** What else speaks against a request; a text for the log. */
  objection?(request: IncomingMessage): string | undefined
  /** Who sent a request; default: as `trusted_proxies` has it. */
  clientAddress?(request: IncomingMessage): string
  /** Who may come in there, which no leaf node may then; default: whom the options let in. */
  readonly authenticator?: Authenticator
}

/** NATS over WebSocket by the rules of one `websocket {}` block: on a port of its own, or on somebody else's server. */
export class WebsocketEntrance {
  readonly #surroundings: WebsocketSurroundings
  readonly #limit = new AddressLimit(0)
  readonly #refusals: Logger
  /** Where it is said of those who tried to come in that they did not. */
  readonly failures: Logger
  readonly #probe: ListenerProbe
  readonly #holder: ProfileHolder
  /** What the block and the port of leaf nodes say of those who come as such. */
  readonly #leafHolder: LeafProfileHolder
  #isRemoved = false
  /** `undefined` on a port of its own. */
  readonly #mount: Mount | undefined
  #rules: WebsocketRules

  /** `at` is where clients are told that the listener is, or what there is to say of a mounted one. */
  constructor(rules: WebsocketRules, at: ListenAddress | Mount, surroundings: WebsocketSurroundings) {
    this.#surroundings = surroundings
    this.failures = boundedLog(surroundings.logger, surroundings.clock, FAILURES)
    this.#refusals = boundedLog(surroundings.logger, surroundings.clock, REFUSALS)
    this.#rules = rules
    this.#limit.max = rules.options.maxConnectionsPerAddress
    const { probe } = surroundings
    this.#probe = probe?.at((request) => concludeForwarded(request, this.#rules.isTrusted)) ?? NO_PROBE
    const isListener = 'port' in at
    this.#mount = isListener ? undefined : at
    this.#holder = { current: this.#profileOf(rules, isListener ? at : ANYWHERE) }
    const entrance = this
    this.#leafHolder = {
      get current() {
        return entrance.#leafProfile(surroundings.leafProfile(), entrance.#isRemoved ? undefined : entrance.#rules)
      },
    }
  }

  get authenticator(): Authenticator {
    return this.#holder.current.authenticator
  }

  /** Holds for those who come from now on. Whether those who are in may stay is the door's question. */
  configure(rules: WebsocketRules, address: ListenAddress = ANYWHERE): void {
    this.#rules = rules
    this.#limit.max = rules.options.maxConnectionsPerAddress
    this.#holder.current = this.#profileOf(rules, address)
  }

  /** The block is no more: nobody may stay. */
  remove(): void {
    this.#isRemoved = true
    this.#holder.current = this.#removed
  }

  /** What its clients would be judged by; without rules the block would be no more. */
  supposing(rules: WebsocketRules | undefined): readonly [ProfileHolder, ListenerProfile] {
    return [this.#holder, rules === undefined ? this.#removed : this.#profileOf(rules, this.#holder.current.facts)]
  }

  /** The same for those who came in as leaf nodes, where those who came by the port are judged by `ofPort`. */
  supposingLeafs(
    ofPort: LeafProfile | undefined,
    rules: WebsocketRules | undefined,
  ): readonly [LeafProfileHolder, LeafProfile] {
    return [this.#leafHolder, this.#leafProfile(ofPort, rules)]
  }

  get #removed(): ListenerProfile {
    return { ...this.#holder.current, objection: () => 'Server Shutdown' }
  }

  /** For the server's `admit`: somebody has connected. */
  admit(remote: RemoteAddress): Admission | undefined {
    const isTrusted = (address: string) => this.#rules.isTrusted(address)
    return Arrival.enter(remote, {
      door: this.#surroundings.door,
      limit: this.#limit,
      isTrusted,
      refusals: this.#refusals,
    })
  }

  /** A request that asks for no upgrade; whether it was one for the probe, and answered. */
  handleProbe(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#rules.options.answersProbes && this.#probe.takeRequest(request, response)
  }

  /** `arrival` is what `admit` has answered for the connection; nothing on somebody else's server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, arrival?: Admission): void {
    // Whoever hands over a request may have thought about it for longer than the client waited.
    if (socket.destroyed) return
    const { options, isTrusted } = this.#rules
    if (options.answersProbes && this.#probe.takeUpgrade(request, socket, head)) return
    const { door, leafs, leafProfile, compression, maxPayloadBytes } = this.#surroundings
    const forwarded = forwardedRequest(request, isTrusted)
    const remote = this.#remoteOf(request, forwarded)
    const { host, isTls } = forwarded
    const upgrade = { path: requestTarget(request).path, origin: originOf(request.headers), host, isTls }
    const hasRoom = arrival instanceof Arrival ? arrival.becomeClientOf(remote.address) : this.#enter(remote, socket)
    const looksLikeLeaf = leafProfile() === undefined ? upgrade.path.endsWith(LEAF_PATH) : isLeafPath(upgrade.path)
    const isLeaf = looksLikeLeaf && this.#leafHolder.current !== NO_LEAF_NODES
    const asked = isLeaf ? { ...upgrade, path: placeOfLeafPath(upgrade.path) } : upgrade
    const accept = {
      remote,
      upgrade: asked,
      objection: () =>
        objectionToPlace(asked, options, hasRoom) ?? this.#mount?.objection?.(request) ?? foreignOrigin(asked, options),
      onRefused: (reason: string) =>
        this.failures.error({ ...remote, reason, origin: upgrade.origin }, 'websocket handshake error'),
      responseHeaders: options.headers,
    }
    const compressed = (limit: () => number) =>
      options.compression ? { shared: compression, limits: () => ({ maxPayloadBytes: limit() }) } : undefined
    if (isLeaf) {
      const limit = () => Math.max(maxPayloadBytes(), MAX_LEAF_PAYLOAD_BYTES)
      leafs.acceptUpgrade(request, socket, head, {
        ...accept,
        listener: this.#leafHolder,
        compression: compressed(limit),
      })
      return
    }
    door.acceptUpgrade(request, socket, head, {
      ...accept,
      listener: this.#holder,
      facts: this.#mount && localFacts(request),
      logPrefix: forwardedLogPrefix(request),
      compression: compressed(maxPayloadBytes),
      ...(looksLikeLeaf && { turnedAway: 'Not configured to accept leaf node connections' }),
    })
  }

  #profileOf(rules: WebsocketRules, address: ListenAddress): ListenerProfile {
    const profile = profileOf(rules, address)
    return { ...profile, authenticator: this.#mount?.authenticator ?? profile.authenticator }
  }

  #leafProfile(ofPort: LeafProfile | undefined, rules: WebsocketRules | undefined): LeafProfile {
    const isForOthers = this.#mount?.authenticator !== undefined
    if (rules?.leafAuthenticator === undefined || ofPort === undefined || isForOthers) return NO_LEAF_NODES
    return {
      ...ofPort,
      connectionType: 'LEAFNODE_WS',
      authenticator: rules.leafAuthenticator,
      pingIntervalMs: rules.options.pingIntervalMs,
      tls: undefined,
      objection: (entry) => objectionToStay(entry, rules),
    }
  }

  #enter({ address }: RemoteAddress, socket: Duplex): boolean {
    const leave = this.#limit.enter(address)
    if (leave !== undefined) socket.once('close', leave)
    return leave !== undefined
  }

  #remoteOf(request: IncomingMessage, { remote }: ForwardedRequest): RemoteAddress {
    const address = this.#mount?.clientAddress?.(request)
    return address === undefined || address === remote.address ? remote : { address, port: 0 }
  }
}

/** Somebody else's server may listen anywhere: where it does is known of each request. */
const ANYWHERE: ListenAddress = { host: '', port: 0 }

/** About the place that was asked for, before all else. */
function objectionToPlace(
  { path }: UpgradeEntry,
  options: WebsocketOptions,
  hasRoom: boolean,
): UpgradeObjection | undefined {
  if (!serves(options, path)) return { status: 404, reason: `nothing is served at ${path}` }
  if (path.endsWith('/mqtt')) return { status: 404, reason: 'mqtt websocket endpoint not enabled' }
  return hasRoom ? undefined : { status: 429, reason: TOO_MANY_FROM_ADDRESS }
}

function foreignOrigin({ origin, host, isTls }: UpgradeEntry, options: WebsocketOptions): string | undefined {
  const objection = originAllowed(origin, host, isTls, options)
  return objection && `origin not allowed: ${objection}`
}

function serves({ path: ours }: WebsocketOptions, path: string): boolean {
  return ours === undefined || path === ours || path.startsWith(`${ours}/`)
}

function profileOf(rules: WebsocketRules, { host, port }: ListenAddress): ListenerProfile {
  const { options, tls, authenticator } = rules
  return {
    facts: { host, port, isTls: tls !== undefined, verifiesClients: tls?.requiresClientCertificate ?? false },
    connectionType: 'WEBSOCKET',
    authenticator,
    pingIntervalMs: options.pingIntervalMs,
    cookies: options.cookies,
    objection: (entry) => objectionToStay(entry, rules),
  }
}

/** By which nats-servers ask for leaf nodes: below the path of their URL, or, those before 2.10, glued in front of it. */
function isLeafPath(path: string): boolean {
  return path.endsWith(LEAF_PATH) || (path.startsWith(LEAF_PATH) && path[LEAF_PATH.length] !== '/')
}

/** `/leafnodesome/path` means `/some/path/leafnode`. (`spec/nats.md` §5.7) */
function placeOfLeafPath(path: string): string {
  return path.endsWith(LEAF_PATH) ? path : `/${path.slice(LEAF_PATH.length)}${LEAF_PATH}`
}

/** Asked when the rules have changed. */
function objectionToStay(
  { upgrade, peerCertificate }: Entry,
  { options, tls }: WebsocketRules,
): CloseReason | undefined {
  if (upgrade !== undefined && !serves(options, upgrade.path)) return 'Server Shutdown'
  if (upgrade !== undefined && foreignOrigin(upgrade, options) !== undefined) return 'Authentication Failure'
  return tls === undefined || tls.isPinned(peerCertificate) ? undefined : 'Authentication Failure'
}

/** Where a request came in. */
function localFacts({ socket }: IncomingMessage): ListenerFacts {
  return { host: plainAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0, isTls: 'encrypted' in socket }
}
