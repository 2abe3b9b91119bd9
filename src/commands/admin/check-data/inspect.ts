import { statSync } from 'node:fs'
import path from 'node:path'
import { inspectSigningKey } from '#auth'
import { type Options, readSavedSettings } from '#config'
import { ConfigError } from '#kit'
import { inspectVapidKey } from '#push'
import { type DatabaseOptions, type InspectedContent, type Inspection, inspectDatabase } from '#store'
import { compareFiles, countLeftovers } from './files.ts'
import { counted, Report } from './report.ts'

/** What lies in a data folder, or why it is none. Changes nothing. */
export async function inspectData({
  vault,
  push,
}: Pick<Options, 'vault' | 'push'>): Promise<{ readonly report: Report } | { readonly noDataFolder: string }> {
  const inspection = isFolder(vault.dataFolder) ? await inspectDatabase(vault.database) : undefined
  if (inspection === undefined || isForeign(inspection)) {
    return { noDataFolder: inspection?.objection ?? 'there is no database' }
  }
  const report = new Report()
  report.found('Data folder', vault.dataFolder)
  reportDatabase(inspection, vault.database, report)
  await reportKey(vault.rsaKeyFile, inspection.content?.signingKey, report)
  if (push.web !== undefined) await reportWebPushKey(push.web.keyFile, inspection.content, report)
  if (inspection.content !== undefined) await reportFiles(inspection.content, vault, report)
  await reportSettings(vault.dataFolder, report)
  return { report }
}

const isFolder = (folder: string) => statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false

/** A database, but of something else. */
const isForeign = ({ objection, isVaultwardens }: Inspection) => objection !== undefined && !isVaultwardens

function reportDatabase(inspection: Inspection, database: DatabaseOptions, report: Report): void {
  const { engine, objection, damage, content, ownSteps, knownOwnSteps, latestVaultwardenVersion } = inspection
  const place = database.kind === 'sqlite' ? `SQLite, ${database.databaseFile}` : engine
  report.found('Database', place)
  if (objection === undefined) {
    const ours = ownSteps === 0 ? 'only Vaultwarden has had it' : `Belfry's own part ${ownSteps} of ${knownOwnSteps}`
    report.found('Schema', `Vaultwarden's up to ${latestVaultwardenVersion}; ${ours}`)
  } else report.problem(`the database cannot be opened: ${objection}`)
  for (const complaint of damage) report.problem(`the database is damaged: ${complaint}`)
  if (content === undefined) return
  const { users, items, folders, organizations, sends, attachments } = content
  const counts = [
    counted(users, 'user'),
    counted(items, 'item'),
    counted(folders, 'folder'),
    counted(attachments.length, 'attachment'),
    counted(sends, 'Send'),
  ]
  report.found('Content', counts.join(', '))
  if (organizations > 0) {
    report.found('', `${counted(organizations, 'organization')}, which this version of Belfry keeps but does not show`)
  }
}

async function reportKey(keyFile: string, inUse: string | undefined, report: Report): Promise<void> {
  try {
    const key = await inspectSigningKey(keyFile)
    if (key === undefined) {
      report.problem(`${keyFile}: there is no key; a new one ends all sessions`)
      return
    }
    report.found('Key', `${keyFile}: RSA, ${key.bits} bits, ${key.format}`)
    if (inUse !== undefined && inUse !== key.fingerprint) {
      report.problem(`${keyFile}: instances on this database sign by another key`)
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    report.problem(error.message)
  }
}

/** A folder that had no part in Web Push yet has none. */
async function reportWebPushKey(keyFile: string, content: InspectedContent | undefined, report: Report): Promise<void> {
  const { webPushSubscriptions: browsers = 0, hasVapidKey = false } = content ?? {}
  try {
    const key = await inspectVapidKey(keyFile)
    if (key !== undefined) report.found('Web Push key', `${keyFile}: P-256, for ${counted(browsers, 'browser')}`)
    else if (browsers > 0 && !hasVapidKey) {
      report.problem(
        `${keyFile}: there is no key; ${counted(browsers, 'browser')} must subscribe anew with another one`,
      )
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    report.problem(error.message)
  }
}

async function reportFiles(content: InspectedContent, vault: Options['vault'], report: Report): Promise<void> {
  const again = async () => (await inspectDatabase(vault.database))?.content
  for (const { what, folder, idLength, kind } of [
    { what: 'Attachments', folder: vault.attachments.folder, idLength: 20, kind: 'attachments' },
    { what: 'Sends', folder: vault.sends.folder, idLength: 64, kind: 'sendFiles' },
  ] as const) {
    const expectedNow = async () => (await again())?.[kind] ?? []
    const compared = await compareFiles({ folder, idLength, expected: content[kind], expectedNow })
    report.found(what, `${folder}: ${counted(compared.files, 'file')}, ${counted(compared.bytes, 'byte')}`)
    const inFolder = (places: readonly string[]) => places.map((place) => path.join(folder, place))
    report.problems(inFolder(compared.missing), 'the file is missing')
    report.problems(compared.misplaced, `is in the database, but is no name of a file in "${folder}"`)
    report.problems(inFolder(compared.unexpected), 'the database knows nothing of this file')
    for (const { place, found, expected } of compared.ofOtherSize) {
      report.problem(`${path.join(folder, place)}: has ${counted(found, 'byte')}, not ${expected}`)
    }
  }
  for (const folder of [
    path.join(vault.dataFolder, 'tmp'),
    unfinishedIn(vault.attachments),
    unfinishedIn(vault.sends),
  ]) {
    const leftovers = await countLeftovers(folder)
    if (leftovers > 0)
      report.found('Left over', `${folder}: ${counted(leftovers, 'file')} of uploads that were broken off`)
  }
}

const unfinishedIn = ({ folder }: { folder: string }) => path.join(folder, '.unfinished')

async function reportSettings(dataFolder: string, report: Report): Promise<void> {
  const place = { dataFolder, env: process.env, cwd: process.cwd() }
  const { file, read, withoutEffect, unknown } = readSavedSettings(place)
  if (read.length + withoutEffect.length + unknown.length === 0) return
  report.found('Settings', `${file}: ${counted(read.length, 'setting')} in force`)
  if (withoutEffect.length > 0) report.found('', `without effect: ${withoutEffect.join(', ')}`)
  if (unknown.length > 0) report.found('', `unknown: ${unknown.join(', ')}`)
}
