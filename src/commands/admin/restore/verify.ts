import path from 'node:path'
import type { Options } from '#config'
import { ConfigError } from '#kit'
import { inspectDatabase } from '#store'
import type { Manifest } from '../archive/manifest.ts'
import { SQLITE_DATABASE } from '../archive/names.ts'
import { inspectData } from '../check-data/inspect.ts'
import type { Report } from '../check-data/report.ts'
import { type Slot, STAGING, stagedAt } from './slots.ts'
import type { Staging } from './staging.ts'

/** Holds what was staged against what the backup says. Throws ConfigError for the first thing that is not as it should be. */
export function compareWithManifest({ files, leftOut }: Manifest, staging: Staging): void {
  const named = new Map(files.map((file) => [file.name, file]))
  for (const { name, size, sha256 } of named.values()) {
    const found = staging.files.get(name)
    if (found === undefined) throw damaged(`"${name}" is missing`)
    if (found.size !== size || found.sha256 !== sha256) throw damaged(`"${name}" is not as it was saved`)
  }
  const known = new Set(leftOut)
  for (const name of staging.files.keys()) {
    if (!named.has(name) && !known.has(name)) throw damaged(`it says nothing of "${name}"`)
  }
}

const damaged = (why: string) => new ConfigError(`The backup is damaged: ${why}`)

/**
 * Looks at an SQLite vault that is staged as `belfry admin check-data` does. Throws ConfigError when its database could not be used;
 * anything else that is wrong with it stands in the report.
 */
export async function inspectStaged(options: Options, slots: readonly Slot[], staging: Staging): Promise<Report> {
  const databaseFile = staging.pathOf(SQLITE_DATABASE)!
  const inspection = await inspectDatabase({ kind: 'sqlite', databaseFile })
  const objection = inspection === undefined ? 'it is empty' : (inspection.objection ?? inspection.damage[0])
  if (objection !== undefined) throw new ConfigError(`The database of the backup cannot be used: ${objection}`)
  const { vault } = options
  const stagedOr = (name: string, current: string) => {
    const slot = slots.find((slot) => slot.name === name)
    return slot === undefined ? current : stagedAt(slot)
  }
  const inspected = await inspectData({
    ...options,
    vault: {
      ...vault,
      dataFolder: path.join(vault.dataFolder, STAGING),
      database: { kind: 'sqlite', databaseFile },
      rsaKeyFile: stagedOr('rsa_key.pem', vault.rsaKeyFile),
      attachments: { ...vault.attachments, folder: stagedOr('attachments', vault.attachments.folder) },
      sends: { ...vault.sends, folder: stagedOr('sends', vault.sends.folder) },
    },
    push: {
      ...options.push,
      web: options.push.web && { ...options.push.web, keyFile: stagedOr('vapid_key.pem', options.push.web.keyFile) },
    },
  })
  if ('noDataFolder' in inspected) throw new ConfigError(`The backup cannot be used: ${inspected.noDataFolder}`)
  return inspected.report
}
