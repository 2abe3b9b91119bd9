import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How often it is looked whether what was held up may go on. */
const LOOK_EVERY_MS = 10

interface Pipe {
  readonly sockets: readonly Socket[]
  /** Nothing comes through any more, and neither side is told. */
  isLost: boolean
}

/** One device's line to the server, with everything that lines do: a TCP proxy on a port of its own. */
export class Line {
  /** Held up until they are set free again, for all connections. */
  holdsUpstream = false
  holdsDownstream = false
  /** Bytes a second to the device; 0: as many as there are. */
  downstreamRate = 0
  readonly #portOfServer: () => number
  readonly #proxy = createServer((socket) => this.#accept(socket))
  readonly #pipes = new Set<Pipe>()

  static async to(portOfServer: () => number): Promise<Line> {
    const line = new Line(portOfServer)
    line.#proxy.listen(0, '127.0.0.1')
    await once(line.#proxy, 'listening')
    return line
  }

  private constructor(portOfServer: () => number) {
    this.#portOfServer = portOfServer
  }

  /** `http://127.0.0.1:port` */
  get url(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`
  }

  /** Resets every connection. */
  cut(): void {
    for (const pipe of this.#pipes) this.#end(pipe)
  }

  /** Ends every connection in order. */
  finish(): void {
    for (const { sockets } of this.#pipes) for (const socket of sockets) socket.end()
  }

  /** Nobody hears anything more over the connections of now, which end after that time. Those made anew are sound. */
  lose(ms: number): void {
    for (const pipe of this.#pipes) {
      pipe.isLost = true
      setTimeout(() => this.#end(pipe), ms)
    }
  }

  mend(): void {
    this.holdsUpstream = false
    this.holdsDownstream = false
    this.downstreamRate = 0
  }

  close(): void {
    this.mend()
    this.cut()
    this.#proxy.close()
  }

  #accept(near: Socket): void {
    const far = connect({ host: '127.0.0.1', port: this.#portOfServer() })
    const pipe: Pipe = { sockets: [near, far], isLost: false }
    this.#pipes.add(pipe)
    for (const socket of pipe.sockets) {
      socket.on('error', () => {})
      // A connection that is lost tells neither side that the other has gone.
      socket.on('close', () => pipe.isLost || this.#end(pipe))
    }
    carry(near, far, () => (pipe.isLost || this.holdsUpstream ? 0 : Number.POSITIVE_INFINITY))
    carry(far, near, () => (pipe.isLost || this.holdsDownstream ? 0 : this.downstreamRate || Number.POSITIVE_INFINITY))
  }

  #end(pipe: Pipe): void {
    this.#pipes.delete(pipe)
    for (const socket of pipe.sockets) socket.resetAndDestroy()
  }
}

/** What `from` says comes to `to`, at most so many bytes a second. */
function carry(from: Socket, to: Socket, bytesPerSecond: () => number): void {
  const waiting: Buffer[] = []
  let hasEnded = false
  let timer: NodeJS.Timeout | undefined
  const goOn = () => {
    timer = undefined
    if (to.destroyed) return
    let room = Math.ceil((bytesPerSecond() * LOOK_EVERY_MS) / 1000)
    while (waiting.length > 0 && room > 0) {
      const [first] = waiting as [Buffer]
      to.write(first.subarray(0, room))
      if (first.length <= room) waiting.shift()
      else waiting[0] = first.subarray(room)
      room -= Math.min(room, first.length)
    }
    if (waiting.length > 0) timer = setTimeout(goOn, LOOK_EVERY_MS)
    else if (hasEnded) to.end()
  }
  from.on('data', (data: Buffer) => {
    waiting.push(data)
    if (timer === undefined) goOn()
  })
  from.on('end', () => {
    hasEnded = true
    if (timer === undefined) goOn()
  })
}
