import { chown, link, lstat, mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { type DatabaseOptions, loadDump, type OccupiedDatabase, settleDatabase } from '#store'
import { FOLDER_MODE, hasNoLinks, syncPath, unlessGone } from '../archive/disk.ts'
import { type Journal, removeJournal, writeJournal } from './journal.ts'
import { clearStaging, ownerOf, type Slot, STAGING, stagedAt } from './slots.ts'

export const BEFORE = 'before-restore-'

export interface SwapOptions {
  readonly dataFolder: string
  readonly database: DatabaseOptions
  /** Held by us until it is done. */
  readonly occupied: OccupiedDatabase
}

/**
 * Takes a restore from where its journal says it is to its end. Broken off at any point it can be taken up again, and until then no
 * Belfry starts on that data folder.
 */
export async function finishRestore(begun: Journal, { dataFolder, database, occupied }: SwapOptions): Promise<void> {
  await occupied.makeReady()
  let journal = begun
  const enter = async (phase: Journal['phase']) => {
    journal = { ...journal, phase }
    await writeJournal(dataFolder, journal)
  }
  if (journal.phase === 'database') {
    const dump = journal.slots.find(({ kind }) => kind === 'dump')
    if (dump !== undefined && database.kind === 'postgres') {
      // One transaction fills it, so if there is anything, there is everything.
      if (occupied.isEmpty) {
        try {
          await loadDump(database, { file: stagedAt(dump), schema: journal.schema ?? 'public' })
        } catch (error) {
          // Nothing has changed yet, so nobody has to finish it.
          await leave(journal, dataFolder)
          throw error
        }
      }
      await settleDatabase(database, new Date(journal.atMs))
    }
    await enter('aside')
  }
  if (journal.phase === 'aside') {
    for (const slot of journal.slots) await moveAside(slot, journal.before)
    await enter('in')
  }
  for (const slot of [...journal.slots].sort(databaseLast)) await moveIn(slot, journal.before)
  await leave(journal, dataFolder)
}

async function leave({ slots }: Journal, dataFolder: string): Promise<void> {
  await removeJournal(dataFolder)
  await clearStaging(slots, dataFolder)
}

const databaseLast = (a: Slot, b: Slot) => Number(a.kind === 'database') - Number(b.kind === 'database')

async function moveAside(slot: Slot, before: string): Promise<void> {
  switch (slot.kind) {
    case 'file':
      await moveOld(slot.target, slot.name, slot, before)
      return
    case 'folder':
      for (const child of (await unlessGone(readdir(slot.target))) ?? []) {
        if (isOurs(child)) continue
        await moveOld(path.join(slot.target, child), path.join(slot.name, child), slot, before)
      }
      return
    case 'database':
    case 'dump':
      return
  }
}

/** Where the folder is a mount of its own, these lie in it. */
const isOurs = (name: string) => name.startsWith(STAGING) || name.startsWith(BEFORE)

async function moveIn(slot: Slot, before: string): Promise<void> {
  const staged = stagedAt(slot)
  // The backup has no such thing, or it is in its place already.
  if (!(await isThere(staged))) return
  switch (slot.kind) {
    case 'file':
      await makeFolder(path.dirname(slot.target), slot)
      await rename(staged, slot.target)
      break
    case 'folder':
      await makeFolder(slot.target, slot)
      for (const child of await readdir(staged)) {
        await rename(path.join(staged, child), path.join(slot.target, child))
      }
      await syncPath(slot.target)
      break
    case 'database':
      await makeFolder(path.dirname(slot.target), slot)
      await replaceDatabase(slot, before)
      break
    case 'dump':
      return
  }
  await syncPath(path.dirname(slot.target))
}

/** There is a database at every moment: a server that is started all the same must not find none and make a new one. */
async function replaceDatabase(slot: Slot, before: string): Promise<void> {
  // Only of one that nobody could open: see `occupyDatabase`.
  for (const suffix of ['-wal', '-shm', '-journal']) {
    await moveOld(slot.target + suffix, slot.name + suffix, slot, before)
  }
  if (await isThere(slot.target)) {
    const aside = await freeName(slot, before, slot.name)
    try {
      await link(slot.target, aside)
    } catch (error) {
      if (!hasNoLinks(error)) throw error
      await rename(slot.target, aside)
    }
    await syncPath(path.dirname(aside))
  }
  await rename(stagedAt(slot), slot.target)
}

async function moveOld(old: string, name: string, slot: Slot, before: string): Promise<void> {
  if (!(await isThere(old))) return
  const aside = await freeName(slot, before, name)
  await rename(old, aside)
}

/** In the folder for what was there. Another than `name` only when somebody has made a new one after we were broken off. */
async function freeName({ home, target }: Slot, before: string, name: string): Promise<string> {
  const wanted = path.join(home, before, name)
  await makeFolder(path.dirname(wanted), { home, target })
  for (let number = 1; ; number++) {
    const free = number === 1 ? wanted : `${wanted}.${number}`
    if (!(await isThere(free))) return free
  }
}

async function makeFolder(folder: string, slot: Pick<Slot, 'home' | 'target'>): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  const owner = made === undefined ? undefined : await ownerOf(slot.home)
  for (let name = folder; owner && made !== undefined && name.startsWith(made); name = path.dirname(name)) {
    await chown(name, owner.uid, owner.gid)
  }
}

const isThere = async (name: string) => (await unlessGone(lstat(name))) !== undefined
