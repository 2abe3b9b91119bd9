import { connect, type Socket } from 'node:net'
import { connectLine, LeafParser, PING_LINE, PONG_LINE } from '#wire/nats'
import { once, until } from '../../helpers/wait.ts'
import type { Address } from '../../net/raw-socket.ts'
import type { LeafEvent } from './leaf-lines.ts'
import { leafRecorder } from './leaf-recorder.ts'

const LIMITS = { maxControlLineBytes: 16 * 4096, maxPayloadBytes: 1024 * 1024 }

/** Our end of a leaf connection to a real nats-server: nothing but the parser and what the test says. */
export class LeafPeer implements Disposable {
  /** What came in, but PING, which is answered, and PONG. */
  readonly events: LeafEvent[] = []
  readonly #parser: LeafParser
  readonly #socket: Socket
  #pings = 0
  #pongs = 0
  #hasEnded = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.#parser = new LeafParser(LIMITS, {
      ...leafRecorder(this.events),
      onConnect: (json) => {
        this.events.push(['connect', json])
        this.#parser.pause()
      },
      onPing: () => this.say(PONG_LINE),
      onPong: () => {
        this.#pongs++
      },
      onUninvited: () => void this.events.push(['uninvited']),
    })
    socket.on('data', (chunk) => this.#parser.feed(chunk))
    // A reset is an end like another.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#hasEnded = true
    })
  }

  /** A spoke of the hub at this address, which has logged in and heard what the hub is interested in. */
  static async solicit(address: Address): Promise<LeafPeer> {
    const socket = connect({ ...address, noDelay: true })
    await once(socket, 'connect')
    const peer = new LeafPeer(socket)
    await peer.event('info')
    peer.say(connectLine({ name: 'spoke', version: '2.9.10', headers: true }))
    await until(() => peer.all('info').length === 2, 'the second INFO')
    await peer.untilPong()
    return peer
  }

  /** A hub for whoever connected here and has yet to log in. CONNECT is the last that is read of it until `letIn`. */
  static accept(socket: Socket): LeafPeer {
    const peer = new LeafPeer(socket)
    peer.#parser.awaitsConnect = true
    return peer
  }

  letIn(): void {
    this.#parser.awaitsConnect = false
    this.#parser.resume()
  }

  /** Byte strings. */
  say(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** Whether the other side has read all that was said, and stays. */
  async isStillThere(): Promise<boolean> {
    const pongs = ++this.#pings
    this.say(PING_LINE)
    await until(() => this.#pongs >= pongs || this.#hasEnded, 'PONG, or the end')
    return this.#pongs >= pongs
  }

  async untilPong(): Promise<void> {
    if (!(await this.isStillThere())) throw new Error(`The connection ended after ${JSON.stringify(this.events)}`)
  }

  /** What came in so far and begins like this. */
  all(...beginning: readonly unknown[]): readonly LeafEvent[] {
    return this.events.filter((event) => beginning.every((field, i) => event[i] === field))
  }

  /** The first of them, which may be still to come. */
  event(...beginning: readonly unknown[]): Promise<LeafEvent> {
    return until(() => this.all(...beginning)[0], beginning.join(' '))
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
