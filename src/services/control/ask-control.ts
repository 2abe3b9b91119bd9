import http from 'node:http'
import { ConfigError } from '#kit'

/** The longest that the system takes for a socket, without the NUL at its end (Linux: sun_path of 108). Bytes. */
export const MAX_PATH_BYTES = 107

/** Longest answer that is read: a reload that closes many connections has a line for each. Bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export interface ControlQuestion {
  /** Default `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly path: '/status' | '/reload' | '/log-level'
  /** Sent as JSON. */
  readonly body?: object
  readonly timeoutMs: number
}

/** No server is at the socket. */
export class NotListening extends ConfigError {}

/** Asks a running server by its control socket. Rejects with a `ConfigError` that says why it was not to be had. */
export async function askControl(socketPath: string, question: ControlQuestion): Promise<object> {
  const { method = 'GET', path, body, timeoutMs } = question
  if (Buffer.byteLength(socketPath) > MAX_PATH_BYTES) {
    throw new ConfigError(`No server can listen at ${socketPath}: the path is longer than ${MAX_PATH_BYTES} bytes`)
  }
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>()
  const request = http.request({ socketPath, method, path, agent: false, signal: AbortSignal.timeout(timeoutMs) })
  request.on('error', (error) => reject(unreachable(error, question, socketPath)))
  request.on('response', (response) => {
    const chunks: Buffer[] = []
    let length = 0
    response.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_ANSWER_BYTES) response.destroy(new ConfigError('the answer of the server is too long'))
      else chunks.push(chunk)
    })
    response.on('error', (error) => reject(unreachable(error, question, socketPath)))
    response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }))
  })
  request.end(body && JSON.stringify(body))
  const { status, text } = await promise
  const answer = parse(text, socketPath)
  if (status === 200) {
    if (!isAnswerTo(path, answer)) throw noBelfry(socketPath)
    return answer
  }
  throw new ConfigError('message' in answer ? String(answer.message) : `the server answers ${status}`)
}

function parse(text: string, socketPath: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {}
  throw noBelfry(socketPath)
}

/** Others speak HTTP with JSON on sockets of their own, too. */
function isAnswerTo(path: ControlQuestion['path'], answer: object): boolean {
  if (path === '/log-level') return true
  const { status, applied } = answer as Record<string, unknown>
  return path === '/status' ? typeof status === 'object' && status !== null : Array.isArray(applied)
}

const noBelfry = (socketPath: string) => new ConfigError(`what listens at ${socketPath} is no Belfry`)

function unreachable(error: NodeJS.ErrnoException, { timeoutMs }: ControlQuestion, path: string): ConfigError {
  const { code, name, message } = error
  const cause = { cause: error }
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return new NotListening(`No server listens at ${path}`, cause)
  if (code === 'EACCES' || code === 'EPERM') {
    return new ConfigError(`Cannot use ${path}: only the user that runs the server may, or root`, cause)
  }
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new ConfigError(`The server at ${path} does not answer within ${timeoutMs / 1000} s`, cause)
  }
  return error instanceof ConfigError ? error : new ConfigError(`Cannot ask the server at ${path}: ${message}`, cause)
}
