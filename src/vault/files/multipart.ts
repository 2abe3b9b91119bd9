import { Busboy, type BusboyInstance } from '@fastify/busboy'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '#kit'
import { discardBody, withoutBodyDeadline } from '#net'
import { ApiError, badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'

/** Largest body with a file; decimal megabytes, as Vaultwarden counts them. */
export const MAX_UPLOAD_BYTES = 525_000_000

/** The name of the part that is the file. */
const FILE_PART = 'data'

/** Of all other parts. The longest is the description of a Send in old clients, a JSON text. */
const MAX_FIELD_BYTES = 256 * 1024
const MAX_FIELDS = 8
/** Those without a name included, of which nothing is read. */
const MAX_PARTS = 16

/** How long a client may send nothing, and how long a whole upload may take. */
const STALL_MS = 60_000
const MOST_MS = 6 * 3_600_000

/** How long the rest of what was refused may take. */
const LINGER_MS = 30_000

export interface Received<T> {
  /** What became of the file. */
  readonly saved: T
  /** As the client wrote it, whatever that is: no name for a file of ours. */
  readonly fileName: string | undefined
  /** The other parts, in whatever order they came. */
  readonly fields: ReadonlyMap<string, string>
}

/** Lets `multipart/form-data` into the routes of `scope`, and nothing else. They read it with `receiveFile`. */
export function acceptMultipart(scope: VaultApp): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('multipart/form-data', (_request, _body, done) => done(null))
}

/**
 * Reads a multipart body, and hands the bytes of its one file to `save` as they come, no faster than `save` takes them.
 * Rejects with an ApiError for a body that is no such thing, is too large, breaks off or stalls, and as `save` does. It
 * may do so after `save` has resolved: then what that has stored is the caller's to remove.
 */
export async function receiveFile<T>(
  request: FastifyRequest,
  clock: Clock,
  save: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<Received<T>> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_UPLOAD_BYTES) throw tooLarge()
  withoutBodyDeadline(request.raw)
  const parser = parserFor(request)
  const reading = new Interruption()
  const fail = (error: unknown) => reading.interrupt(error)

  const fields = new Map<string, string>()
  const file: { name?: string | undefined; saving?: Promise<T>; abandon(error: Error): void } = { abandon() {} }
  parser.on('field', (name, value, nameIsCut, valueIsCut) => {
    if (nameIsCut || valueIsCut) fail(badRequest('A field of the form is too long'))
    else fields.set(name, value)
  })
  parser.on('file', (_name, stream, name) => {
    file.name = name
    // The parser tells of its errors by this stream as well, also when nobody reads it any more.
    stream.on('error', () => {})
    file.abandon = (error) => void stream.destroy(error)
    file.saving = save(stream)
    file.saving.catch(fail)
  })
  for (const event of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) {
    parser.on(event, () => fail(badRequest('The form has too many parts')))
  }
  parser.on('error', () => fail(badRequest('The form is not valid multipart/form-data')))

  const whole = clock.after(MOST_MS, () => fail(tooSlow()))
  try {
    await feed(request, parser, { clock, reading })
    if (file.saving === undefined) throw badRequest(`The form has no file "${FILE_PART}"`, FILE_PART)
    return { saved: await file.saving, fileName: file.name, fields }
  } catch (error) {
    file.abandon(error as Error)
    // What it has begun it undoes before anybody is told.
    await file.saving?.catch(() => {})
    throw error
  } finally {
    whole.cancel()
  }
}

function parserFor({ headers }: FastifyRequest): BusboyInstance {
  try {
    return Busboy({
      headers: { ...headers, 'content-type': headers['content-type'] ?? '' },
      // Part of an encrypted name looks like a folder.
      preservePath: true,
      isPartAFile: (name) => name === FILE_PART,
      limits: { files: 1, fields: MAX_FIELDS, parts: MAX_PARTS, fieldSize: MAX_FIELD_BYTES },
    })
  } catch {
    throw badRequest('The form is not valid multipart/form-data')
  }
}

/** Resolves when the parser has read it all, and all that came of it was taken; reads no further when it is interrupted. */
async function feed(
  request: FastifyRequest,
  parser: BusboyInstance,
  { clock, reading }: { clock: Clock; reading: Interruption },
): Promise<void> {
  const wait = () => clock.after(STALL_MS, () => reading.interrupt(tooSlow()))
  let timer = wait()
  // An end of the reading must not be the end of the connection: there is an answer to come.
  const chunks = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer, undefined>
  try {
    let total = 0
    for (;;) {
      const { done, value: chunk } = await reading.unless(chunks.next().catch(brokenOff))
      if (done) break
      timer.cancel()
      timer = wait()
      total += chunk.length
      if (total > MAX_UPLOAD_BYTES) throw tooLarge()
      if (!parser.write(chunk)) await reading.unless(once(parser, 'drain'))
    }
    const finished = once(parser, 'finish')
    parser.end()
    await reading.unless(finished)
  } finally {
    timer.cancel()
    discardBody(request.raw, LINGER_MS, chunks.return!())
  }
}

/** Ends what is waited for, now and later. A promise to race against would remember every wait there was. */
class Interruption {
  #error: unknown
  #end: ((error: unknown) => void) | undefined

  interrupt(error: unknown): void {
    this.#error ??= error
    this.#end?.(this.#error)
  }

  /** The outcome of `work`, unless there is an interruption first. One wait at a time. */
  unless<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#end = reject
      if (this.#error !== undefined) reject(this.#error)
      work.then(resolve, reject)
    })
  }
}

const once = (parser: BusboyInstance, event: 'drain' | 'finish') =>
  new Promise<void>((resolve) => parser.once(event, () => resolve()))

/** Nobody is left to be told. */
function brokenOff(): never {
  throw badRequest('The upload broke off')
}

const tooLarge = () => new ApiError('PAYLOAD_TOO_LARGE', 'The request body is too large.')
const tooSlow = () => new ApiError('REQUEST_TIMEOUT', 'The upload takes too long.')
