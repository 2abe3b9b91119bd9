import { createHash } from 'node:crypto'
import type { SavedFile } from '../archive/manifest.ts'
import type { Target } from './target.ts'

/** Keeps a list of what is added. */
export class Recorder {
  readonly #target: Target
  readonly #files = new Map<string, SavedFile>()

  constructor(target: Target) {
    this.#target = target
  }

  get files(): SavedFile[] {
    return [...this.#files.values()]
  }

  async add(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const hash = createHash('sha256')
    await this.#target.add(
      name,
      size,
      watched(bytes, (chunk) => hash.update(chunk)),
    )
    this.#files.set(name, { name, size, sha256: hash.digest('hex') })
  }

  /** False: it stays in the archive, where it must be named. */
  async remove(name: string): Promise<boolean> {
    this.#files.delete(name)
    return this.#target.remove(name)
  }
}

async function* watched(
  bytes: AsyncIterable<Uint8Array>,
  look: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    look(chunk)
    yield chunk
  }
}
