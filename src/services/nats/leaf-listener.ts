import net, { type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Authenticator } from '#auth'
import type { LeafListenerOptions } from '#config'
import type { LeafAcceptor, LeafProfile, LeafProfileHolder } from '#doors/nats'
import type { Clock, Logger } from '#kit'
import { type ListenAddress, loadTls, type TlsSettings } from '#net'
import { boundedLog, FAILURES } from '../bounded-log.ts'
import { type AnyPort, isSameAddress, type Port, prepareMove } from '../port.ts'
import type { ReloadStep } from '../reload/reload-step.ts'
import type { LeafAuthenticatorOf } from './leaf-authenticators.ts'
import { hasGoodPin, tcpTlsOf } from './tcp-listener.ts'

/** Everything of the listener that can be wrong, once it has been found right. */
export interface LeafRules {
  readonly options: LeafListenerOptions
  readonly tls: TlsSettings | undefined
  readonly authenticatorOf: LeafAuthenticatorOf
}

/** Reads certificates. Rejects with a `ConfigError`. */
export async function readLeafRules(
  options: LeafListenerOptions,
  authenticatorOf: LeafAuthenticatorOf,
): Promise<LeafRules> {
  return { options, tls: options.tls && (await loadTls(options.tls)), authenticatorOf }
}

/** The port for leaf nodes over TCP, which is there while there are rules for it. */
export class LeafListener {
  readonly #acceptor: LeafAcceptor
  /** Where it is said of those who tried to come in that they did not. */
  readonly #failures: Logger
  readonly #holder: { current: LeafProfile }
  #rules: LeafRules | undefined
  #port: Port<Server> | undefined
  /** Listen no more, but have connections. */
  readonly #former = new Set<Port<Server>>()

  /** Listens once a first `prepare` is installed. */
  constructor(acceptor: LeafAcceptor, { logger, clock }: { readonly logger: Logger; readonly clock: Clock }) {
    this.#acceptor = acceptor
    this.#failures = boundedLog(logger, clock, FAILURES)
    this.#holder = { current: NO_LEAF_NODES }
  }

  /** `undefined`: no leaf nodes are let in. */
  get address(): ListenAddress | undefined {
    return this.#port?.address
  }

  get isListening(): boolean {
    return this.#port?.isListening ?? this.#rules === undefined
  }

  /** Of those who come in by the port. */
  get profile(): LeafProfile {
    return this.#holder.current
  }

  /** Other rules, for those who come from then on. Rejects with a `ConfigError` when the address cannot be had. */
  async prepare(rules: LeafRules | undefined): Promise<ReloadStep> {
    if (rules === undefined) return { install: () => this.#remove(), undo: async () => {} }
    const { step, port } = await prepareMove(this.#port, rules.options, () =>
      net.createServer({ allowHalfOpen: true }, (socket) =>
        this.#acceptor.acceptSocket(socket, this.#holder, { failures: this.#failures }),
      ),
    )
    return {
      install: () => {
        step.install()
        this.#port = port
        this.#rules = rules
        this.#holder.current = profileOf(rules, port.address)
      },
      undo: step.undo,
    }
  }

  /** The port, if it is not the one that the options name. */
  leaving(rules: LeafRules | undefined): readonly AnyPort[] {
    if (this.#port === undefined || (rules && isSameAddress(this.#port.wanted, rules.options))) return []
    return [this.#port]
  }

  /** What those who came in by it would be judged by. */
  supposing(rules: LeafRules | undefined): readonly [LeafProfileHolder, LeafProfile] {
    if (rules === undefined) return [this.#holder, removed(this.#holder.current)]
    return [this.#holder, profileOf(rules, this.#port?.address ?? rules.options)]
  }

  /** Takes no more connections; those that are there live on. */
  stop(): void {
    this.#port?.stop()
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([...this.#former, this.#port].map((port) => port?.close(graceMs)))
  }

  /** The block is no more: nobody may stay. */
  #remove(): void {
    const port = this.#port
    this.#rules = undefined
    this.#port = undefined
    this.#holder.current = removed(this.#holder.current)
    if (port === undefined) return
    port.stop()
    this.#former.add(port)
    void port.ended.then(() => this.#former.delete(port))
  }
}

function profileOf(rules: LeafRules, { host, port }: ListenAddress): LeafProfile {
  const { options, tls, authenticatorOf } = rules
  const { advertise, minVersion, isolatesInterest, writeDeadlineMs, writeTimeoutPolicy } = options
  return {
    facts: {
      host: reachable(host),
      port,
      isTls: tls !== undefined,
      verifiesClients: tls?.requiresClientCertificate ?? false,
    },
    connectionType: 'LEAFNODE',
    authenticator: authenticatorOf(),
    clientAdvertise: advertise,
    objection: (entry) => (tls === undefined || hasGoodPin(entry, tls) ? undefined : 'Authentication Failure'),
    // nats-server knows no other servers than those with TLS, where there is TLS.
    tls: tls && { ...tcpTlsOf(tls), allowNonTls: false },
    minVersion,
    isolatesInterest,
    writeDeadlineMs,
    writeTimeoutPolicy,
  }
}

function removed(profile: LeafProfile): LeafProfile {
  return { ...profile, objection: () => 'Server Shutdown' }
}

/** Of every interface one address that others can reach, as nats-server tells them. */
function reachable(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find(({ internal, address }) => !internal && !address.startsWith('fe80'))?.address ?? host
}

/** Where nobody is let in, because there are no rules. */
const NOBODY: Authenticator = {
  isRequired: true,
  timeoutMs: 0,
  usesNonce: true,
  hasDefaultUser: false,
  login: () => ({ ok: false, reason: 'there is no leafnodes {}' }),
  recheck: () => ({ ok: false, reason: 'there is no leafnodes {}' }),
}

/** What those are told who would come in where nobody is let in, or not any more. */
export const NO_LEAF_NODES: LeafProfile = removed({
  facts: { host: '', port: 0, isTls: false },
  connectionType: 'LEAFNODE',
  authenticator: NOBODY,
  minVersion: undefined,
  isolatesInterest: false,
  writeDeadlineMs: undefined,
  writeTimeoutPolicy: 'close',
})
