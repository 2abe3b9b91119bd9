import { type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { cannotOpen } from './failure.ts'

/**
 * Whether the database is there and not empty. Throws ConfigError for what SQLite would only call "unable to open": the
 * folder is missing or may not be entered, or something else has the file's place.
 */
export function hasDatabase(databaseFile: string): boolean {
  const folder = dirname(databaseFile)
  const folderStats = look(databaseFile, folder)
  if (folderStats === undefined) throw cannotOpen(databaseFile, `there is no folder "${folder}"`)
  if (!folderStats.isDirectory()) throw cannotOpen(databaseFile, `"${folder}" is not a folder`)
  const stats = look(databaseFile, databaseFile)
  if (stats === undefined) return false
  if (stats.isDirectory()) throw cannotOpen(databaseFile, 'it is a folder, not a file')
  if (!stats.isFile()) throw cannotOpen(databaseFile, 'it is not a regular file')
  return stats.size > 0
}

function look(databaseFile: string, path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES') throw cannotOpen(databaseFile, `permission denied on the way to "${path}"`, error)
    throw cannotOpen(databaseFile, (error as Error).message, error)
  }
}
