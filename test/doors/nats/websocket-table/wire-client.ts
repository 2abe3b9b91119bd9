/** A WebSocket client of the table: every byte that it sends is the test's, every frame that comes is kept as it was. */
import assert from 'node:assert/strict'
import tls from 'node:tls'
import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib'
import { once } from '../../../helpers/wait.ts'
import { type Address, RawSocket } from '../../../net/raw-socket.ts'
import { upgradeRequest } from '../../../net/raw-websocket.ts'

/** RFC 6455 §5.2, written out: what these tests judge must not be what they judge by. */
export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

const FINAL = 0x80
const RSV1 = 0x40
const MASKED = 0x80

export type Headers = Readonly<Record<string, string | undefined>>
export const OFFERS_COMPRESSION: Headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
export const BROWSER: Headers = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
}

export interface FrameOptions {
  /** Default BINARY. */
  readonly opcode?: number
  /** Default true. */
  readonly isFinal?: boolean
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv?: number
  /** Default a key of four different bytes; `false` for none. */
  readonly mask?: Buffer | false
}

export const KEY = Buffer.from([0x12, 0x34, 0x56, 0x78])

/** One frame of a client, with its length in as few bytes as there is need for. */
export function frame(payload: Buffer | string = '', options: FrameOptions = {}): Buffer {
  const { opcode = BINARY, isFinal = true, rsv = 0, mask = KEY } = options
  const data = Buffer.from(payload as string, 'latin1')
  const first = Buffer.from([(isFinal ? FINAL : 0) | (rsv << 4) | opcode])
  const length = lengthBytes(data.length)
  if (mask === false) return Buffer.concat([first, length, data])
  length[0]! |= MASKED
  const masked = data.map((byte, index) => byte ^ mask[index % 4]!)
  return Buffer.concat([first, length, mask, masked])
}

function lengthBytes(length: number): Buffer {
  if (length < 126) return Buffer.from([length])
  if (length < 65_536) return Buffer.from([126, length >> 8, length & 0xff])
  const bytes = Buffer.alloc(9, 0)
  bytes[0] = 127
  bytes.writeUInt32BE(length, 5)
  return bytes
}

export const close = (code: number, reason: Buffer | string = '') =>
  frame(Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as string)]), { opcode: CLOSE })

/** RFC 7692 §7.2.1, without context takeover. */
export function deflated(data: Buffer | string): Buffer {
  const options = { level: 1, finishFlush: zlib.Z_SYNC_FLUSH }
  return deflateRawSync(Buffer.from(data as string, 'latin1'), options).subarray(0, -4)
}

export const compressedFrame = (data: Buffer | string) => frame(deflated(data), { rsv: 4 })

function inflated(data: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([data, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: zlib.Z_SYNC_FLUSH })
}

/** A frame as the server sent it. */
export interface ServerFrame {
  readonly isFinal: boolean
  readonly isCompressed: boolean
  readonly opcode: number
  /** How many bytes say how long it is: 1, 3 or 9. */
  readonly lengthBytes: number
  readonly payload: Buffer
}

/** How a connection ended: what the close frame said. `code` is `undefined` for an empty frame and for none. */
export interface Ending {
  readonly code: number | undefined
  readonly reason: string
}
export const NO_CLOSE_FRAME: Ending = { code: undefined, reason: 'there was no close frame' }

export interface UpgradeOptions {
  readonly headers?: Headers
  /** Default `GET`. */
  readonly method?: string
  /** Default `/`. */
  readonly path?: string
  /** Over TLS with these options. */
  readonly tls?: tls.ConnectionOptions | undefined
}

export interface Answer {
  readonly raw: RawSocket
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** As it came, status line included. */
  readonly head: string
}

/** Asks for an upgrade. The connection is the caller's to destroy. */
export async function ask(address: Address, options: UpgradeOptions = {}): Promise<Answer> {
  const { headers, method = 'GET', path = '/' } = options
  const raw = options.tls ? await connectTls(address, options.tls) : await RawSocket.connect(address)
  raw.write(upgradeRequest(headers, `${method} ${path} HTTP/1.1`))
  return readAnswer(raw)
}

export async function readAnswer(raw: RawSocket): Promise<Answer> {
  const head = await raw.readThrough('\r\n\r\n')
  const [statusLine = '', ...lines] = head.trimEnd().split('\r\n')
  const fields = lines.map((line) => [line.split(': ')[0]!.toLowerCase(), line.slice(line.indexOf(': ') + 2)])
  return { raw, status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(fields), head }
}

/** The status of the answer, or what came in its place. */
export async function statusOf(address: Address, options: UpgradeOptions = {}): Promise<number> {
  const { raw, status } = await ask(address, options)
  raw.destroy()
  return status
}

/** A refusal's body: one line, or one chunk with one line. nats-server keeps some of the connections open. */
export async function bodyOf({ raw, headers }: Answer): Promise<string> {
  if (headers['transfer-encoding'] === 'chunked') await raw.readThrough('\r\n')
  else if (headers['content-length'] === undefined) return raw.readToEnd()
  return raw.readThrough('\n')
}

export async function connectTls({ host, port }: Address, options: tls.ConnectionOptions): Promise<RawSocket> {
  const socket = tls.connect({ host, port, servername: 'localhost', ...options })
  await once(socket, 'secureConnect')
  return new RawSocket(socket)
}

export class WireClient implements Disposable {
  readonly raw: RawSocket
  readonly answer: Answer
  /** Data frames as they came. */
  readonly frames: ServerFrame[] = []
  readonly pongs: string[] = []
  info: Readonly<Record<string, unknown>> = {}
  /** Whether what the server says may come behind its close frame. */
  mayBeLate = false
  /** The bytes that are no whole frame yet. */
  #rest = Buffer.alloc(0)
  #message: ServerFrame[] = []
  /** What the messages said and nobody has taken yet: NATS knows no borders between them. */
  #heard: Buffer[] = []
  #ending: Ending | undefined

  private constructor(answer: Answer) {
    this.raw = answer.raw
    this.answer = answer
  }

  /** Upgraded, and greeted by INFO. */
  static async connect(address: Address, options: UpgradeOptions = {}): Promise<WireClient> {
    const answer = await ask(address, options)
    assert.equal(answer.status, 101, answer.head)
    const client = new WireClient(answer)
    const line = await client.hearThrough('\r\n')
    assert.match(line, /^INFO \{.*\} ?\r\n$/)
    client.info = JSON.parse(line.slice('INFO '.length))
    return client
  }

  /** Connected as a client that hears nothing but what it asks for. */
  static async ready(address: Address, options: UpgradeOptions = {}): Promise<WireClient> {
    const client = await WireClient.connect(address, options)
    client.say('CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
    assert.equal(await client.hearThrough('PONG\r\n'), 'PONG\r\n')
    client.frames.length = 0
    return client
  }

  write(bytes: Buffer): void {
    this.raw.write(bytes)
  }

  /** In one binary frame. */
  say(text: string): void {
    this.write(frame(text))
  }

  /** Waits for the answer to a ping: by then the server has read what came before. */
  async pongIs(payload: string): Promise<void> {
    await this.#until(() => this.pongs.includes(payload), `pong ${JSON.stringify(payload)}`)
  }

  /** Everything up to and with the first `mark`; what comes behind it stays. */
  async hearThrough(mark: string): Promise<string> {
    const end = () => {
      const at = this.#joined().indexOf(mark, 0, 'latin1')
      return at === -1 ? -1 : at + mark.length
    }
    const shown = () => JSON.stringify(this.#joined().subarray(0, 1000).toString('latin1'))
    await this.#until(() => end() !== -1 || this.raw.hasEnded, `${JSON.stringify(mark)}; there is ${shown()}`)
    if (end() === -1) throw new Error(`The connection ended after ${shown()}`)
    return this.#take(end())
  }

  async hear(length: number): Promise<string> {
    await this.#until(() => this.#joined().length >= length || this.raw.hasEnded, `${length} bytes`)
    return this.#take(length)
  }

  /** Everything that was not taken yet. */
  get heard(): string {
    this.#listen()
    return this.#joined().toString('latin1')
  }

  async untilPong(): Promise<string> {
    this.say('PING\r\n')
    return this.hearThrough('PONG\r\n')
  }

  /** The whole closing handshake, or the end without one. */
  async ended(): Promise<Ending> {
    await this.#until(() => this.#ending !== undefined || this.raw.hasEnded, 'goodbye')
    if (!this.raw.hasEnded) this.write(frame('', { opcode: CLOSE }))
    await this.#until(() => this.raw.hasEnded, 'nothing more')
    this.raw.socket.end()
    return this.#ending ?? NO_CLOSE_FRAME
  }

  [Symbol.dispose](): void {
    this.raw.destroy()
  }

  async #until(check: () => boolean, what: string): Promise<void> {
    const isThere = () => {
      this.#listen()
      return check()
    }
    await this.raw.until(isThere, () => what)
  }

  #joined(): Buffer {
    if (this.#heard.length > 1) this.#heard = [Buffer.concat(this.#heard)]
    return this.#heard[0] ?? Buffer.alloc(0)
  }

  #take(length: number): string {
    const all = this.#joined()
    this.#heard = [all.subarray(length)]
    return all.subarray(0, length).toString('latin1')
  }

  #listen(): void {
    const arrived = this.raw.take()
    if (arrived.length > 0) this.#rest = Buffer.concat([this.#rest, arrived])
    for (let length = this.#readFrame(); length > 0; length = this.#readFrame())
      this.#rest = this.#rest.subarray(length)
  }

  /** Takes in the first frame; how long it was, 0 when it is not all there. */
  #readFrame(): number {
    const bytes = this.#rest
    if (bytes.length < 2) return 0
    const [first, second] = [bytes[0]!, bytes[1]!]
    assert.equal(second & MASKED, 0, 'servers mask nothing')
    assert.equal(first & 0x30, 0, 'RSV2 and RSV3 mean nothing')
    const lengthBytes = second === 126 ? 3 : second === 127 ? 9 : 1
    const start = 1 + lengthBytes
    if (bytes.length < start) return 0
    const length = second === 126 ? bytes.readUInt16BE(2) : second === 127 ? Number(bytes.readBigUInt64BE(2)) : second
    if (bytes.length < start + length) return 0
    this.#onFrame({
      isFinal: first >= FINAL,
      isCompressed: (first & RSV1) !== 0,
      opcode: first & 0x0f,
      lengthBytes,
      payload: bytes.subarray(start, start + length),
    })
    return start + length
  }

  #onFrame(received: ServerFrame): void {
    const { opcode, payload, isFinal, isCompressed } = received
    assert.ok(this.#ending === undefined || this.mayBeLate, 'nothing comes behind a close frame')
    if (opcode >= CLOSE) {
      assert.deepEqual([isFinal, isCompressed, payload.length < 126], [true, false, true], 'control frames are whole')
      assert.notEqual(opcode, PING, 'servers send no WebSocket pings')
      if (opcode === PONG) this.pongs.push(payload.toString('latin1'))
      else
        this.#ending = {
          code: payload.length < 2 ? undefined : payload.readUInt16BE(),
          reason: payload.toString('utf8', 2),
        }
      return
    }
    this.frames.push(received)
    assert.equal(opcode, this.#message.length === 0 ? BINARY : CONTINUATION)
    assert.ok(this.#message.length === 0 || !isCompressed, 'RSV1 is for the first frame of a message')
    this.#message.push(received)
    if (!isFinal) return
    const body = Buffer.concat(this.#message.map((part) => part.payload))
    this.#heard.push(this.#message[0]!.isCompressed ? inflated(body) : body)
    this.#message = []
  }
}
