import { randomUUID } from 'node:crypto'
import { constants, type ReadStream } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, opendir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import { FileTooLargeError } from './errors.ts'

/** Where a file lies: `<owner>/<id>`. Both come from clients, so their form is checked at each use. */
export interface Place {
  /** What the file belongs to, an item or a Send: a UUID in lower case. */
  readonly owner: string
  /** Hex digits, as many as the folder's ids have. */
  readonly id: string
}

export interface StoredFile {
  /** Bytes. */
  readonly size: number
  /** To be read to its end, or destroyed. */
  readonly stream: ReadStream
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Holds files that are not whole yet. In the folder itself, so that a rename never has to cross file systems. */
const UNFINISHED = '.unfinished'

/** Vaults are private, whoever else has a login on the machine. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** No file system that cannot take the name away between our two steps needs more. */
const MOST_TRIES = 10

/**
 * A folder of files as Vaultwarden keeps them: `<owner>/<id>`. A file is there whole or not at all, also after a crash, and
 * what is there is on disk. No path leads out of the folder and no symbolic link in it is followed.
 */
export class FileFolder {
  readonly #folder: string
  readonly #idPattern: RegExp

  /** `idLength`: hex digits of a file's id. The folder is made when the first file comes. */
  constructor(folder: string, { idLength }: { readonly idLength: number }) {
    this.#folder = folder
    this.#idPattern = new RegExp(`^[0-9a-f]{${idLength}}$`)
  }

  /**
   * Writes a file, in place of the one that is there. Resolves with its size, bytes, when it is on disk. Rejects with a
   * `FileTooLargeError` when there are more than `maxBytes`, or as `bytes` does; then it is as it was before.
   */
  async write(place: Place, bytes: AsyncIterable<Uint8Array>, { maxBytes }: { maxBytes: number }): Promise<number> {
    if (!this.#isPlace(place)) throw new RangeError('That is no place for a file')
    const unfinished = path.join(this.#folder, UNFINISHED)
    await mkdir(unfinished, { recursive: true, mode: FOLDER_MODE })
    const temporary = path.join(unfinished, randomUUID())
    try {
      const size = await writeNew(temporary, bytes, maxBytes)
      await this.#moveTo(place, temporary)
      return size
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  /** Undefined when there is no such file. */
  async read(place: Place): Promise<StoredFile | undefined> {
    if (!(await this.#mayExist(place))) return undefined
    const handle = await unlessGone(open(this.#fileOf(place), constants.O_RDONLY | constants.O_NOFOLLOW))
    if (handle === undefined) return undefined
    try {
      const status = await handle.stat()
      // No more than that, whoever may write to it meanwhile.
      const stream = () => handle.createReadStream({ end: Math.max(0, status.size - 1) })
      if (status.isFile()) return { size: status.size, stream: stream() }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return undefined
  }

  async has(place: Place): Promise<boolean> {
    if (!(await this.#mayExist(place))) return false
    return (await unlessGone(lstat(this.#fileOf(place))))?.isFile() ?? false
  }

  /** Changes nothing when there is no such file. */
  async delete(place: Place): Promise<void> {
    if (!(await this.#mayExist(place))) return
    await unlessGone(unlink(this.#fileOf(place)))
    await this.#removeIfEmpty(place.owner)
  }

  /** Removes all files of one item or Send. */
  async deleteAllOf(owner: string): Promise<void> {
    if (UUID.test(owner)) await rm(this.#folderOf(owner), { recursive: true, force: true })
  }

  /** Every file there is, by its place and when it was written. What is named otherwise is passed over. */
  async *list(): AsyncGenerator<Place & { readonly writtenAtMs: number; readonly size: number }> {
    for await (const owner of this.#owners()) {
      for await (const id of namesIn(this.#folderOf(owner))) {
        if (!this.#idPattern.test(id)) continue
        const status = await unlessGone(lstat(this.#fileOf({ owner, id })))
        if (status?.isFile()) yield { owner, id, writtenAtMs: status.mtimeMs, size: status.size }
      }
    }
  }

  /**
   * Removes what a crash has left: files that nobody has written to since `beforeMs` and that never became whole, and
   * folders without files. Resolves with how many files that were.
   */
  async clearLeftovers(beforeMs: number): Promise<number> {
    let removed = 0
    const unfinished = path.join(this.#folder, UNFINISHED)
    for await (const name of namesIn(unfinished)) {
      const file = path.join(unfinished, name)
      const status = await unlessGone(lstat(file))
      if (status === undefined || !status.isFile() || status.mtimeMs >= beforeMs) continue
      await unlessGone(unlink(file))
      removed++
    }
    for await (const owner of this.#owners()) await this.#removeIfEmpty(owner)
    return removed
  }

  async *#owners(): AsyncGenerator<string> {
    for await (const name of namesIn(this.#folder)) {
      if (UUID.test(name) && (await isFolder(this.#folderOf(name)))) yield name
    }
  }

  #isPlace({ owner, id }: Place): boolean {
    return UUID.test(owner) && this.#idPattern.test(id)
  }

  async #mayExist(place: Place): Promise<boolean> {
    return this.#isPlace(place) && (await isFolder(this.#folderOf(place.owner)))
  }

  #folderOf(owner: string): string {
    return path.join(this.#folder, owner)
  }

  #fileOf({ owner, id }: Place): string {
    return path.join(this.#folder, owner, id)
  }

  /** Gives a whole file its name. Again when its folder went just before, since the last other file of it was deleted. */
  async #moveTo(place: Place, temporary: string): Promise<void> {
    const folder = this.#folderOf(place.owner)
    for (let tries = 1; ; tries++) {
      const isNew = await makeFolder(folder)
      try {
        await rename(temporary, this.#fileOf(place))
        await syncFolder(folder)
        if (isNew) await syncFolder(this.#folder)
        return
      } catch (error) {
        if (!isGone(error) || tries === MOST_TRIES) throw error
      }
    }
  }

  async #removeIfEmpty(owner: string): Promise<void> {
    try {
      await rmdir(this.#folderOf(owner))
    } catch (error) {
      // POSIX leaves open which of the two a folder with files in it is.
      if (!isGone(error) && !['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error
    }
  }
}

/** Writes a new file and sees that it is on disk. Resolves with its size. */
async function writeNew(file: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<number> {
  let size = 0
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    for await (const chunk of bytes) {
      size += chunk.length
      if (size > maxBytes) throw new FileTooLargeError(maxBytes)
      await handle.writeFile(chunk)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return size
}

/** Resolves with whether it is new. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: FOLDER_MODE })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isFolder(folder))) return false
    throw error
  }
}

/** Not for a symbolic link to one. */
async function isFolder(name: string): Promise<boolean> {
  return (await unlessGone(lstat(name)))?.isDirectory() ?? false
}

/** Sees that the names in `folder` are on disk, where its file system can promise that at all. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(folder, constants.O_RDONLY)
    await handle.sync()
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'].includes(codeOf(error))) throw error
  } finally {
    await handle?.close()
  }
}

/** None of a folder that is not there. */
async function* namesIn(folder: string): AsyncGenerator<string> {
  const entries = await unlessGone(opendir(folder))
  if (entries !== undefined) for await (const { name } of entries) yield name
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** Also when it is no file but a symbolic link, which is nothing of ours. */
const isGone = (error: unknown) => ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''
