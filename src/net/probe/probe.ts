import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Logger } from '#kit'
import type { ConcludeClient } from '../client-conclusion.ts'
import { acceptWebSocket, refuseUpgrade } from '../upgrade.ts'
import { describeArrival } from './arrival.ts'
import { Echo } from './echo.ts'
import { Places } from './places.ts'

/**
 * A request with this header is answered by the probe instead of by who owns its path, and so has gone all the way that
 * the requests of that path go. Values: `headers` (what arrived, as JSON), `websocket` (a WebSocket that sends back what
 * it gets), `stream` (an answer in three parts). Answers carry it as well.
 */
export const PROBE_HEADER = 'Belfry-Probe'

/** From the first part of a streamed answer to the last. */
export const STREAM_MS = 1_000

const HEADER_NAME = PROBE_HEADER.toLowerCase()

const MAX_WEBSOCKETS = 64
const MAX_WEBSOCKETS_PER_ADDRESS = 16
const MAX_STREAMS = 32
const MAX_STREAMS_PER_ADDRESS = 8

/** Bytes. A doctor sends a few words. */
const MAX_MESSAGE_BYTES = 1024
const WRITE_DEADLINE_MS = 10_000

/** Answers of hubs that are streamed have the same: see `ServerSentEventsCarrier`. */
const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-store, no-transform',
  'X-Accel-Buffering': 'no',
} as const

/** The probe as one listener has it, whose rules say who a client is. `true`: the request was one for the probe. */
export interface ListenerProbe {
  takeRequest(request: IncomingMessage, response: ServerResponse): boolean
  takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

/** Takes no request, where the probe is switched off. */
export const NO_PROBE: ListenerProbe = { takeRequest: () => false, takeUpgrade: () => false }

/**
 * The server's side of `belfry doctor`, for all listeners of a server. Anybody may ask it, so it tells nothing but what
 * became of the request itself, and everything that lasts is bounded.
 */
export class Probe {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #webSockets = new Places(MAX_WEBSOCKETS, MAX_WEBSOCKETS_PER_ADDRESS)
  readonly #streams = new Places(MAX_STREAMS, MAX_STREAMS_PER_ADDRESS)
  readonly #echoes = new Set<Echo>()

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock
    this.#logger = logger
  }

  at(conclude: ConcludeClient): ListenerProbe {
    return {
      takeRequest: (request, response) => {
        if (!(HEADER_NAME in request.headers)) return false
        request.resume()
        this.#answer(request, response, conclude)
        return true
      },
      takeUpgrade: (request, socket, head) => {
        if (!(HEADER_NAME in request.headers)) return false
        this.#answerUpgrade(request, { socket, head, conclude })
        return true
      },
    }
  }

  /** Says goodbye to all WebSockets. */
  close(): void {
    for (const echo of this.#echoes) echo.close('the server is shutting down')
  }

  #answer(request: IncomingMessage, response: ServerResponse, conclude: ConcludeClient): void {
    if (request.method !== 'GET') {
      answer(response, 405, ONLY_GET)
      return
    }
    switch (request.headers[HEADER_NAME]) {
      case 'headers':
        answer(response, 200, bodyOf(request, conclude, false))
        break
      case 'websocket':
        // RFC 9110 §15.5.22. What arrived says why this is no upgrade.
        response.setHeader('Upgrade', 'websocket')
        answer(response, 426, bodyOf(request, conclude, false))
        break
      case 'stream':
        this.#stream(response, conclude(request).address)
        break
      default:
        answer(response, 400, UNKNOWN)
    }
  }

  #answerUpgrade(
    request: IncomingMessage,
    { socket, head, conclude }: { readonly socket: Duplex; readonly head: Buffer; readonly conclude: ConcludeClient },
  ): void {
    switch (request.headers[HEADER_NAME]) {
      case 'headers':
        refuseUpgrade(socket, 200, { headers: HEADERS, body: bodyOf(request, conclude, true) })
        break
      case 'websocket':
        this.#echo(request, socket, { head, address: conclude(request).address })
        break
      default:
        refuseUpgrade(socket, 400, { headers: HEADERS, body: UNKNOWN })
    }
  }

  #echo(
    request: IncomingMessage,
    socket: Duplex,
    { head, address }: { readonly head: Buffer; readonly address: string },
  ): void {
    const leave = this.#webSockets.take(address)
    if (leave === undefined) {
      refuseUpgrade(socket, 429, { headers: HEADERS, body: TOO_MANY })
      return
    }
    acceptWebSocket(request, socket, head, {
      clock: this.#clock,
      logger: this.#logger,
      writeDeadlineMs: WRITE_DEADLINE_MS,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      onRefused: leave,
      receiver: (carrier) => {
        const echo = new Echo(carrier, this.#clock, () => {
          this.#echoes.delete(echo)
          leave()
        })
        this.#echoes.add(echo)
        return echo
      },
    })
  }

  /** The second part is there so that who gets two of them at once is told from who gets all at the end. */
  #stream(response: ServerResponse, address: string): void {
    const leave = this.#streams.take(address)
    if (leave === undefined) {
      answer(response, 429, TOO_MANY)
      return
    }
    const timers = [
      this.#clock.after(STREAM_MS / 2, () => response.write('data: 2\n\n')),
      this.#clock.after(STREAM_MS, () => response.end('data: 3\n\n')),
    ]
    response.on('error', () => {}) // It is gone then.
    response.once('close', () => {
      for (const timer of timers) timer.cancel()
      leave()
    })
    response.writeHead(200, { ...STREAM_HEADERS, [PROBE_HEADER]: '1' }).write('data: 1\n\n')
  }
}

const HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  [PROBE_HEADER]: '1',
} as const

const UNKNOWN = JSON.stringify({ error: `${PROBE_HEADER} is headers, websocket or stream` })
const ONLY_GET = JSON.stringify({ error: 'A probe is asked by GET' })
const TOO_MANY = JSON.stringify({ error: 'Too many probes at the same time' })

function bodyOf(request: IncomingMessage, conclude: ConcludeClient, isUpgrade: boolean): string {
  return JSON.stringify(describeArrival(request, conclude(request), isUpgrade))
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Length': Buffer.byteLength(body) }).end(body)
}
