/** A web server that can be told to do something else than its work. */
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { freePort } from './processes.ts'

/** A request with its whole body. */
export interface ReceivedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * What it does instead of its work: another answer; what is no HTTP; an end of the connection by RST; nothing until
 * `release`, when it goes on with its work; or the work, and then RST instead of its answer, or an answer that never ends.
 */
export type Trouble = Answer | 'garbage' | 'endless body' | 'reset' | 'held' | 'unanswered'

export interface UnrulyServerOptions {
  /** PEM. Default: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** What it does with this request instead of its work; asked once its body is there. */
  readonly troubleWith: (request: ReceivedRequest) => Trouble | undefined
  readonly work: (request: ReceivedRequest) => Answer | Promise<Answer>
  /** Told of what went wrong where no request is to blame. */
  readonly failed: (error: unknown) => void
}

const MAX_BODY_BYTES = 1024 * 1024
const PIECE = Buffer.alloc(16 * 1024, 'x')

/** Listens on one port of 127.0.0.1 for all its life, with interruptions. */
export class UnrulyServer implements AsyncDisposable {
  readonly #options: UnrulyServerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held: (() => void)[] = []
  #port = 0
  #connections = 0

  static async start(options: UnrulyServerOptions): Promise<UnrulyServer> {
    const server = new UnrulyServer(options)
    // None of the ports that the system hands out: one that is let go of must still be free when it is wanted again.
    for (let attempt = 1; server.#port === 0; attempt++) {
      const port = await freePort()
      await server.#listen(port).then(
        () => {
          server.#port = port
        },
        (error: unknown) => {
          if (attempt === 5) throw error
        },
      )
    }
    return server
  }

  private constructor(options: UnrulyServerOptions) {
    this.#options = options
    const listener: RequestListener = (request, response) => void this.#serve(request, response)
    this.#server = options.tls ? createHttpsServer(options.tls, listener) : createHttpServer(listener)
    this.#server.on('connection', (socket: Socket) => {
      this.#connections++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined)
    })
  }

  get port(): number {
    return this.#port
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#connections
  }

  /** Requests that wait for `release`. */
  get heldCount(): number {
    return this.#held.length
  }

  /** Goes on with the requests that were held and whose clients have not given up. */
  release(): void {
    for (const goOn of this.#held.splice(0)) goOn()
  }

  /** Ends all connections and refuses new ones, until `listenAgain`. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    this.#held.length = 0
    await closed
  }

  async listenAgain(): Promise<void> {
    await this.#listen(this.#port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse()
  }

  #listen(port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject).listen(port, '127.0.0.1', () => {
      this.#server.off('error', reject)
      resolve()
    })
    return promise
  }

  /** A socket of TLS cannot send an RST, the one below it can. */
  #reset({ remotePort }: Socket): void {
    for (const socket of this.#sockets) if (socket.remotePort === remotePort) socket.resetAndDestroy()
  }

  async #serve(...[request, response]: Parameters<RequestListener>): Promise<void> {
    const { socket, method = '', url: path = '', headers } = request
    response.on('error', () => undefined)
    try {
      const body = await read(request)
      // Its client gave up while it was still sending.
      if (body === undefined) return
      const received = { method, path, headers, body }
      const trouble = this.#options.troubleWith(received)
      if (trouble === 'reset') return this.#reset(socket)
      if (trouble === 'garbage') return void socket.end('\u0000\u0001 this is no HTTP\r\n\r\n')
      if (trouble === 'held') await new Promise<void>((resolve) => this.#held.push(resolve))
      if (socket.destroyed) return
      const isAnswer = typeof trouble === 'object'
      const answer = isAnswer ? trouble : await this.#options.work(received)
      if (trouble === 'unanswered') return this.#reset(socket)
      if (trouble === 'endless body') return endlessly(response, answer)
      response.writeHead(answer.status, { 'Content-Length': Buffer.byteLength(answer.body ?? ''), ...answer.headers })
      response.end(answer.body)
    } catch (error) {
      this.#options.failed(error)
      socket.destroy()
    }
  }
}

/** The whole body; undefined when it never comes to its end. */
async function read(request: Parameters<RequestListener>[0]): Promise<Buffer | undefined> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      length += piece.length
      if (length > MAX_BODY_BYTES) throw new RangeError(`a body of more than ${MAX_BODY_BYTES} bytes`)
      pieces.push(piece)
    }
  } catch (error) {
    if (error instanceof RangeError) throw error
    return undefined
  }
  return Buffer.concat(pieces)
}

function endlessly(response: Parameters<RequestListener>[1], { status, headers, body }: Answer): void {
  response.writeHead(status, headers).write(body ?? 'x')
  const more = () => {
    while (!response.destroyed && response.write(PIECE));
  }
  response.on('drain', more)
  more()
}
