import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { readPemFile } from '#net'

/** Younger than this a file may change again within the resolution of its times: that of FAT is two seconds. */
const UNSETTLED_MS = 3_000

/** What the system says of files: as long as it is the same, so is their content. */
export interface FileFacts {
  /** Of what lies at the end of symbolic links: certbot and Kubernetes change files by changing links. */
  readonly text: string
  /** Whether the times of the files are old enough to tell of the next change. */
  readonly areSettled: boolean
}

/** Files that are not there have facts, too. */
export async function factsOf(files: readonly string[], nowMs: number): Promise<FileFacts> {
  const all = await Promise.all(files.map(factsOfOne))
  return {
    text: all.map(({ text }) => text).join('\n'),
    areSettled: all.every(({ changedMs }) => Math.abs(nowMs - changedMs) > UNSETTLED_MS),
  }
}

/** Of all the files together; the same for as long as not a byte of them is another. Not for any eyes: keys are in it. */
export async function contentDigest(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    const content = await contentOf(file)
    hash.update(`${content.length} `).update(content)
  }
  return hash.digest('hex')
}

async function factsOfOne(file: string): Promise<{ text: string; changedMs: number }> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return { text: [dev, ino, size, mtimeNs, ctimeNs].join(), changedMs: Number(ctimeNs / 1_000_000n) }
  } catch (error) {
    return { text: (error as NodeJS.ErrnoException).code ?? 'error', changedMs: 0 }
  }
}

/** What cannot be read is told apart from what is empty; why it cannot, says who needs it. */
async function contentOf(file: string): Promise<Buffer | string> {
  try {
    return await readPemFile(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code ?? message
  }
}
