import { existsSync } from 'node:fs'
import path from 'node:path'
import { ConfigError } from '#kit'

/** Where it stands in a data folder how far a restore has come that is not done. */
export const restoreJournal = (dataFolder: string): string => path.join(dataFolder, 'restore-under-way.json')

/** Throws ConfigError when a data folder is half of one time and half of another. */
export function refuseUnfinishedRestore(dataFolder: string): void {
  if (!existsSync(restoreJournal(dataFolder))) return
  throw new ConfigError(
    `A restore of the data folder "${dataFolder}" was broken off: "belfry admin restore --continue" finishes it`,
  )
}
