import { mkdir, stat } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { loadOptions, type Options } from '#config'
import { ConfigError, printable } from '#kit'
import { type OccupiedDatabase, occupyDatabase, settleDatabase } from '#store'
import { codeOf, FOLDER_MODE, unlessGone } from '../archive/disk.ts'
import { type Manifest, parseManifest } from '../archive/manifest.ts'
import { SQLITE_DATABASE } from '../archive/names.ts'
import { placesOf } from '../archive/places.ts'
import { stamp } from '../backup/index.ts'
import { inspectData } from '../check-data/inspect.ts'
import { type Journal, readJournal, writeJournal } from './journal.ts'
import { copyFiles, copyForeign, isFolderBackup, manifestIn } from './read-folder.ts'
import { clearStaging, type Slot, slotsFor } from './slots.ts'
import { Staging } from './staging.ts'
import { BEFORE, finishRestore } from './swap.ts'
import { openArchive, unpack } from './unpack.ts'
import { compareWithManifest, inspectStaged } from './verify.ts'

interface Flags {
  readonly config?: string
  readonly yes?: true
  readonly continue?: true
}

/** `belfry admin restore`: what a backup holds takes the place of what is there, which is kept. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('put a backup in the place of what is there, which is kept in before-restore-<date>')
    .argument('[backup]', 'what belfry admin backup has made; - for stdin; or a copy of a data folder, or its database')
    .option('-c, --config <file>', 'settings in the NATS config language')
    .option('--yes', 'do not ask')
    .option('--continue', 'finish a restore that was broken off')
    .action(async (backup: string | undefined, flags: Flags) => {
      process.umask(0o077)
      // Who does not listen to the end does not stop it halfway.
      process.stdout.on('error', () => undefined)
      const { options } = loadOptions({ configFile: flags.config, env: process.env, cwd: process.cwd() })
      const { dataFolder, database } = options.vault
      await refuseRunning(options)
      const begun = await readJournal(dataFolder)
      if (begun === undefined && flags.continue) throw new ConfigError(`No restore of "${dataFolder}" was broken off`)
      if (begun !== undefined && !flags.continue) {
        throw new ConfigError(`A restore of "${dataFolder}" was broken off: finish it first, by --continue`)
      }
      if (begun === undefined && backup === undefined) throw new ConfigError('Name the backup')
      if (begun !== undefined && backup !== undefined) throw new ConfigError('--continue takes no backup: it is known')
      const journal = await restore(
        options,
        async (occupied) => begun ?? prepare(backup!, { options, occupied, asks: flags.yes !== true }),
      )
      if (journal === undefined) {
        process.stdout.write('Nothing was changed.\n')
        process.exitCode = 1
        return
      }
      if (database.kind === 'postgres') await reportResult(options)
      process.stdout.write(await farewell(journal))
    })
}

/** To its end, from where `begin` says it is; undefined when it says that there is to be none. */
async function restore(
  { vault: { dataFolder, database } }: Options,
  begin: (occupied: OccupiedDatabase) => Promise<Journal | undefined>,
): Promise<Journal | undefined> {
  try {
    await mkdir(dataFolder, { recursive: true, mode: FOLDER_MODE })
    await using occupied = await occupyDatabase(database)
    const journal = await begin(occupied)
    if (journal !== undefined) await finishRestore(journal, { dataFolder, database, occupied })
    return journal
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    const isBegun = (await readJournal(dataFolder).catch(() => undefined)) !== undefined
    const how = isBegun ? '\nIt is halfway now: mend that, and finish it by --continue' : ''
    throw new ConfigError(`Cannot restore: ${message}${how}`, { cause: error })
  }
}

interface Preparation {
  readonly options: Options
  readonly occupied: OccupiedDatabase
  readonly asks: boolean
}

/** Unpacks a backup beside what is there, and looks at all of it. Undefined: the operator has thought better of it. */
async function prepare(backup: string, { options, occupied, asks }: Preparation): Promise<Journal | undefined> {
  const { dataFolder, database } = options.vault
  if (asks && !process.stdin.isTTY) throw new ConfigError('Nobody can be asked here: --yes restores without a question')
  refuseFull(options, occupied)
  await clearStaging([], dataFolder)
  const slots = await slotsFor(placesOf(options), database)
  await clearStaging(slots, dataFolder)
  try {
    const staging = new Staging(slots)
    const manifest = await stage(backup, options, staging)
    const atMs = Date.now()
    const isReplaced = (slot: Slot) => replaces(slot, manifest, staging)
    const replaced = slots.filter(isReplaced)
    if (database.kind === 'sqlite') {
      const report = await inspectStaged(options, replaced, staging)
      process.stdout.write(printable(`${told(backup, manifest)}\n\n${report}\n`))
      await settleDatabase({ kind: 'sqlite', databaseFile: staging.pathOf(SQLITE_DATABASE)! }, new Date(atMs))
    } else process.stdout.write(printable(`${told(backup, manifest)}\n`))
    if (asks && !(await confirms(options))) {
      await clearStaging(slots, dataFolder)
      return undefined
    }
    await staging.giveAway()
    const before = `${BEFORE}${stamp(new Date())}`
    const journal: Journal = { phase: 'database', before, slots: replaced, atMs, schema: manifest?.postgresSchema }
    await writeJournal(dataFolder, journal)
    return journal
  } catch (error) {
    await clearStaging(slots, dataFolder)
    throw error
  }
}

/** Resolves with undefined for what is no backup of ours. */
async function stage(backup: string, { vault }: Options, staging: Staging): Promise<Manifest | undefined> {
  const { kind } = vault.database
  const isFolder = await isFolderBackup(backup)
  const text = isFolder ? await manifestIn(backup) : await unpack(await openArchive(backup), staging)
  const manifest = text === undefined ? undefined : parseManifest(text)
  const engine = manifest?.engine ?? 'SQLite'
  if ((engine === 'SQLite') !== (kind === 'sqlite')) {
    const here = kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'
    throw new ConfigError(`The backup is of a vault on ${engine}, and DATABASE_URL names one on ${here}`)
  }
  if (manifest === undefined) await copyForeign(backup, vault.dataFolder, staging)
  else {
    const names = manifest.files.map(({ name }) => name)
    if (isFolder) await copyFiles(backup, names, staging)
    compareWithManifest(manifest, staging)
    await staging.forget(manifest.leftOut)
  }
  return manifest
}

/**
 * What a backup of ours does not have, the vault did not have then. A copy that somebody made may be of parts; and the certificate of
 * the local authority belongs to this machine unless the backup brings one.
 */
function replaces(slot: Slot, manifest: Manifest | undefined, staging: Staging): boolean {
  if (slot.kind === 'database' || slot.kind === 'dump') return true
  const isBrought = [...staging.files.keys()].some((name) => name === slot.name || name.startsWith(`${slot.name}/`))
  return isBrought || (manifest !== undefined && slot.name !== 'tls')
}

/** By its control socket: also one that does not keep its database open. */
async function refuseRunning({ control, vault }: Options): Promise<void> {
  if (control.socket === undefined) return
  const socket = net.connect(control.socket)
  const { promise: isRunning, resolve } = Promise.withResolvers<boolean>()
  socket.once('connect', () => resolve(true)).once('error', (error) => resolve(codeOf(error) === 'EACCES'))
  const answer = await isRunning
  socket.destroy()
  if (answer) throw new ConfigError(`A server uses the data folder "${vault.dataFolder}": stop it first`)
}

function refuseFull({ vault }: Options, { isEmpty, dropAll }: OccupiedDatabase): void {
  if (vault.database.kind === 'sqlite' || isEmpty) return
  throw new ConfigError(
    `The database is not empty, and what is in it cannot be put aside: name another one in DATABASE_URL, or, when it is saved or not\n` +
      `needed any more, have it dropped by\n${dropAll}`,
  )
}

async function confirms({ vault }: Options): Promise<boolean> {
  using prompt = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await prompt.question(`Put it in the place of what is in "${vault.dataFolder}"? [y/N] `)
  return /^y(?:es)?$/i.test(answer.trim())
}

function told(backup: string, manifest: Manifest | undefined): string {
  const place = backup === '-' ? 'stdin' : `"${backup}"`
  if (manifest === undefined) return `${place} is no backup of Belfry's, so there are no checksums to hold it against.`
  const { date, belfry, missing } = manifest
  const lines = [`${place} is whole: of ${date}, by Belfry ${belfry}.`]
  if (missing.length > 0) lines.push(`Files that its vault lacked already: ${missing.length}.`)
  return lines.join('\n')
}

/** What could only be looked at when it was in its place. */
async function reportResult(options: Options): Promise<void> {
  const inspected = await inspectData(options)
  if ('report' in inspected) process.stdout.write(printable(`\n${inspected.report}\n`))
}

async function farewell({ slots, before }: Journal): Promise<string> {
  const folders = [...new Set(slots.map(({ home }) => path.join(home, before)))]
  const kept: string[] = []
  for (const folder of folders) if ((await unlessGone(stat(folder))) !== undefined) kept.push(`"${folder}"`)
  return [
    'Restored. Every account counts as changed now, so that all devices sync.',
    'Who logged in after the backup was made has to log in again; who was logged out since then is logged in again.',
    ...(kept.length > 0
      ? [`What was there before is in ${kept.join(', ')}: delete it when it is not needed any more.`]
      : []),
    '',
  ].join('\n')
}
