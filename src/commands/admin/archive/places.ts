import path from 'node:path'
import { type Options, readSavedSettings } from '#config'
import { KEY_SUFFIXES, type SMALL_FOLDERS, type UploadFolder } from './names.ts'

/** Where the settings have what a backup holds. All paths are absolute. */
export interface Places {
  readonly dataFolder: string
  /** By its name in a backup. */
  readonly files: Readonly<Record<string, string>>
  /** By its name in a backup. */
  readonly smallFolders: Readonly<Record<string, string>>
  readonly uploads: Readonly<Record<UploadFolder, string>>
}

/** `tls/` and `templates/` belong to a vault only where they lie in its data folder: what lies elsewhere is the operator's. */
export function placesOf({ vault, push }: Options): Places {
  const { dataFolder, rsaKeyFile } = vault
  const key = rsaKeyFile.replace(/\.pem$/, '')
  const { file: configJson } = readSavedSettings({ dataFolder, env: process.env, cwd: process.cwd() })
  const smallFolders: Record<(typeof SMALL_FOLDERS)[number], string> = {
    tls: path.join(dataFolder, 'tls'),
    templates: vault.mail?.templatesFolder ?? path.join(dataFolder, 'templates'),
  }
  const inside = Object.entries(smallFolders).filter(([, folder]) => folder.startsWith(dataFolder + path.sep))
  return {
    dataFolder,
    files: {
      ...Object.fromEntries(KEY_SUFFIXES.map((suffix) => [`rsa_key${suffix}`, key + suffix])),
      'vapid_key.pem': push.web?.keyFile ?? path.join(dataFolder, 'vapid_key.pem'),
      'config.json': configJson,
    },
    smallFolders: Object.fromEntries(inside),
    uploads: { attachments: vault.attachments.folder, sends: vault.sends.folder },
  }
}
