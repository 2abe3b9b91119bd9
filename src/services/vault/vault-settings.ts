import type { Options } from '#config'
import type { VaultSettings } from '#vault'

/** The Bitwarden server release whose API this is; clients switch features on by it. */
const BITWARDEN_VERSION = '2026.6.0'

/** What the configuration says, as the vault wants it: without what only its surroundings are made of. */
export function vaultSettings({ vault }: Options): VaultSettings {
  const { dataFolder, database, rsaKeyFile, basePath, mail, jobs, cluster, ...settings } = vault
  return { ...settings, pathPrefix: basePath, serverVersion: BITWARDEN_VERSION }
}
