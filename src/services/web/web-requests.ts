import type { IncomingMessage, RequestListener } from 'node:http'
import type { Options } from '#config'
import type { Logger } from '#kit'
import {
  answerInContext,
  type PathHandlers,
  peerAddress,
  RequestContext,
  type RequestEnd,
  RequestIds,
  saneRequestId,
  type UpgradeHandler,
} from '#net'
import type { WebClients } from './web-clients.ts'

/** A request of a web listener that is answered, or whose client went away before it was. */
export interface AnsweredRequest {
  readonly method: string
  /** The pattern of its path; `undefined` for a path that is nobody's. */
  readonly route: string | undefined
  /** HTTP; 101 for one that became a WebSocket. `undefined`: nobody waited for the whole answer. */
  readonly status: number | undefined
  readonly ms: number
}

export interface WebRequestTools {
  readonly clients: WebClients
  readonly logger: Logger
  /** Told of every request. */
  readonly onAnswered?: ((request: AnsweredRequest) => void) | undefined
}

/**
 * Gives every request of the web listeners an id: one of ours, or that of a trusted proxy. Who answers tells the client
 * (`tellRequestId`), and what is logged because of the request carries it (`RequestContext`). When it is over there is a line
 * about it, by `log_requests`.
 */
export class WebRequests {
  readonly #tools: WebRequestTools
  readonly #ids = new RequestIds()
  readonly #mayName: (request: IncomingMessage) => boolean
  readonly #log: (request: AnsweredRequest, fields: () => object) => void

  constructor({ log }: Pick<Options, 'log'>, tools: WebRequestTools) {
    this.#tools = tools
    // Who is not believed about addresses is not believed about names either.
    this.#mayName = (request) => tools.clients.isTrusted(peerAddress(request))
    this.#log = lineWriter(log.requests, tools.logger)
  }

  /** What `handlers` do, with an id. */
  wrap({ onRequest, onUpgrade }: Required<PathHandlers>): Required<PathHandlers> {
    return { onRequest: this.#onRequest(onRequest), onUpgrade: this.#onUpgrade(onUpgrade) }
  }

  #onRequest(answer: RequestListener): RequestListener {
    return (request, response) => {
      const context = this.#contextOf(request)
      response.once('close', () => {
        context.end({ status: response.writableFinished ? response.statusCode : undefined })
      })
      answerInContext(request, context, () => answer(request, response))
    }
  }

  #onUpgrade(answer: UpgradeHandler): UpgradeHandler {
    return (request, socket, head) => {
      const context = this.#contextOf(request, () => socket.off('close', onGone))
      // Who answers ends it; this is for a client that goes away before. A WebSocket keeps nothing of its request.
      const onGone = () => context.end({ status: undefined })
      socket.once('close', onGone)
      answerInContext(request, context, () => answer(request, socket, head))
    }
  }

  #contextOf(request: IncomingMessage, onEnd?: () => void): RequestContext {
    const startMs = performance.now()
    const given = request.headers['x-request-id']
    const named = given !== undefined && this.#mayName(request) ? saneRequestId(given) : undefined
    // Asked now: the connection may be gone when it is over.
    const address = this.#tools.clients.address(request)
    const context: RequestContext = new RequestContext(named ?? this.#ids.next(), ({ status }: RequestEnd) => {
      onEnd?.()
      const { method = '' } = request
      const { route, userId, deviceId } = context
      const answered = { method, route, status, ms: Math.round((performance.now() - startMs) * 10) / 10 }
      this.#tools.onAnswered?.(answered)
      this.#log(answered, () => ({ requestId: context.id, address, userId, deviceId }))
    })
    return context
  }
}

/**
 * What the server failed is an error. The rest is news only to who asks for it: apps that ask with an old token get a 401
 * every hour, and that is as it should be.
 */
function lineWriter(logged: Options['log']['requests'], logger: Logger): (...line: LineParts) => void {
  if (logged === 'none') return () => {}
  const log = logger.child({ room: 'web' })
  return ({ method, route = 'none', status, ms }, more) => {
    const fields = { method, route, status: status ?? 'aborted', ms, ...more() }
    if (status !== undefined && status >= 500) log.error(fields, 'request failed by the server')
    else if (logged === 'all') log.info(fields, 'request')
    else log.debug(fields, 'request')
  }
}

type LineParts = [request: AnsweredRequest, more: () => object]
