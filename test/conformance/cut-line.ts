import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server that can be cut: a TCP proxy on a port of its own. */
export class CutLine implements AsyncDisposable {
  /** Connections that were made so far. */
  connections = 0
  /** From the server to the client, over the connection that was let through last. */
  downstreamBytes = 0
  readonly #server: URL
  readonly #proxy = createServer((socket) => this.#accept(socket))
  readonly #sockets = new Set<Socket>()
  /** Connections that wait to be let through. */
  #held: (() => void)[] | undefined

  /** `url`: of the server, whatever its path. */
  static async to(url: string): Promise<CutLine> {
    const line = new CutLine(new URL(url))
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

  /** Resets every connection, without a word of either side. Who comes anew gets through. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** The same, but who comes anew has to wait until the line is mended. */
  cutUntilMended(): void {
    this.#held = []
    this.cut()
  }

  mend(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const goOn of held) goOn()
  }

  #accept(near: Socket): void {
    this.connections++
    this.#watch(near)
    const goOn = () => {
      const far = connect({ host: this.#server.hostname, port: Number(this.#server.port) })
      this.#watch(far)
      this.downstreamBytes = 0
      far.on('data', (chunk) => {
        this.downstreamBytes += chunk.length
      })
      near.pipe(far).pipe(near)
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
    }
    if (this.#held === undefined) goOn()
    else this.#held.push(goOn)
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#proxy, 'close')
    this.#proxy.close()
    this.cut()
    await closed
  }
}
