import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type Logger, ProtocolError } from '#kit'
import { bearerToken, readBody } from '#net'
import { canonicalNotification, caselessMembers, encodeNotification, subjectFor } from '#notify'

/** Longest body; bytes. A notification has some 500, and 43 more for each of its collections. */
const MAX_BODY_BYTES = 1024 * 1024

export interface SendOptions {
  /**
   * Whether the server may post notifications that shows this token; undefined for what is no token of anybody. Rejects
   * when that cannot be told.
   */
  readonly maySend: (token: string) => Promise<boolean | undefined>
  /** In account `VAULT`. */
  readonly publish: (subject: string, payload: Buffer) => void
  readonly logger: Logger
}

/**
 * `POST /send`, by which the services of an official server hand over what devices shall be told, as its Notifications
 * service has it. spec: hub §5.1
 */
export function sendHandler(options: SendOptions): RequestListener {
  return (request, response) => {
    answer(request, response, options).catch((error: Error) => {
      // Whoever went away before the end of its request needs no answer.
      if (!request.complete) response.destroy()
      else {
        options.logger.error({ error: error.message, stack: error.stack }, 'notification could not be taken')
        refuse(response, 500, 'An error has occurred.')
      }
    })
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: SendOptions): Promise<void> {
  const { maySend, publish, logger } = options
  if (request.method !== 'POST') return refuse(response, 405, 'Only POST is answered here.', { Allow: 'POST' })
  const token = bearerToken(request)
  const permission = token === undefined ? undefined : await maySend(token).catch((error: Error) => error)
  if (permission instanceof Error) {
    logger.error({ error: permission.message }, 'token of a notification could not be checked')
    return refuse(response, 503, 'The token cannot be checked at the moment.')
  }
  if (permission === undefined) return refuse(response, 401, 'Unauthorized.', { 'WWW-Authenticate': 'Bearer' })
  if (!permission) return refuse(response, 403, 'The token is not good for this.')

  const body = await readBody(request, MAX_BODY_BYTES)
  if (body === undefined) return refuse(response, 413, `The body has more than ${MAX_BODY_BYTES} bytes.`)
  try {
    publishFrom(body, publish, logger)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    logger.warn({ reason: error.message }, 'notification refused')
    return refuse(response, 400, error.message)
  }
  response.writeHead(200, { 'Content-Length': 0 }).end()
}

/** Nothing for a blank body. Throws a `ProtocolError` that says what is wrong. */
function publishFrom(body: Buffer, publish: SendOptions['publish'], logger: Logger): void {
  const text = textOf(body)
  if (text.trim() === '') return
  const given = parsed(text)
  // .NET makes no notification of it either.
  if (given === null) return
  const member = caselessMembers(given)
  if (member === undefined) throw new ProtocolError('INVALID_NOTIFICATION', 'Notification is not an object')
  const type = member('Type')
  const canonical = canonicalNotification({ type, payload: member('Payload'), contextId: member('ContextId') })
  if (canonical === undefined) {
    logger.warn({ type }, 'notification of an unknown type dropped')
    return
  }
  const { notification, audience, name } = canonical
  publish(subjectFor(audience, name), encodeNotification(notification))
}

/** UTF-8, with or without a byte order mark. */
function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new ProtocolError('INVALID_NOTIFICATION', 'Notification is not UTF-8')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // V8's own words quote the text.
    throw new ProtocolError('INVALID_NOTIFICATION', 'Notification is not JSON')
  }
}

/** The official server's services log what they are told this way. What was not read of the request is not read any more. */
function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify({ object: 'error', message }))
  response
    .writeHead(status, {
      ...headers,
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': body.length,
      ...(response.req.complete ? {} : { Connection: 'close' }),
    })
    .end(body)
}
