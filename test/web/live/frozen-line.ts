import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server that can freeze: nothing comes through any more, in either direction, and nobody is told. */
export class FrozenLine implements AsyncDisposable {
  /** Connections that were made so far. */
  connections = 0
  readonly #server: URL
  readonly #sockets = new Set<Socket>()
  readonly #proxy = createServer((near) => this.#accept(near))
  #isFrozen = false

  static async to(url: string): Promise<FrozenLine> {
    const line = new FrozenLine(new URL(url))
    line.#proxy.listen(0, '127.0.0.1')
    await once(line.#proxy, 'listening')
    return line
  }

  private constructor(server: URL) {
    this.#server = server
  }

  /** `http://127.0.0.1:port` */
  get url(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`
  }

  /** From now on. Who comes anew is not answered either. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** Who comes from now on gets through; the connections from before stay dead. */
  thaw(): void {
    this.#isFrozen = false
  }

  #accept(near: Socket): void {
    this.connections++
    const far = connect({ host: this.#server.hostname, port: Number(this.#server.port) })
    let isDead = this.#isFrozen
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => {}).on('close', () => this.#sockets.delete(from))
      from.on('data', (chunk) => {
        isDead ||= this.#isFrozen
        if (!isDead) to.write(chunk)
      })
      from.on('end', () => {
        isDead ||= this.#isFrozen
        if (!isDead) to.end()
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#proxy, 'close')
    this.#proxy.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
