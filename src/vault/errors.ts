/** HTTP statuses of what an API request can do wrong. 401 and 403 log a client out, so item rights are never either. */
export const STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  REQUEST_TIMEOUT: 408,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const

export type ApiErrorCode = keyof typeof STATUS

/** A request that cannot be done, with the text its user reads and, where one is at fault, the field's name. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly field: string
  override name = 'ApiError'

  constructor(code: ApiErrorCode, message = '', field = '') {
    super(message)
    this.code = code
    this.field = field
  }
}

/** Several faults in one body, each under the name of the place where it is. */
export class ModelStateError extends ApiError {
  readonly faults: Readonly<Record<string, readonly string[]>>

  constructor(faults: Readonly<Record<string, readonly string[]>>) {
    super('BAD_REQUEST', 'The model state is invalid.')
    this.faults = faults
  }
}

/** The usual failure: 400 with a text. Also for what is not there and what is not the user's own. */
export function badRequest(message: string, field = ''): ApiError {
  return new ApiError('BAD_REQUEST', message, field)
}

/** Bitwarden's error body. Clients show the first validation error, or the message of `errorModel`. */
export function envelope(message: string, field = '') {
  return {
    message,
    validationErrors: { [field]: [message] },
    errorModel: { message, object: 'error' },
    error: '',
    error_description: '',
    exceptionMessage: null,
    exceptionStackTrace: null,
    innerExceptionMessage: null,
    object: 'error',
  }
}

/** The bodies that Vaultwarden's web framework makes by itself, which have another form. */
export const UNAUTHORIZED_BODY = {
  error: { code: 401, reason: 'Unauthorized', description: 'The request requires a valid access token.' },
}
export const NOT_FOUND_BODY = {
  error: { code: 404, reason: 'Not Found', description: 'The requested resource could not be found.' },
}
