import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** Codings of files that lie beside the plain one, best first. */
const SUFFIXES = { br: '.br', gzip: '.gz' } as const

export type StaticCoding = keyof typeof SUFFIXES

/** A file that anybody may have. */
export interface StaticFile {
  /** Absolute. */
  readonly path: string
  /** Compressed forms that lie beside it, best first. */
  readonly codings: readonly StaticCoding[]
}

/** More than any web vault has (about two thousand); fewer than whoever names `/` by mistake would wait for. */
const MAX_FILES = 20_000

/**
 * The plain files below `folder`, by their path in it (`app/main.js`). Neither links nor what begins with a dot: a link may
 * lead out of the folder, and `.git` is for nobody. Rejects with an Error when a folder cannot be read, or holds too much.
 */
export async function listStaticFiles(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const names = new Set<string>()
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const entry of await readdir(path.join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) waiting.push(`${below}${entry.name}/`)
      else if (entry.isFile()) names.add(below + entry.name)
    }
    if (names.size + waiting.length > MAX_FILES) throw new Error(`more than ${MAX_FILES} files`)
  }
  const files = new Map<string, StaticFile>()
  const suffixes = Object.entries(SUFFIXES) as [StaticCoding, string][]
  for (const name of names) {
    if (suffixes.some(([, suffix]) => name.endsWith(suffix) && names.has(name.slice(0, -suffix.length)))) continue
    const codings = suffixes.filter(([, suffix]) => names.has(name + suffix)).map(([coding]) => coding)
    files.set(name, { path: path.join(folder, name), codings })
  }
  return files
}

export function pathOf({ path }: StaticFile, coding: StaticCoding | undefined): string {
  return coding === undefined ? path : path + SUFFIXES[coding]
}
