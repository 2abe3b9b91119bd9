import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'

/** No certificate, key or list of authorities is longer. */
const MAX_BYTES = 16 * 1024 * 1024

/** What a process was handed by its shell: `<(…)`, `/dev/stdin`. */
const HANDED_IN = /^\/(?:dev|proc)\//

/**
 * What a file of certificates or keys holds. Rejects as `readFile` does, and for what is no file: to open a pipe is to wait
 * for somebody who writes to it, on one of the few threads that read files, and without end.
 */
export async function readPemFile(file: string): Promise<Buffer> {
  if (HANDED_IN.test(file)) return readFile(file)
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const status = await handle.stat()
  // Of a folder the system says itself what is wrong with it.
  if (!status.isFile() && !status.isDirectory()) throw new Error(`open ${file}: not a regular file`)
  if (status.size > MAX_BYTES) throw new Error(`open ${file}: larger than ${MAX_BYTES} bytes`)
  return await handle.readFile()
}
