import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { contentType } from './content-type.ts'
import { listStaticFiles, pathOf, type StaticCoding, type StaticFile } from './folder.ts'
import { acceptsCoding, isUnchanged } from './request-headers.ts'

/** How long a client may take nothing of a file before it is cut off: it holds the file open. */
const STALL_MS = 300_000

export interface StaticFilesOptions {
  /** What an answer carries besides what belongs to the file itself. */
  headersOf(name: string, contentType: string): Readonly<Record<string, string>>
  /** Milliseconds. Default 300,000. */
  readonly stallMs?: number
}

/**
 * The files of a folder for whoever asks. Which there are is found out once, so that no path, however it is spelled, leads
 * anywhere else; what is in them is read each time.
 */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>
  readonly #options: StaticFilesOptions
  /**
   * In each file's tag. Packages and images give all files one date, and a page whose only news are the names of its parts has
   * its old size; but those are the names of other files.
   */
  readonly #edition: string

  private constructor(files: ReadonlyMap<string, StaticFile>, options: StaticFilesOptions) {
    this.#files = files
    this.#options = options
    const names = [...files.keys()].sort().join('\0')
    this.#edition = createHash('sha256').update(names).digest('base64url').slice(0, 8)
  }

  /** Rejects with an Error when the folder cannot be read. */
  static async open(folder: string, options: StaticFilesOptions): Promise<StaticFiles> {
    return new StaticFiles(await listStaticFiles(await realpath(folder)), options)
  }

  has(name: string): boolean {
    return this.#files.has(name)
  }

  /**
   * Answers a GET or HEAD with the file `name` of the folder; with 404 when it has gone meanwhile. Resolves when the answer
   * is given or broken off, and never rejects. Throws when there is no such file.
   */
  send(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = this.#files.get(name)
    if (file === undefined) throw new Error('no such file')
    return this.#send(name, file, { request, response }).catch(() => void response.destroy())
  }

  async #send(name: string, file: StaticFile, { request, response }: Exchange): Promise<void> {
    const type = contentType(name)
    const accepted = file.codings.filter((coding) => acceptsCoding(request.headers['accept-encoding'], coding))
    const opened = await openFirst(file, [...accepted, undefined])
    if (opened === undefined) {
      response.writeHead(404, { ...this.#options.headersOf(name, type), 'Cache-Control': 'no-store' }).end()
      return
    }
    await using handle = opened.handle
    const { size, mtimeMs } = opened
    const stamp = [size.toString(36), Math.trunc(mtimeMs).toString(36), this.#edition]
    const etag = `"${[...stamp, opened.coding ?? []].flat().join('-')}"`
    for (const [header, value] of Object.entries(this.#options.headersOf(name, type))) response.setHeader(header, value)
    response.setHeader('ETag', etag)
    response.setHeader('Last-Modified', new Date(mtimeMs).toUTCString())
    if (file.codings.length > 0) response.setHeader('Vary', 'Accept-Encoding')
    if (isUnchanged(request.headers, { etag, mtimeMs })) {
      response.writeHead(304).end()
      return
    }
    response.setHeader('Content-Type', type)
    response.setHeader('Content-Length', size)
    if (opened.coding !== undefined) response.setHeader('Content-Encoding', opened.coding)
    if (request.method === 'HEAD' || size === 0) response.end()
    else await sendBytes(handle, size, { response, stallMs: this.#options.stallMs ?? STALL_MS })
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Opened {
  readonly handle: FileHandle
  readonly coding: StaticCoding | undefined
  readonly size: number
  readonly mtimeMs: number
}

/** The first form that is there. */
async function openFirst(
  file: StaticFile,
  codings: readonly (StaticCoding | undefined)[],
): Promise<Opened | undefined> {
  for (const coding of codings) {
    try {
      // What has become a link or a pipe since we looked is neither followed nor waited for.
      const handle = await open(pathOf(file, coding), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      const stats = await handle.stat().catch(() => undefined)
      if (stats?.isFile()) return { handle, coding, size: stats.size, mtimeMs: stats.mtimeMs }
      await handle.close()
    } catch {
      // Gone, or not for us any more: the next form will do.
    }
  }
  return undefined
}

/** Rejects when the client has gone or takes nothing, or when the file has become shorter than was announced. */
async function sendBytes(
  handle: FileHandle,
  size: number,
  { response, stallMs }: { readonly response: ServerResponse; readonly stallMs: number },
): Promise<void> {
  const bytes = handle.createReadStream({ end: size - 1, autoClose: false })
  let seen = 0
  const stalled = setInterval(() => {
    if (bytes.bytesRead === seen && !response.writableFinished) response.destroy()
    seen = bytes.bytesRead
  }, stallMs)
  try {
    await pipeline(bytes, response, { end: false })
    if (bytes.bytesRead < size) throw new Error('the file has become shorter')
    response.end()
    // Until the last byte has left, somebody who reads slowly counts as reading.
    if (!response.writableFinished && !response.destroyed) await finished(response)
  } finally {
    clearInterval(stalled)
  }
}

function finished(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve)
    response.once('finish', resolve)
  })
}
