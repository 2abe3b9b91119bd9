import { createWriteStream } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { ConfigError } from '#kit'
import { FILE_MODE } from '../archive/disk.ts'
import { exactly } from './exactly.ts'
import type { Target } from './target.ts'
import { makeWorkFolder, workFolderFor } from './work-folder.ts'

/** A backup that is a tar archive in a file, in gzip unless its name ends in `.tar`. */
export async function tarFileTarget(destination: string): Promise<Target> {
  const work = await workFolderFor(destination)
  const file = path.join(work.path, 'archive')
  // Flushed: it is on disk before it is closed.
  const output = createWriteStream(file, { flags: 'wx', mode: FILE_MODE, flush: true })
  const archive = new TarWriter(output, { isPlain: destination.endsWith('.tar') })
  return {
    workFolder: work.path,
    add: (name, size, bytes) => archive.add(name, size, bytes),
    remove: async () => false,
    async finish() {
      await archive.finish()
      await work.moveTo(destination, file)
      await work.remove()
    },
    async discard() {
      await archive.discard()
      await work.remove()
    },
  }
}

/** A backup that is written to stdout as a tar archive in gzip. What has to be a file first lies where TMPDIR says. */
export async function stdoutTarget(): Promise<Target> {
  const work = await makeWorkFolder(path.join(tmpdir(), 'belfry-backup-'))
  const archive = new TarWriter(process.stdout, { isPlain: false })
  return {
    workFolder: work.path,
    add: (name, size, bytes) => archive.add(name, size, bytes),
    remove: async () => false,
    async finish() {
      await archive.finish()
      await work.remove()
    },
    async discard() {
      await archive.discard()
      await work.remove()
    },
  }
}

/** Writes no faster than `output` takes it. */
class TarWriter {
  readonly #pack = pack()
  readonly #written: Promise<void>
  /** Never resolves; rejects when nothing more can be written. */
  readonly #failed: Promise<never>

  constructor(output: Writable, { isPlain }: { isPlain: boolean }) {
    // What fills a vault is encrypted, which no effort makes smaller.
    const gzip = isPlain ? [] : [createGzip({ level: constants.Z_BEST_SPEED })]
    this.#written = pipeline([Readable.from(this.#pack), ...gzip, output])
    const { promise, reject } = Promise.withResolvers<never>()
    this.#written.catch((error: unknown) => reject(explained(error)))
    promise.catch(() => undefined)
    this.#failed = promise
  }

  async add(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const { promise: taken, resolve, reject } = Promise.withResolvers<void>()
    const header = { name, size, mode: FILE_MODE, type: 'file' as const, mtime: new Date() }
    const entry = this.#pack.entry(header, (error) => (error ? reject(error) : resolve()))
    taken.catch(() => undefined)
    // Told by the output as well.
    entry.on('error', () => undefined)
    for await (const chunk of exactly(name, size, bytes)) {
      if (entry.write(chunk)) continue
      const drained = new Promise<void>((resolve) => entry.once('drain', resolve))
      await Promise.race([drained, this.#failed])
    }
    entry.end()
    await Promise.race([taken, this.#failed])
  }

  async finish(): Promise<void> {
    this.#pack.finalize()
    await Promise.race([this.#written, this.#failed])
  }

  async discard(): Promise<void> {
    this.#pack.destroy()
    await this.#written.catch(() => undefined)
  }
}

function explained(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  return new ConfigError(`Cannot write the backup: ${message}`, { cause: error })
}
