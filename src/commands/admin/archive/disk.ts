import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

export const FILE_MODE = 0o600
export const FOLDER_MODE = 0o700

/** Writes a new file and sees that it is on disk; resolves with its size, bytes. Rejects when there is one. */
export async function writeNewFile(file: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    for await (const chunk of bytes) {
      await handle.writeFile(chunk)
      size += chunk.length
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return size
}

/** Sees that a file, or the names in a folder, are on disk, where the file system can promise that at all. */
export async function syncPath(name: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(name, constants.O_RDONLY)
    await handle.sync()
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'].includes(codeOf(error))) throw error
  } finally {
    await handle?.close()
  }
}

/** Whether it says that this file system gives no file a second name. */
export const hasNoLinks = (error: unknown) =>
  ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(codeOf(error))

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

/** `undefined` for what is not there. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined
    throw error
  }
}
