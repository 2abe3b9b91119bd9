import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { encodeHeaders, NatsProtocolError, parseHeaders } from '#wire/nats'
import { compactJson, type JsonObject, LazyList } from '../monitoring/json.ts'

/** An answer is one message, so it stands in memory as a whole. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Characters that are written in one turn of the event loop. */
const PIECE_LENGTH = 64 * 1024

/** The answer would be longer than a message may get. */
export class AnswerTooLong extends Error {
  override name = 'AnswerTooLong'
}

/** `value` in one line, written over as many turns of the event loop as it takes. Rejects with `AnswerTooLong`. */
export async function writeAnswer(value: JsonObject): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  let text = ''
  const flush = () => {
    const piece = Buffer.from(text)
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) throw new AnswerTooLong('the answer is too long: ask for less of it with limit')
    pieces.push(piece)
    text = ''
  }
  for (const next of jsonPieces(value)) {
    text += next
    if (text.length < PIECE_LENGTH) continue
    flush()
    await nextTurn()
  }
  flush()
  return Buffer.concat(pieces)
}

/** A `LazyList` may be the value of a field, of lists' items too, and of the fields of fields. */
function* jsonPieces(value: unknown): Generator<string, void, undefined> {
  if (value instanceof LazyList) {
    let lead = '['
    for (const item of value.items) {
      yield lead
      lead = ','
      yield* jsonPieces(item)
    }
    yield lead === '[' ? '[]' : ']'
  } else if (isObject(value) && Object.values(value).some((field) => field instanceof LazyList || isObject(field))) {
    let lead = '{'
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined) continue
      yield `${lead}${compactJson(name)}:`
      lead = ','
      yield* jsonPieces(field)
    }
    yield lead === '{' ? '{}' : '}'
  } else {
    yield compactJson(value)
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export interface EncodedAnswer {
  readonly payload: Buffer
  readonly headers: Buffer | undefined
}

/** As the headers of the request want it: compressed by gzip, or as it is. */
export async function encodeAnswer(payload: Buffer, requestHeaders: Buffer): Promise<EncodedAnswer> {
  const accepted = acceptedEncoding(requestHeaders)
  if (accepted === '') return { payload, headers: undefined }
  // nats-server knows snappy beside gzip; who asks for that takes what is not compressed just as well.
  if (!accepted.includes('gzip')) return { payload, headers: contentEncoding('identity') }
  return { payload: await promisify(gzip)(payload), headers: contentEncoding('gzip') }
}

function acceptedEncoding(block: Buffer): string {
  if (block.length === 0) return ''
  try {
    return parseHeaders(block).headers.get('Accept-Encoding')?.[0]?.toLowerCase() ?? ''
  } catch (error) {
    if (error instanceof NatsProtocolError) return ''
    throw error
  }
}

function contentEncoding(encoding: string): Buffer {
  return encodeHeaders({ headers: new Map([['Content-Encoding', [encoding]]]) })
}
