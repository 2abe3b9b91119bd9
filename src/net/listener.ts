import type { AddressInfo, Server, Socket } from 'node:net'
import { ConfigError } from '#kit'

export interface ListenAddress {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
}

/** `host:port`, with brackets round an IPv6 address. */
export function formatAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A server that listens, and its connections. */
export class Listener {
  /** What it got: with the port that was chosen where any was asked for. */
  readonly address: ListenAddress
  readonly #server: Server
  readonly #sockets: ReadonlySet<Socket>
  readonly #isDualStack: boolean
  #ended: Promise<void> | undefined

  private constructor(server: Server, address: ListenAddress, sockets: ReadonlySet<Socket>, isDualStack: boolean) {
    this.#server = server
    this.address = address
    this.#sockets = sockets
    this.#isDualStack = isDualStack
  }

  /**
   * Binds `server`; rejects with a `ConfigError` that names the address it could not have. With `isDualStack` the host
   * `0.0.0.0` means IPv6 too where there is any, as in programs written in Go.
   */
  static async open(server: Server, wanted: ListenAddress, { isDualStack = false } = {}): Promise<Listener> {
    const sockets = new Set<Socket>()
    // One for all: a closure and a wrapper for each would cost an idle connection a quarter of a kilobyte.
    function onClose(this: Socket): void {
      sockets.delete(this)
    }
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', onClose)
    })
    return new Listener(server, await bind(server, wanted, isDualStack), sockets, isDualStack)
  }

  get isListening(): boolean {
    return this.#ended === undefined
  }

  /** Settled when it listens no more and its last connection is gone; `undefined` while it listens. */
  get ended(): Promise<void> | undefined {
    return this.#ended
  }

  /** Takes no more connections from now on, as in lame duck mode; those that are there live on, and the port is free. */
  stop(): void {
    this.#ended ??= new Promise((resolve) => void this.#server.close(() => resolve()))
  }

  /** Takes connections again at the same address, after `stop`. Rejects with a `ConfigError` when somebody has it now. */
  async reopen(): Promise<void> {
    if (this.#ended === undefined) return
    await bind(this.#server, this.address, this.#isDualStack)
    this.#ended = undefined
  }

  /**
   * Takes no more connections from now on. Resolves when the last one is gone; those that are left after `graceMs` are
   * cut, whatever they are doing: a TLS handshake that never ends is one that no HTTP server knows of.
   */
  async close(graceMs: number): Promise<void> {
    await this.#takeThoseAtTheDoor()
    this.stop()
    const force = setTimeout(() => this.#sockets.forEach((socket) => void socket.destroy()), graceMs)
    await this.#ended
    clearTimeout(force)
  }

  /**
   * The system resets connections that it has made and nobody has taken: a proxy then does not know whether what it sent
   * on them was done. So the last look at what has come is right before the end: `setImmediate` follows it, the first of
   * the two perhaps one that was under way.
   */
  async #takeThoseAtTheDoor(): Promise<void> {
    for (let look = 0; look < 2 && this.isListening; look++) await new Promise<void>((done) => setImmediate(done))
  }
}

/**
 * Connections that may wait to be taken; the system may allow fewer. As in Go, on Linux: with Node's 511 the rest of a
 * thousand clients who return at once would wait for the second attempts of their systems, a second later.
 */
const BACKLOG = 4_096

/** What asks for all interfaces of a kind of address, and what a machine without IPv6 answers to the second. */
const ALL_IPV4 = '0.0.0.0'
const ALL = '::'
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']

async function bind(server: Server, address: ListenAddress, isDualStack: boolean): Promise<ListenAddress> {
  if (!isDualStack || address.host !== ALL_IPV4) return listen(server, address, address.host)
  try {
    return await listen(server, address, ALL)
  } catch (error) {
    const { code } = (error as Error).cause as NodeJS.ErrnoException
    if (!NO_IPV6.includes(code ?? '')) throw error
    return listen(server, address, ALL_IPV4)
  }
}

/** `host` is what the operating system is asked for, `address` what the operator wrote. */
function listen(server: Server, address: ListenAddress, host: string): Promise<ListenAddress> {
  const { promise, resolve, reject } = Promise.withResolvers<ListenAddress>()
  const onError = (error: NodeJS.ErrnoException) => {
    reject(new ConfigError(`Cannot bind "${formatAddress(address)}": ${reasonOf(error)}`, { cause: error }))
  }
  server.once('error', onError)
  server.listen({ host, port: address.port, backlog: BACKLOG }, () => {
    server.off('error', onError)
    resolve({ host: address.host, port: (server.address() as AddressInfo).port })
  })
  return promise
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'address in use'
    case 'EACCES':
      return 'permission denied'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address'
    case 'ENOTFOUND':
      return 'host name not found'
    default:
      return error.message
  }
}
