import { readFile, rename, rm } from 'node:fs/promises'
import { ConfigError } from '#kit'
import { restoreJournal } from '../../../services/vault/unfinished-restore.ts'
import { syncPath, unlessGone, writeNewFile } from '../archive/disk.ts'
import type { Slot } from './slots.ts'

/**
 * How far a restore has come, from when it begins to change things. Each phase can be begun again from anywhere in it:
 * - database: PostgreSQL is filled, in one transaction, and made a database of now;
 * - aside: what is there goes to a folder of its own, save for an SQLite database;
 * - in: what is new takes its place, an SQLite database last, in one step.
 */
export interface Journal {
  readonly phase: 'database' | 'aside' | 'in'
  /** Of the folder for what was there, in each slot's home. */
  readonly before: string
  readonly slots: readonly Slot[]
  /** In the milliseconds of the Unix epoch: when the accounts changed. */
  readonly atMs: number
  /** Of PostgreSQL: the schema that the dump is of. */
  readonly schema: string | undefined
}

/** Of the restore that was broken off; undefined: none was. */
export async function readJournal(dataFolder: string): Promise<Journal | undefined> {
  const file = restoreJournal(dataFolder)
  const text = await unlessGone(readFile(file, 'utf8'))
  if (text === undefined) return undefined
  try {
    // Written by us alone, beside, and renamed when it was whole.
    return JSON.parse(text) as Journal
  } catch (error) {
    throw new ConfigError(`"${file}" is damaged`, { cause: error })
  }
}

/** On disk when it resolves. */
export async function writeJournal(dataFolder: string, journal: Journal): Promise<void> {
  const file = restoreJournal(dataFolder)
  await rm(`${file}.new`, { force: true })
  const text = Buffer.from(JSON.stringify(journal))
  await writeNewFile(
    `${file}.new`,
    (async function* () {
      yield text
    })(),
  )
  await rename(`${file}.new`, file)
  await syncPath(dataFolder)
}

export async function removeJournal(dataFolder: string): Promise<void> {
  await rm(restoreJournal(dataFolder), { force: true })
  await syncPath(dataFolder)
}
