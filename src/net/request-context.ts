import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** By which the client finds its request in our log. */
export const REQUEST_ID_HEADER = 'X-Request-Id'

/** Once it is answered, or gone without an answer. */
export interface RequestEnd {
  /** HTTP; `undefined`: the client went away, or was cut, before it had the whole answer. */
  readonly status: number | undefined
}

/**
 * What is known of an HTTP request while it is answered, for the log and for whoever counts. Whatever runs because of the
 * request finds it by `currentRequest`, however deep: nobody has to hand it down. That ends with the answer, since much
 * of what a request begins outlives it and serves others (timers, connections of a pool); work that is still about the
 * request takes a `hold`.
 */
export class RequestContext {
  readonly id: string
  /** The pattern of its path, never the path itself: that holds ids. `undefined` where nothing of ours is. */
  route: string | undefined
  userId: string | undefined
  deviceId: string | undefined
  /** Given up with the end: what it knows of the request would stay as long as anything that began in it. */
  #onEnd: ((end: RequestEnd) => void) | undefined
  #holds = 1

  constructor(id: string, onEnd: (end: RequestEnd) => void = () => {}) {
    this.id = id
    this.#onEnd = onEnd
  }

  get isOver(): boolean {
    return this.#holds === 0
  }

  /** Only the first counts. */
  end(end: RequestEnd): void {
    const onEnd = this.#onEnd
    if (onEnd === undefined) return
    this.#onEnd = undefined
    onEnd(end)
    this.#holds--
  }

  /** Keeps it going beyond its answer; what is returned lets it go, and is to be called once. */
  hold(): () => void {
    this.#holds++
    return () => void this.#holds--
  }
}

const CONTEXT = Symbol('request context')
type InContext = IncomingMessage & { [CONTEXT]?: RequestContext }

const current = new AsyncLocalStorage<RequestContext>()

/** The request that what runs now is about; `undefined` when it is about none, or that is over. */
export function currentRequest(): RequestContext | undefined {
  const context = current.getStore()
  return context?.isOver ? undefined : context
}

/** Does something that is about no request, whichever it happens in: begins a timer that serves others, say. */
export function outsideRequests<T>(work: () => T): T {
  return current.exit(work)
}

/** Gives a request its context, and answers it there. */
export function answerInContext(request: IncomingMessage, context: RequestContext, answer: () => void): void {
  ;(request as InContext)[CONTEXT] = context
  current.run(context, answer)
}

/** `undefined` for a request of somebody else's listener, or of a test. */
export function contextOf(request: IncomingMessage): RequestContext | undefined {
  return (request as InContext)[CONTEXT]
}

/**
 * Tells the client the id, for who answers without Fastify. An answer of Fastify gets it among the others of its headers:
 * Node takes those as they are only while nobody has set one before, and checks each by itself otherwise.
 */
export function tellRequestId(request: IncomingMessage, response: ServerResponse): void {
  const context = contextOf(request)
  if (context !== undefined) response.setHeader(REQUEST_ID_HEADER, context.id)
}

/** Says which route a request is for, by its pattern as Fastify has it: `/folders/:id(^[0-9a-f-]{36}$)` is `/folders/:id`. */
export function nameRoute(request: IncomingMessage, pattern: string | undefined): void {
  const context = contextOf(request)
  if (context === undefined) return
  if (pattern === undefined || !pattern.includes('(')) {
    context.route = pattern
    return
  }
  let name = shortNames.get(pattern)
  if (name === undefined) {
    name = pattern.replace(/\(.*?\$\)/g, '')
    shortNames.set(pattern, name)
  }
  context.route = name
}

/** By pattern, of which there are as many as routes. */
const shortNames = new Map<string, string>()

/**
 * Goes on in the context of a request. What Node calls when the body arrives it calls for the connection, which knows of
 * no request.
 */
export function continueInContext(request: IncomingMessage, work: () => void): void {
  const context = contextOf(request)
  if (context === undefined) work()
  else current.run(context, work)
}
