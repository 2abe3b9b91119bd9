import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on a port of its own, in front of a server. What happens to its connections is its kind's business. */
export abstract class TcpLine implements AsyncDisposable {
  /** Connections that were made so far. */
  connections = 0
  readonly #server: URL
  readonly #sockets = new Set<Socket>()
  readonly #proxy = createServer((near) => {
    this.connections++
    this.#watch(near)
    this.join(near)
  })

  /** `url`: of the server, whatever its path. */
  constructor(url: string) {
    this.#server = new URL(url)
  }

  /** Resolves when it listens. */
  async open(): Promise<this> {
    this.#proxy.listen(0, '127.0.0.1')
    await once(this.#proxy, 'listening')
    return this
  }

  /** `http://127.0.0.1:port` */
  get url(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`
  }

  /** Somebody has come. */
  protected abstract join(near: Socket): void

  /** A connection to the server. */
  protected connect(): Socket {
    const far = connect({ host: this.#server.hostname, port: Number(this.#server.port) })
    this.#watch(far)
    return far
  }

  /** Resets every connection, without a word of either side. */
  protected reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#proxy, 'close')
    this.#proxy.close()
    this.reset()
    await closed
  }
}
