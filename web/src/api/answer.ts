import type { Bytes } from '../crypto/bytes.ts'
import { errorOf, Unreachable } from './errors.ts'
import { isObject, type JsonObject, objectsOf } from './json.ts'

/** Of an error: what a proxy says may be a page. */
const MAX_ERROR_BYTES = 1024 * 1024

interface ReadOptions {
  readonly maxBytes: number
  /** Is told how many bytes there are so far. */
  readonly onProgress: (bytes: number) => void
}

/** The JSON in an answer, null where it is empty. Rejects with an `ApiError` for an error, and for what is no JSON. */
export async function readAnswer(response: Response, options: ReadOptions): Promise<unknown> {
  if (!response.ok) throw await errorIn(response, options)
  const text = new TextDecoder().decode(await bodyOf(response, options))
  if (text === '') return null
  const parsed = parse(text)
  // A portal of the network, or somebody else's page at the server's address.
  if (parsed === undefined) throw new Unreachable('The server answers something that is no JSON')
  return parsed
}

/** A file. Rejects with an `ApiError` for an error. */
export async function readBytes(response: Response, options: ReadOptions): Promise<Bytes> {
  if (!response.ok) throw await errorIn(response, options)
  return bodyOf(response, options)
}

/** An answer that is an object, as nearly all are. Throws `Unreachable` for anything else. */
export function objectIn(answer: unknown): JsonObject {
  if (!isObject(answer)) throw new Unreachable('The server answers something else than it should')
  return answer
}

/** The objects of an answer that is a list: `{ data: [...] }`. */
export function listIn(answer: unknown): readonly JsonObject[] {
  return objectsOf(objectIn(answer).data)
}

async function errorIn(response: Response, { onProgress }: ReadOptions): Promise<Error> {
  const body = await bodyOf(response, { maxBytes: MAX_ERROR_BYTES, onProgress })
  return errorOf(response.status, parse(new TextDecoder().decode(body)), response.headers.get('Retry-After'))
}

async function bodyOf({ body }: Response, { maxBytes, onProgress }: ReadOptions): Promise<Bytes> {
  if (body === null) return new Uint8Array()
  let length = 0
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      length += chunk.length
      if (length > maxBytes) throw new Unreachable(`The server answers more than ${maxBytes} bytes`)
      onProgress(length)
      controller.enqueue(chunk)
    },
  })
  return new Uint8Array(await new Response(body.pipeThrough(counter)).arrayBuffer())
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
