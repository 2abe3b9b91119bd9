import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from '#kit'
import { bearerToken, readBody, requestTarget } from '#net'
import { readAppMessage } from './app-message.ts'
import { type AppSubjects, ID_RULES, isHubId } from './app-subjects.ts'
import type { AppTokens } from './app-tokens.ts'
import type { AppPublisher } from './publisher.ts'

export interface PublishRequestsOptions {
  /** Of the hub, such as `/hubs/chat`: what is published to lies below it. */
  readonly path: string
  readonly tokens: AppTokens
  readonly subjects: AppSubjects
  readonly publisher: AppPublisher
  /** Of a body. */
  readonly maxMessageBytes: number
  /** For what strangers cause: it is bounded. */
  readonly logger: Logger
}

/** What a path below that of the hub stands for. */
type Place =
  | { readonly kind: 'audience'; readonly subject: string }
  | { readonly kind: 'membership'; readonly user: string; readonly group: string }

/** An answer that ends the request before its end. */
class Objection extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/**
 * `POST` to `all`, `users/{id}` and `groups/{name}` below the path of a hub, and `PUT` and `DELETE` to
 * `groups/{name}/users/{id}`, for those who have one of its keys.
 */
export class PublishRequests {
  readonly #options: PublishRequestsOptions

  constructor(options: PublishRequestsOptions) {
    this.#options = options
  }

  readonly onRequest: RequestListener = (request, response) => {
    this.#serve(request).then(
      () => response.writeHead(202, { 'Content-Length': 0 }).end(),
      (error: unknown) => this.#refuse(response, error),
    )
  }

  async #serve(request: IncomingMessage): Promise<void> {
    const { publisher } = this.#options
    const place = this.#placeOf(request)
    const methods = place.kind === 'audience' ? ['POST'] : ['PUT', 'DELETE']
    if (!methods.includes(request.method ?? '')) {
      throw new Objection(405, `Here only ${methods.join(' and ')} will do.`, { Allow: methods.join(', ') })
    }
    if (!(await this.#mayPublish(request))) throw new Objection(401, 'Unauthorized.', { 'WWW-Authenticate': 'Bearer' })
    if (place.kind === 'membership') {
      const { user, group } = place
      publisher.change({ action: request.method === 'PUT' ? 'join' : 'leave', user, group })
    } else {
      publisher.publish(place.subject, await this.#message(request))
    }
  }

  #placeOf(request: IncomingMessage): Place {
    const { path, subjects } = this.#options
    const segments = requestTarget(request).path.slice(`${path}/`.length).split('/')
    const [kind, id = '', inner, user = ''] = segments.map(decoded)
    if (kind === 'all' && segments.length === 1) return { kind: 'audience', subject: subjects.all }
    if (kind === 'users' && segments.length === 2) return { kind: 'audience', subject: subjects.user(id) ?? notUser() }
    if (kind === 'groups' && segments.length === 2) {
      return { kind: 'audience', subject: subjects.group(id) ?? notGroup() }
    }
    if (kind !== 'groups' || inner !== 'users' || segments.length !== 4) throw new Objection(404, 'Not found.')
    if (!isHubId(id)) notGroup()
    if (!isHubId(user)) notUser()
    return { kind: 'membership', group: id, user }
  }

  /** Keys and tokens in a query would stand in the logs of proxies. */
  async #mayPublish(request: IncomingMessage): Promise<boolean> {
    const token = bearerToken(request)
    return token !== undefined && (await this.#options.tokens.mayPublish(token))
  }

  /** A body that is a message. */
  async #message(request: IncomingMessage): Promise<Buffer> {
    const { maxMessageBytes } = this.#options
    const body = await readBody(request, maxMessageBytes)
    if (body === undefined) throw new Objection(413, `The message has more than ${maxMessageBytes} bytes.`)
    const message = readAppMessage(body)
    if (typeof message === 'string') throw new Objection(400, message)
    return body
  }

  #refuse(response: ServerResponse, error: unknown): void {
    // The client went away in the middle of what it said.
    if (response.destroyed) return
    const { logger } = this.#options
    if (error instanceof Objection) logger.info({ status: error.status, reason: error.message }, 'hub message refused')
    else logger.error({ error }, 'hub message failed')
    const { status, message, headers } =
      error instanceof Objection ? error : new Objection(500, 'An error has occurred.')
    const body = JSON.stringify({ error: message })
    response
      .writeHead(status, { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
      .end(body)
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Objection(400, 'The path is not percent-encoded UTF-8.')
  }
}

function notUser(): never {
  throw new Objection(400, `This cannot be the id of a user: ${ID_RULES}.`)
}

function notGroup(): never {
  throw new Objection(400, `This cannot be the name of a group: ${ID_RULES}.`)
}
