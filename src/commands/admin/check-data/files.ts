import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { type ExpectedFile, FileFolder } from '#store'

export interface FolderOfFiles {
  readonly folder: string
  /** Hex digits of a file's id. */
  readonly idLength: number
  /** What the database says lies there. */
  readonly expected: readonly ExpectedFile[]
  /** Asks the database once more, since a server may be changing both. */
  readonly expectedNow: () => Promise<readonly ExpectedFile[]>
}

export interface ComparedFiles {
  readonly files: number
  readonly bytes: number
  /** Places, `<owner>/<id>`, that have no file. */
  readonly missing: readonly string[]
  /** What is no place at all stands in the database. */
  readonly misplaced: readonly string[]
  readonly ofOtherSize: readonly { readonly place: string; readonly found: number; readonly expected: number }[]
  /** Files that the database knows nothing of. */
  readonly unexpected: readonly string[]
}

/** A file is written before the database says so. A younger one may still become known. */
const YOUNG_MS = 3_600_000

/** Holds what the database says against the files that are there. Reads the folders only, no file. */
export async function compareFiles({ folder, idLength, expected, expectedNow }: FolderOfFiles): Promise<ComparedFiles> {
  const youngSinceMs = Date.now() - YOUNG_MS
  const remaining = byPlace(expected)
  const ofOtherSize: ComparedFiles['ofOtherSize'][number][] = []
  const unexpected: string[] = []
  let files = 0
  let bytes = 0
  for await (const { owner, id, size, writtenAtMs } of new FileFolder(folder, { idLength }).list()) {
    const place = placeOf({ owner, id })
    const found = remaining.get(place)
    files++
    bytes += size
    remaining.delete(place)
    if (found === undefined) {
      if (writtenAtMs < youngSinceMs) unexpected.push(place)
    } else if (found.size !== undefined && found.size !== size) {
      ofOtherSize.push({ place, found: size, expected: found.size })
    }
  }
  const isPlace = new RegExp(`^[0-9a-f-]{36}/[0-9a-f]{${idLength}}$`)
  const isSuspicious = remaining.size + unexpected.length + ofOtherSize.length > 0
  const now = isSuspicious ? byPlace(await expectedNow()) : remaining
  const still = [...remaining.keys()].filter((place) => now.has(place))
  return {
    files,
    bytes,
    missing: still.filter((place) => isPlace.test(place)),
    misplaced: still.filter((place) => !isPlace.test(place)),
    ofOtherSize: ofOtherSize.filter(({ place, expected }) => now.get(place)?.size === expected),
    unexpected: unexpected.filter((place) => !now.has(place)),
  }
}

/** How many files lie in `folder` and have done so for an hour: uploads that were broken off. */
export async function countLeftovers(folder: string): Promise<number> {
  const youngSinceMs = Date.now() - YOUNG_MS
  let count = 0
  for (const name of await namesIn(folder)) {
    const status = await stat(path.join(folder, name)).catch(() => undefined)
    if (status?.isFile() && status.mtimeMs < youngSinceMs) count++
  }
  return count
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

const byPlace = (files: readonly ExpectedFile[]) => new Map(files.map((file) => [placeOf(file), file]))

const placeOf = ({ owner, id }: Pick<ExpectedFile, 'owner' | 'id'>) => `${owner}/${id}`
