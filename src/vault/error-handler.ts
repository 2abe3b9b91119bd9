import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Logger } from '#kit'
import { contextOf } from '#net'
import { ApiError, type ApiErrorCode, envelope, ModelStateError, STATUS, UNAUTHORIZED_BODY } from './errors.ts'
import { TokenRefusal } from './token-refusal.ts'

/** What the framework and the store refuse by themselves, in our words: their own may quote the body. */
const FOREIGN_ERRORS: Record<string, readonly [ApiErrorCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['PAYLOAD_TOO_LARGE', 'The request body is too large.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UNSUPPORTED_MEDIA_TYPE', 'The Content-Type of the request is not supported.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['BAD_REQUEST', 'The request body does not have the length it announced.'],
  // Of the store.
  FILE_TOO_LARGE: ['PAYLOAD_TOO_LARGE', 'The file is too large.'],
  DATABASE_UNAVAILABLE: ['UNAVAILABLE', 'The server cannot reach its database. Try again in a moment.'],
  ENOSPC: ['UNAVAILABLE', 'The server has no room left for files.'],
  EDQUOT: ['UNAVAILABLE', 'The server has no room left for files.'],
  UNSTORABLE_VALUE: ['BAD_REQUEST', 'The request holds a character or a number that cannot be stored.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['BAD_REQUEST', 'The request body is not valid JSON.'],
}

const UNREAD: ReadonlySet<ApiErrorCode> = new Set(['PAYLOAD_TOO_LARGE', 'REQUEST_TIMEOUT'])

/** Answers whatever a route threw, in the form clients read. */
export function errorHandler(logger: Logger) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof TokenRefusal) return reply.code(error.status).send(error.body)
    const answer = toApiError(error)
    // What a route says itself it has thought of.
    if (STATUS[answer.code] >= 500 && answer !== error) {
      const route = request.routeOptions.url
      logger.error({ method: request.method, route, error: error.message, stack: error.stack }, 'request failed')
    }
    reply.code(STATUS[answer.code])
    // The rest of what was too much, or too slow, is not waited for.
    if (UNREAD.has(answer.code)) reply.header('Connection', 'close')
    if (answer.code === 'UNAUTHORIZED') return reply.header('WWW-Authenticate', 'Bearer').send(UNAUTHORIZED_BODY)
    const body = envelope(withId(answer, request), answer.field)
    return reply.send(answer instanceof ModelStateError ? { ...body, validationErrors: answer.faults } : body)
  }
}

/** What the server failed its user can tell the operator of, who finds it in the log. */
function withId({ code, message }: ApiError, { raw }: FastifyRequest): string {
  const id = STATUS[code] >= 500 ? contextOf(raw)?.id : undefined
  return id === undefined ? message : `${message} (request ${id})`
}

function toApiError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error
  const invalid = error.validation?.[0]
  if (invalid) return invalidField(invalid, error.validationContext)
  const known = FOREIGN_ERRORS[error.code] ?? (error.statusCode === 400 && FOREIGN_ERRORS.FST_ERR_CTP_INVALID_JSON_BODY)
  return known ? new ApiError(...known) : new ApiError('INTERNAL', 'An error has occurred on the server.')
}

/** Checks what the framework did not, as it would: throws the ApiError of the first field that is wrong. */
export function checker<Schema extends TSchema>(
  request: Pick<FastifyRequest, 'compileValidationSchema'>,
  schema: Schema,
): (value: unknown) => Static<Schema> {
  const isValid = request.compileValidationSchema(schema)
  return (value) => {
    if (!isValid(value)) throw invalidField(isValid.errors![0]!)
    return value as Static<Schema>
  }
}

/** `/fields/0/type` with 'must be integer' becomes 'fields[0].type must be integer'. */
function invalidField(invalid: FastifySchemaValidationError, context = 'body'): ApiError {
  const missing = invalid.params.missingProperty
  const steps = invalid.instancePath.split('/').slice(1).map(unescapePointer)
  if (typeof missing === 'string') steps.push(missing)
  const field = steps
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('')
  const reason = typeof missing === 'string' ? 'is required' : reasonOf(invalid)
  const name = field === '' ? context : field
  return new ApiError('BAD_REQUEST', `${name} ${reason.replace(',', ' or ')}`, name)
}

/** What a pattern asks for is nothing that a person can read. */
function reasonOf({ keyword, message }: FastifySchemaValidationError): string {
  return keyword === 'pattern' ? 'does not have the form it should have' : (message ?? 'is not valid')
}

/** RFC 6901 §4. */
const unescapePointer = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
