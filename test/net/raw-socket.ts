import { connect, type Socket } from 'node:net'
import { once, within } from '../helpers/wait.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** A socket whose every byte is the test's: keeps what arrived and was not taken yet, and notices the end. */
export class RawSocket {
  readonly socket: Socket
  #arrived: Buffer[] = []
  #hasEnded = false
  #wake: () => void = () => {}

  /** `socket` is connected, and nobody has read from it. */
  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#arrived.push(chunk)
      this.#wake()
    })
    // A reset is an end like another.
    socket.on('error', () => {})
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#hasEnded = true
        this.#wake()
      })
    }
  }

  static async connect({ host, port }: Address): Promise<RawSocket> {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
    await once(socket, 'connect')
    return new RawSocket(socket)
  }

  /** The server ended its half, or all of it. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  write(bytes: Buffer | string): boolean {
    return this.socket.write(bytes as string, 'latin1')
  }

  /** What has arrived since the last call. */
  take(): Buffer {
    const arrived = Buffer.concat(this.#arrived)
    this.#arrived = []
    return arrived
  }

  /** Resolves when `check` is true, which is asked after every arrival; `what` completes "Waited … for". */
  async until(check: () => boolean, what: () => string): Promise<void> {
    while (!check()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await within(promise, 'the server').catch((error: Error) => {
        throw new Error(`${error.message} to say ${what()}`)
      })
    }
  }

  /** What arrives up to and including the first `mark`; what comes behind it in the same read stays. */
  async readThrough(mark: string): Promise<string> {
    let text = ''
    const hasMark = () => {
      text += this.take().toString('latin1')
      return text.includes(mark) || this.#hasEnded
    }
    await this.until(hasMark, () => JSON.stringify(mark))
    if (!text.includes(mark)) throw new Error(`The connection ended after ${JSON.stringify(text)}`)
    const end = text.indexOf(mark) + mark.length
    this.#arrived.unshift(Buffer.from(text.slice(end), 'latin1'))
    return text.slice(0, end)
  }

  /** Everything until the other end closed the connection. */
  async readToEnd(): Promise<string> {
    await this.until(
      () => this.#hasEnded,
      () => 'goodbye',
    )
    return this.take().toString('latin1')
  }

  destroy(): void {
    this.socket.destroy()
  }

  [Symbol.dispose](): void {
    this.destroy()
  }
}
