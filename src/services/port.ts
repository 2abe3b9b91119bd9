import { createServer, type Server } from 'node:net'
import { type ListenAddress, Listener } from '#net'
import { NOTHING_TO_DO, type ReloadStep } from './reload/reload-step.ts'

/** `0.0.0.0` in a nats.conf means IPv6 too. */
const AS_NATS_SERVER: Binding = { isDualStack: true }

/** As `Listener.open` has it. */
interface Binding {
  readonly isDualStack: boolean
}

/** A listener that a reload can move to another address, while those who came by the old one stay. */
export class Port<S extends Server> {
  readonly #createServer: () => S
  readonly #binding: Binding
  #server: S
  #wanted: ListenAddress
  #listener: Listener
  /** They listen no more, but have connections. */
  readonly #former = new Set<Listener>()

  private constructor(made: Pick<Port<S>, 'server' | 'wanted'> & Made<S>) {
    this.#createServer = made.createServer
    this.#binding = made.binding
    this.#server = made.server
    this.#wanted = made.wanted
    this.#listener = made.listener
  }

  /** Rejects with a `ConfigError` when the address cannot be had. `binding`: default as nats-server. */
  static async open<S extends Server>(
    wanted: ListenAddress,
    createServer: () => S,
    binding = AS_NATS_SERVER,
  ): Promise<Port<S>> {
    const server = createServer()
    const listener = await Listener.open(server, wanted, binding)
    return new Port({ createServer, binding, server, wanted, listener })
  }

  /** What takes the connections of now. */
  get server(): S {
    return this.#server
  }

  get address(): ListenAddress {
    return this.#listener.address
  }

  /** As it was asked for: port 0 is any free one. */
  get wanted(): ListenAddress {
    return this.#wanted
  }

  get isListening(): boolean {
    return this.#listener.isListening
  }

  /** Settled when it listens no more and its last connection is gone, by whichever address; only after `stop`. */
  get ended(): Promise<void> {
    return Promise.all([this.#listener, ...this.#former].map(({ ended }) => ended)).then(() => {})
  }

  /** Opens the other address. Rejects with a `ConfigError` when it cannot be had; nothing has changed then. */
  async prepareMove(wanted: ListenAddress): Promise<ReloadStep> {
    if (isSameAddress(wanted, this.#wanted)) return NOTHING_TO_DO
    const server = this.#createServer()
    const listener = await Listener.open(server, wanted, this.#binding)
    return {
      install: () => {
        this.#retire(this.#listener)
        this.#server = server
        this.#wanted = wanted
        this.#listener = listener
      },
      undo: () => listener.close(0),
    }
  }

  /** Stops listening before another is opened that is in its way: one that moves only its host, or swaps with this one. */
  giveWay(): ReloadStep {
    const listener = this.#listener
    listener.stop()
    return { install: () => {}, undo: () => listener.reopen() }
  }

  /** Takes no more connections; those that are there live on. */
  stop(): void {
    this.#listener.stop()
  }

  /** Resolves when the last connection is gone, after `graceMs` by force. */
  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#listener, ...this.#former].map((listener) => listener.close(graceMs)))
  }

  #retire(listener: Listener): void {
    this.#former.add(listener)
    listener.stop()
    void listener.ended?.then(() => this.#former.delete(listener))
  }
}

interface Made<S> {
  readonly createServer: () => S
  readonly binding: Binding
  readonly listener: Listener
}

/** A step to `wanted`: moves `port` there, or opens it. Rejects with a `ConfigError` when the address cannot be had. */
export async function prepareMove<S extends Server>(
  port: Port<S> | undefined,
  wanted: ListenAddress,
  createServer: () => S,
): Promise<{ readonly step: ReloadStep; readonly port: Port<S> }> {
  if (port !== undefined) return { step: await port.prepareMove(wanted), port }
  const opened = await Port.open(wanted, createServer)
  return { step: { install: () => {}, undo: () => opened.close(0) }, port: opened }
}

/** As they are written: names are not looked up. */
export function isSameAddress(a: ListenAddress, b: ListenAddress): boolean {
  return a.host === b.host && a.port === b.port
}

/** Of ports that may only be looked at. */
export type AnyPort = Pick<Port<Server>, 'address' | 'wanted' | 'isListening' | 'giveWay'>

/** Whether `wanted` cannot be had as long as `port` listens. Hosts overlap in more ways than can be told from here. */
export function isInTheWay({ address, isListening }: AnyPort, wanted: ListenAddress): boolean {
  return isListening && wanted.port !== 0 && address.port === wanted.port
}

/** Rejects with a `ConfigError` when the address cannot be had at the moment. */
export async function tryAddress(wanted: ListenAddress): Promise<void> {
  const listener = await Listener.open(createServer(), wanted, AS_NATS_SERVER)
  await listener.close(0)
}
