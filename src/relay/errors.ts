import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '#kit'

/** A request that is refused, with the status and, for the one who sent it, the reason. */
export class RelayError extends Error {
  readonly status: number
  /** The member of the body that is wrong, by its name in the official server. */
  readonly field: string | undefined
  override name = 'RelayError'

  constructor(status: number, message = '', field?: string) {
    super(message)
    this.status = status
    this.field = field
  }
}

/** What the framework refuses by itself, in our words: its own may quote the body. */
const FRAMEWORK_ERRORS: Readonly<Record<number, string>> = {
  400: 'The request body is not valid JSON.',
  413: 'The request body is too large.',
  415: 'The Content-Type of the request is not supported.',
}

/** Answers whatever a route threw, in the form of the official server. */
export function errorHandler(logger: Logger) {
  return (error: FastifyError | RelayError, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof RelayError) {
      if (error.status === 401) reply.header('WWW-Authenticate', 'Bearer')
      return reply.code(error.status).send(error.message === '' ? undefined : bodyOf(error))
    }
    const known = FRAMEWORK_ERRORS[error.statusCode ?? 500]
    if (known !== undefined) return reply.code(error.statusCode!).send(bodyOf(new RelayError(0, known)))
    const { url } = request.routeOptions
    logger.error({ method: request.method, route: url, error: error.message, stack: error.stack }, 'request failed')
    return reply.code(500).send(bodyOf(new RelayError(500, 'An error has occurred.')))
  }
}

function bodyOf({ message, field }: RelayError) {
  return {
    message: field === undefined ? message : 'The model state is invalid.',
    validationErrors: field === undefined ? null : { [field]: [message] },
    exceptionMessage: null,
    exceptionStackTrace: null,
    innerExceptionMessage: null,
    object: 'error',
  }
}
