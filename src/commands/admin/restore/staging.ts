import { createHash } from 'node:crypto'
import { lchown, lstat, mkdir, readdir, rm, rmdir, statfs } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '#kit'
import { FOLDER_MODE, writeNewFile } from '../archive/disk.ts'
import type { SavedFile } from '../archive/manifest.ts'
import { ownerOf, type Slot, stagedAt } from './slots.ts'

/** Left free, so that whatever else needs the disk goes on. */
const SPARE_BYTES = 32 * 1024 * 1024

/** Where what a backup holds is put first, to be looked at. */
export class Staging {
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #folders = new Set<string>()
  readonly #files = new Map<string, SavedFile>()

  constructor(slots: readonly Slot[]) {
    this.#slots = new Map(slots.map((slot) => [slot.name, slot]))
  }

  get files(): ReadonlyMap<string, SavedFile> {
    return this.#files
  }

  /** Undefined for what has no place by the settings. */
  pathOf(name: string): string | undefined {
    const [first = '', ...rest] = name.split('/')
    const slot = this.#slots.get(first)
    return slot && path.join(stagedAt(slot), ...rest)
  }

  /** A place for a file that is written by others. Its folder is there then. */
  async reserve(name: string): Promise<string> {
    const file = this.pathOf(name)
    if (file === undefined) throw new ConfigError(`The settings have no place for "${name}"`)
    await this.#makeFolder(path.dirname(file))
    return file
  }

  /** `name` is a known one. Passes over what has no place by the settings. Rejects with a ConfigError when there is no room for it. */
  async add(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#files.has(name)) throw new ConfigError(`The backup is damaged: it has "${name}" twice`)
    const hash = createHash('sha256')
    const hashed = async function* () {
      for await (const chunk of bytes) {
        hash.update(chunk)
        yield chunk
      }
    }
    let written = 0
    if (this.pathOf(name) === undefined) for await (const chunk of hashed()) written += chunk.length
    else {
      const file = await this.reserve(name)
      await this.#checkRoom(name, size, path.dirname(file))
      written = await writeNewFile(file, hashed())
    }
    if (written !== size) throw new ConfigError(`The backup is damaged: "${name}" has ${written} bytes, not ${size}`)
    this.#files.set(name, { name, size, sha256: hash.digest('hex') })
  }

  /** Removes what was in the backup and does not belong to it. */
  async forget(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const file = this.#files.delete(name) ? this.pathOf(name) : undefined
      if (file === undefined) continue
      await rm(file)
      // It may have been the last of its folder.
      await rmdir(path.dirname(file)).catch(() => undefined)
    }
  }

  /** Gives what is staged to whom the folders belong that it goes to. */
  async giveAway(): Promise<void> {
    for (const slot of this.#slots.values()) {
      const owner = await ownerOf(slot.home)
      if (owner !== undefined) await chownAll(stagedAt(slot), owner)
    }
  }

  async #checkRoom(name: string, size: number, folder: string): Promise<void> {
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize - SPARE_BYTES
    if (size > free)
      throw new ConfigError(`There is no room for "${name}": it has ${size} bytes, and ${Math.max(0, free)} are free`)
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    this.#folders.add(folder)
  }
}

async function chownAll(name: string, owner: { uid: number; gid: number }): Promise<void> {
  const status = await lstat(name).catch(() => undefined)
  if (status === undefined) return
  if (status.isDirectory()) for (const child of await readdir(name)) await chownAll(path.join(name, child), owner)
  // Never what a link leads to: whoever has the data folder could put one there.
  await lchown(name, owner.uid, owner.gid)
}
