import { createServer, type Server } from 'node:net'
import { type ListenAddress, Listener } from '#net'
import { NOTHING_TO_DO, type ReloadStep } from './reload-step.ts'

/** `0.0.0.0` in a nats.conf means IPv6 too. */
const AS_NATS_SERVER = { isDualStack: true }

/** A listener that a reload can move to another address, while those who came by the old one stay. */
export class Port<S extends Server> {
  readonly #createServer: () => S
  #server: S
  #wanted: ListenAddress
  #listener: Listener
  /** They listen no more, but have connections. */
  readonly #former = new Set<Listener>()

  private constructor(createServer: () => S, server: S, wanted: ListenAddress, listener: Listener) {
    this.#createServer = createServer
    this.#server = server
    this.#wanted = wanted
    this.#listener = listener
  }

  /** Rejects with a `ConfigError` when the address cannot be had. */
  static async open<S extends Server>(wanted: ListenAddress, createServer: () => S): Promise<Port<S>> {
    const server = createServer()
    return new Port(createServer, server, wanted, await Listener.open(server, wanted, AS_NATS_SERVER))
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
    const listener = await Listener.open(server, wanted, AS_NATS_SERVER)
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
