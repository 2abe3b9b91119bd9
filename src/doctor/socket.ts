import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { acceptKey, closePayload, encodeMaskedFrame, MessageAssembler, Opcode } from '#wire/websocket'
import { type Answer, ask } from './ask.ts'
import type { Place } from './place.ts'

/** Longest message that is taken; bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024

/** Nothing has to be looked for before the answer to an upgrade. Milliseconds. */
const UPGRADE_TIMEOUT_MS = 5_000

/** Of messages that nobody asked for yet, as many are kept. */
const MAX_WAITING = 64

/** How a WebSocket ended. */
export interface Ending {
  /** Of the close frame; `undefined` when the connection was cut without one. */
  readonly code: number | undefined
  readonly reason: string
  /** Since it was opened; milliseconds. */
  readonly afterMs: number
}

/** What came of asking for a WebSocket: one that is open, or the answer that was none; a 101 may be one to somebody else. */
export type Upgrade =
  | { readonly socket: DoctorSocket; readonly answer: Answer }
  | { readonly socket: undefined; readonly answer: Answer }

/** Asks for a WebSocket as a browser does. Rejects as `ask`. */
export async function openSocket(
  place: Place,
  { path, headers = {} }: { readonly path: string; readonly headers?: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Upgrade> {
  const key = randomBytes(16).toString('base64')
  const answer = await ask(
    place,
    { path, headers: { ...upgradeHeaders(key), ...headers }, keepsUpgraded: true, timeoutMs: UPGRADE_TIMEOUT_MS },
    signal,
  )
  const isAccepted = answer.headers['sec-websocket-accept'] === acceptKey(key)
  if (answer.upgraded === undefined || !isAccepted) {
    answer.upgraded?.socket.destroy()
    return { socket: undefined, answer }
  }
  return { socket: new DoctorSocket(answer.upgraded.socket, answer.upgraded.head), answer }
}

export function upgradeHeaders(key = randomBytes(16).toString('base64')): Record<string, string> {
  return { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key }
}

/** An open WebSocket, our end. */
export class DoctorSocket implements Disposable {
  readonly #socket: Socket
  readonly #openedAtMs = performance.now()
  readonly #waiting: Buffer[] = []
  readonly #ended = Promise.withResolvers<Ending>()
  #wake: () => void = () => {}
  #close: { readonly code: number | undefined; readonly reason: string } | undefined
  #hasEnded = false
  #heardAtMs = this.#openedAtMs

  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket
    const reader = new MessageAssembler(
      { maskRequired: false, validateText: false, maxMessageBytes: MAX_MESSAGE_BYTES },
      {
        onMessage: (data) => this.#take(Buffer.from(data)),
        onPing: (payload) => this.#frame(Opcode.PONG, payload),
        onPong: () => {},
        onClose: (code, reason) => {
          this.#close = { code, reason }
          this.#frame(Opcode.CLOSE, closePayload(code))
          this.#socket.end()
        },
      },
    )
    const feed = (chunk: Buffer) => {
      try {
        reader.feed(chunk)
      } catch (error) {
        reader.stop()
        this.#close = { code: undefined, reason: `what came is no WebSocket frame: ${(error as Error).message}` }
        this.#socket.destroy()
      }
    }
    socket.on('data', feed)
    socket.on('error', () => {}) // It is gone then.
    socket.on('end', () => this.#socket.end())
    socket.on('close', () => this.#end())
    if (head.length > 0) feed(head)
  }

  /** Resolves when the connection is gone. */
  get ended(): Promise<Ending> {
    return this.#ended.promise
  }

  /** How long ago the last message came, or the connection was opened; milliseconds. */
  get silentMs(): number {
    return performance.now() - this.#heardAtMs
  }

  send(data: Buffer | string): void {
    if (typeof data === 'string') this.#frame(Opcode.TEXT, Buffer.from(data))
    else this.#frame(Opcode.BINARY, data)
  }

  /** The next message; `undefined` when there is none within this time, or the connection has ended. */
  async message(timeoutMs: number, signal: AbortSignal): Promise<Buffer | undefined> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    this.#wake = resolve
    const give = () => resolve()
    signal.addEventListener('abort', give, { once: true })
    if (this.#waiting.length > 0 || this.#hasEnded || signal.aborted) resolve()
    await promise
    clearTimeout(timer)
    signal.removeEventListener('abort', give)
    signal.throwIfAborted()
    return this.#waiting.shift()
  }

  /** When a message that did not come should have, in words. */
  inVain(timeoutMs: number): string {
    return this.#hasEnded ? 'before the connection ends' : `within ${timeoutMs / 1000} s`
  }

  /** Says goodbye and does not wait for the answer. */
  [Symbol.dispose](): void {
    if (this.#hasEnded) return
    this.#frame(Opcode.CLOSE, closePayload(1000))
    this.#socket.destroySoon()
  }

  #frame(opcode: Opcode, payload: Buffer): void {
    if (this.#socket.writable) this.#socket.write(encodeMaskedFrame(opcode, payload, randomBytes(4)))
  }

  #take(data: Buffer): void {
    this.#heardAtMs = performance.now()
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(data)
    this.#wake()
  }

  #end(): void {
    this.#hasEnded = true
    const { code, reason } = this.#close ?? { code: undefined, reason: '' }
    this.#ended.resolve({ code, reason, afterMs: performance.now() - this.#openedAtMs })
    this.#wake()
  }
}
