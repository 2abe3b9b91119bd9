import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Clock, Logger } from '#kit'
import { type Carrier, type MessageReceiver, readBody } from '#net'
import type { ConnectionOptions, ConnectionRules } from '../connection/connection-rules.ts'
import { type Guest, isRefusal, type Refusal } from '../hub.ts'
import { LongPollingCarrier } from '../transports/long-polling.ts'
import type { Outcome } from '../transports/posted-messages.ts'
import { ServerSentEventsCarrier } from '../transports/server-sent-events.ts'
import { FOREIGN_ORIGIN } from './admission.ts'
import { answerJson, answerText, type Objection, refuseRequest } from './answers.ts'
import { negotiateAnswer, readNegotiateRequest } from './negotiate.ts'
import type { Negotiation, Negotiations } from './negotiations.ts'
import { answerPreflight, shareWithOrigin } from './origins.ts'
import { queryParameter } from './query.ts'

// ASP.NET's words. spec: hub §1.2
export const NO_SUCH_CONNECTION: Objection = { status: 404, text: 'No Connection with that ID' }
export const ALREADY_ACTIVE: Objection = { status: 409, text: '' }
export const OTHER_TRANSPORT: Objection = { status: 400, text: 'Cannot change transports mid-connection' }
/** Apps come back every few minutes, and strangers as often as they like. */
const PROXY_WARNING_INTERVAL_MS = 10 * 60_000

const ID_REQUIRED: Objection = { status: 400, text: 'Connection ID required' }
const NO_POSTS: Objection = { status: 405, text: 'POST requests are not allowed for WebSocket connections.' }
const NO_DELETE: Objection = { status: 400, text: 'Cannot terminate this connection using the DELETE endpoint.' }
/** To what a client says. */
const ANSWERS: Readonly<Record<Outcome, Objection>> = {
  taken: { status: 200, text: '' },
  'too long': { status: 413, text: '' },
  'too many': { status: 429, text: '' },
  closed: NO_SUCH_CONNECTION,
}
/** Of what a client says before it has a transport, which is a handshake; bytes. */
const MAX_EARLY_BYTES = 4_096
const ENDED: Objection = { status: 202, text: '' }

/** Text only. */
const EVENTS: ConnectionOptions = { transport: 'ServerSentEvents', carriesBinary: false }
const POLLING: ConnectionOptions = { transport: 'LongPolling', keepsAlive: true }

const METHODS = 'GET, POST, DELETE, OPTIONS'
const NEGOTIATE_METHODS = 'POST, OPTIONS'

/** Whose client has come, and who it is. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly guest: Guest
  readonly negotiation: Negotiation
}

/** What requests need of the endpoint they are for. */
export interface RequestDesk {
  readonly negotiations: Negotiations
  readonly rules: Pick<ConnectionRules, 'clientTimeoutMs'>
  readonly clock: Clock
  readonly logger: Logger
  readonly writeDeadlineMs: number
  /** Of what a client says; bytes. */
  readonly maxMessageBytes: number
  /** Whether a page has sent it that may not. */
  isForeign(request: IncomingMessage): boolean
  /** Somebody gets no connection. */
  onRefused(refusal: Refusal): void
  /** Counts a connection in. */
  enter(request: IncomingMessage): (() => void) | Refusal
  /** `undefined`: the client went away meanwhile. */
  admit(request: IncomingMessage): Promise<Guest | Refusal | undefined>
  /** The same for somebody who has no connection yet. */
  admitNewcomer(request: IncomingMessage): Promise<Guest | Refusal | undefined>
  /** Makes a connection of a negotiated one, whose client has come by another way than a WebSocket. */
  connect(arrival: Arrival, carrier: Carrier, options: ConnectionOptions): MessageReceiver
}

/** A request without an upgrade: negotiation, Server-Sent Events, long polling, and what their clients say. */
export class HubRequests {
  readonly #desk: RequestDesk
  #hasWarned = false

  constructor(desk: RequestDesk) {
    this.#desk = desk
  }

  /** For the path of the hub. */
  readonly onConnectRequest: RequestListener = (request, response) => {
    this.#receive(request, response, METHODS, () => this.#serve(request, response))
  }

  /** For the path below it. */
  readonly onNegotiateRequest: RequestListener = (request, response) => {
    this.#receive(request, response, NEGOTIATE_METHODS, () => this.#negotiate(request, response))
  }

  #receive(request: IncomingMessage, response: ServerResponse, methods: string, serve: () => Promise<void>): void {
    const { isForeign, logger } = this.#desk
    if (isForeign(request)) {
      this.#refuse(response, FOREIGN_ORIGIN)
      return
    }
    shareWithOrigin(request, response)
    const { method = '' } = request
    if (method === 'OPTIONS') answerPreflight(request, response, methods)
    else if (!methods.split(', ').includes(method)) {
      response.setHeader('Allow', methods)
      answerText(response, { status: 405, text: '' })
    } else {
      serve().catch((error: unknown) => {
        logger.error({ error }, 'hub request failed')
        if (response.headersSent) response.destroy()
        else refuseRequest(response, { status: 500, message: 'Internal server error' })
      })
    }
  }

  #refuse(response: ServerResponse, refusal: Refusal): void {
    this.#desk.onRefused(refusal)
    refuseRequest(response, refusal)
  }

  async #negotiate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { enter, admitNewcomer, negotiations } = this.#desk
    const leave = enter(request)
    if (typeof leave === 'object') {
      this.#refuse(response, leave)
      return
    }
    let negotiation: Negotiation | undefined
    try {
      const guest = await admitNewcomer(request)
      if (guest === undefined) return
      const wanted = readNegotiateRequest(request)
      if (isRefusal(guest)) this.#refuse(response, guest)
      else if (typeof wanted === 'string') answerJson(response, JSON.stringify({ error: wanted }))
      else {
        negotiation = negotiations.open({ ...wanted, guest, leave })
        answerJson(response, negotiateAnswer(wanted, negotiation))
      }
    } finally {
      if (negotiation === undefined) leave()
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = queryParameter(request, 'id')
    // Said before anybody is asked for a token: it tells whoever set up a proxy that it has lost the upgrade's headers.
    if (id === undefined) {
      if (request.headers['sec-websocket-key'] !== undefined) this.#warnOfProxy()
      answerText(response, ID_REQUIRED)
      return
    }
    const guest = await this.#desk.admit(request)
    if (guest === undefined) return
    if (isRefusal(guest)) {
      this.#refuse(response, guest)
      return
    }
    const negotiation = this.#desk.negotiations.findFor(guest, id)
    if (negotiation === undefined) answerText(response, NO_SUCH_CONNECTION)
    else if (request.method === 'POST') await this.#take(request, response, negotiation)
    else if (request.method === 'DELETE') this.#end(response, negotiation)
    else if (acceptsEvents(request)) this.#stream({ request, guest, negotiation }, response)
    else this.#poll({ request, guest, negotiation }, response)
  }

  /** What every WebSocket client sends, and proxies pass on, has arrived without what they drop. */
  #warnOfProxy(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    const { clock, logger } = this.#desk
    clock.after(PROXY_WARNING_INTERVAL_MS, () => {
      this.#hasWarned = false
    })
    const todo = 'have the proxy pass the headers Upgrade and Connection on, by HTTP/1.1'
    logger.warn({ todo }, 'WebSocket request without its upgrade')
  }

  /** What a client says. */
  async #take(request: IncomingMessage, response: ServerResponse, negotiation: Negotiation): Promise<void> {
    const { taken } = negotiation
    if (taken === undefined) {
      await this.#keep(request, response, negotiation)
      return
    }
    if (taken.transport === 'WebSockets') {
      answerText(response, NO_POSTS)
      return
    }
    const { carrier } = taken
    try {
      const outcome = await carrier.posted.take(request)
      if (outcome === 'too long' || outcome === 'too many') carrier.fail(new Error(`messages: ${outcome}`))
      answerText(response, ANSWERS[outcome])
    } catch (error) {
      if (response.destroyed) return // The client went away in the middle of it.
      // A bug of ours, which costs this connection and no other.
      carrier.destroy()
      throw error
    }
  }

  /** Python's `signalrcore` shakes hands before its first poll, and waits until that is taken, as it is by ASP.NET. */
  async #keep(request: IncomingMessage, response: ServerResponse, negotiation: Negotiation): Promise<void> {
    const body = await readBody(request, MAX_EARLY_BYTES).catch(() => undefined)
    if (response.destroyed) return
    const { early, taken } = negotiation
    if (body === undefined || early.length + body.length > MAX_EARLY_BYTES) {
      answerText(response, ANSWERS['too long'])
      return
    }
    if (taken === undefined) negotiation.early = Buffer.concat([early, body])
    else if (taken.transport !== 'WebSockets') taken.carrier.posted.add(body)
    answerText(response, ANSWERS.taken)
  }

  #end(response: ServerResponse, { taken }: Negotiation): void {
    if (taken?.transport === 'LongPolling') taken.carrier.leave()
    answerText(response, taken?.transport === 'LongPolling' ? ENDED : NO_DELETE)
  }

  #stream(arrival: Arrival, response: ServerResponse): void {
    const { negotiation } = arrival
    const { taken } = negotiation
    if (taken !== undefined) {
      answerText(response, taken.transport === 'ServerSentEvents' ? ALREADY_ACTIVE : OTHER_TRANSPORT)
      return
    }
    const { negotiations, connect } = this.#desk
    const carrier = new ServerSentEventsCarrier(response, this.#desk, (sse) => connect(arrival, sse, EVENTS))
    negotiations.take(negotiation, { transport: 'ServerSentEvents', carrier })
    carrier.posted.add(negotiation.early)
  }

  #poll(arrival: Arrival, response: ServerResponse): void {
    const { negotiation } = arrival
    const { taken } = negotiation
    if (taken?.transport === 'LongPolling') {
      taken.carrier.poll(response)
    } else if (taken !== undefined) {
      answerText(response, OTHER_TRANSPORT)
    } else {
      const { rules, negotiations, connect } = this.#desk
      const options = { ...this.#desk, maxAbsenceMs: rules.clientTimeoutMs }
      const carrier = new LongPollingCarrier(response, options, (polling) => connect(arrival, polling, POLLING))
      negotiations.take(negotiation, { transport: 'LongPolling', carrier })
      carrier.posted.add(negotiation.early)
    }
  }
}

function acceptsEvents({ headers }: IncomingMessage): boolean {
  return /(?:^|,)\s*text\/event-stream\s*(?:[;,]|$)/i.test(headers.accept ?? '')
}
