import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'

interface Rule {
  readonly admits: boolean
  readonly text: string
  readonly pattern: RegExp
}

/** What a `.dockerignore` says. Of several patterns that a path matches, itself or by a folder above it, the last holds. */
export class IgnoreRules {
  readonly #rules: readonly Rule[]

  constructor(text: string) {
    const lines = text.split('\n').map((line) => line.trim())
    this.#rules = lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const admits = line.startsWith('!')
        const glob = path.posix.normalize(line.slice(admits ? 1 : 0)).replace(/^\/|\/$/g, '')
        return { admits, text: glob, pattern: patternOf(glob) }
      })
  }

  /** Whether the file or folder comes along. `file` is relative to the context. */
  admits(file: string): boolean {
    const parts = file.split('/')
    const withFolders = parts.map((_, i) => parts.slice(0, i + 1).join('/'))
    const last = this.#rules.findLast(({ pattern }) => withFolders.some((one) => pattern.test(one)))
    return last?.admits ?? true
  }

  /** Whether anything in the folder may come along. */
  entersFolder(folder: string): boolean {
    return this.admits(folder) || this.#rules.some(({ admits, text }) => admits && text.startsWith(`${folder}/`))
  }
}

/** Go's `filepath.Match`, with `**` for any number of folders. */
function patternOf(glob: string): RegExp {
  const source = glob.replace(/\*\*\/?|[*?]|[.+^${}()|[\]\\]/g, (found) => {
    if (found.startsWith('**')) return '.*'
    if (found === '*') return '[^/]*'
    return found === '?' ? '[^/]' : `\\${found}`
  })
  return new RegExp(`^${source}$`)
}

/** Copies what Docker is sent of `source` to `target`. Returns the files, relative and in order. */
export function copyContext(source: string, target: string, rules: IgnoreRules): string[] {
  const files: string[] = []
  const visit = (folder: string) => {
    for (const entry of readdirSync(path.join(source, folder), { withFileTypes: true })) {
      const file = path.posix.join(folder, entry.name)
      if (entry.isDirectory()) {
        if (rules.entersFolder(file)) visit(file)
      } else if (rules.admits(file)) {
        mkdirSync(path.dirname(path.join(target, file)), { recursive: true })
        cpSync(path.join(source, file), path.join(target, file), { verbatimSymlinks: true })
        files.push(file)
      }
    }
  }
  visit('')
  return files.sort()
}
