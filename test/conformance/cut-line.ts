import { once } from 'node:events'
import net from 'node:net'

/** A line to a server that can be cut: a TCP proxy on a port of its own. */
export class CutLine implements AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly #proxy: net.Server
  readonly #sockets: Set<net.Socket>

  static async to(url: string): Promise<CutLine> {
    const { hostname, port } = new URL(url)
    const sockets = new Set<net.Socket>()
    const proxy = net.createServer((near) => {
      const far = net.connect({ host: hostname, port: Number(port) })
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', () => {}).on('close', () => sockets.delete(socket))
      }
      near.pipe(far).pipe(near)
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    return new CutLine(proxy, sockets)
  }

  private constructor(proxy: net.Server, sockets: Set<net.Socket>) {
    this.#proxy = proxy
    this.#sockets = sockets
    this.url = `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`
  }

  /** Resets every connection, without a word of either side. Who comes anew gets through. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#proxy.close()
    await once(this.#proxy, 'close')
  }
}
