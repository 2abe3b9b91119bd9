import net, { type Server, type Socket } from 'node:net'
import type { Authenticator } from '#auth'
import type { NatsOptions } from '#config'
import type { Entry, ListenerProfile, NatsDoor, ProfileHolder, TcpTls } from '#doors/nats'
import type { Clock, Logger } from '#kit'
import {
  AddressLimit,
  formatAddress,
  type ListenAddress,
  loadTls,
  ProxyProtocolError,
  type ProxyProtocolRules,
  proxyProtocolRules,
  readProxyHeader,
  remoteOf,
  startTls,
  type TlsSettings,
} from '#net'
import { boundedLog, FAILURES, REFUSALS } from '../bounded-log.ts'
import { type AnyPort, isSameAddress, type Port, prepareMove } from '../port.ts'
import type { ReloadStep } from '../reload/reload-step.ts'
import type { AuthenticatorOf } from './authenticators.ts'

/** Everything of the listener that can be wrong, once it has been found right. */
export interface TcpRules {
  readonly options: NatsOptions
  readonly tls: TlsSettings | undefined
  readonly proxyProtocol: ProxyProtocolRules | undefined
  readonly authenticator: Authenticator
}

/** Reads certificates and rules. Rejects with a `ConfigError`. */
export async function readTcpRules(options: NatsOptions, authenticatorOf: AuthenticatorOf): Promise<TcpRules> {
  const { tls, proxyProtocol, trustedProxies } = options
  return {
    options,
    tls: tls && (await loadTls(tls)),
    proxyProtocol: proxyProtocol ? proxyProtocolRules(trustedProxies) : undefined,
    authenticator: authenticatorOf({ mapsCertificates: tls?.verifyAndMap }),
  }
}

/** The port for NATS over TCP. */
export class TcpListener {
  readonly #door: NatsDoor
  /** Where it is said of those who tried to come in that they did not. */
  readonly #failures: Logger
  readonly #refusals: Logger
  readonly #limit = new AddressLimit(0)
  readonly #holder: ProfileHolder
  #rules: TcpRules
  #port: Port<Server> | undefined

  /** Listens once a first `prepare` is installed. */
  constructor(rules: TcpRules, door: NatsDoor, { logger, clock }: { readonly logger: Logger; readonly clock: Clock }) {
    this.#rules = rules
    this.#door = door
    this.#failures = boundedLog(logger, clock, FAILURES)
    this.#refusals = boundedLog(logger, clock, REFUSALS)
    this.#holder = { current: profileOf(rules, rules.options) }
  }

  get address(): ListenAddress {
    return this.#port?.address ?? this.#rules.options
  }

  get authenticator(): Authenticator {
    return this.#rules.authenticator
  }

  get isListening(): boolean {
    return this.#port?.isListening ?? false
  }

  /** Other rules, for those who come from then on. Rejects with a `ConfigError` when the address cannot be had. */
  async prepare(rules: TcpRules): Promise<ReloadStep> {
    const { step, port } = await prepareMove(this.#port, rules.options, () =>
      net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket)),
    )
    return {
      install: () => {
        step.install()
        this.#port = port
        this.#configure(rules)
      },
      undo: step.undo,
    }
  }

  /** The port, if it is not the one that the options name. */
  leaving({ options }: TcpRules): readonly AnyPort[] {
    return this.#port === undefined || isSameAddress(this.#port.wanted, options) ? [] : [this.#port]
  }

  /** What its clients would be judged by. */
  supposing(rules: TcpRules): ReadonlyMap<ProfileHolder, ListenerProfile> {
    return new Map([[this.#holder, profileOf(rules, this.address)]])
  }

  /** Takes no more connections; those that are there live on. */
  stop(): void {
    this.#port?.stop()
  }

  async close(graceMs: number): Promise<void> {
    await this.#port?.close(graceMs)
  }

  #configure(rules: TcpRules): void {
    this.#rules = rules
    this.#limit.max = rules.options.maxConnectionsPerAddress
    this.#holder.current = profileOf(rules, this.address)
  }

  #accept(socket: Socket): void {
    const { proxyProtocol } = this.#rules
    if (proxyProtocol === undefined) this.#handOver(socket)
    else void this.#acceptProxied(socket, proxyProtocol)
  }

  /** It takes a place at the door while it waits for the header. */
  async #acceptProxied(socket: Socket, rules: ProxyProtocolRules): Promise<void> {
    const leave = this.#door.reserve()
    if (leave === undefined) {
      this.#refusals.warn({ ...remoteOf(socket), reason: 'Maximum Connections Exceeded' }, 'connection refused')
      socket.destroy()
      return
    }
    try {
      const hasHeader = await this.#takesProxyHeader(socket, rules)
      leave()
      if (hasHeader) this.#handOver(socket)
    } finally {
      leave()
    }
  }

  #handOver(socket: Socket): void {
    const remote = remoteOf(socket)
    const leave = this.#limit.enter(remote.address)
    if (leave !== undefined) socket.once('close', leave)
    this.#door.acceptSocket(socket, this.#holder, {
      remote,
      isOneTooMany: leave === undefined,
      failures: this.#failures,
    })
  }

  async #takesProxyHeader(socket: Socket, rules: ProxyProtocolRules): Promise<boolean> {
    const { address, port } = remoteOf(socket)
    try {
      await readProxyHeader(socket, rules)
      return !socket.destroyed
    } catch (error) {
      if (!(error instanceof ProxyProtocolError)) throw error
      const from = formatAddress({ host: address, port })
      this.#failures.warn({}, `Error reading PROXY protocol header from ${from}: ${error.message}`)
      return false
    }
  }
}

function profileOf({ options, tls, authenticator }: TcpRules, { host, port }: ListenAddress): ListenerProfile {
  return {
    facts: {
      host,
      port,
      isTls: tls !== undefined,
      verifiesClients: tls?.requiresClientCertificate ?? false,
      allowsPlain: tls?.allowNonTls ?? false,
    },
    connectionType: 'STANDARD',
    authenticator,
    clientAdvertise: options.clientAdvertise,
    objection: (entry) => (tls === undefined || hasGoodPin(entry, tls) ? undefined : 'Authentication Failure'),
    tls: tls && tcpTlsOf(tls),
  }
}

/** As the doors have to know it. */
export function tcpTlsOf(tls: TlsSettings): TcpTls {
  const { timeoutMs, handshakeFirst, allowNonTls } = tls
  return { timeoutMs, handshakeFirst, allowNonTls, accept: (socket) => startTls(socket, tls) }
}

/** Whoever needs no TLS needs no certificate either. */
export function hasGoodPin({ peerCertificate }: Entry, tls: TlsSettings): boolean {
  return (tls.allowNonTls && peerCertificate === undefined) || tls.isPinned(peerCertificate)
}
