import type { JsonObject } from '../../api/json.ts'
import type { Kdf } from '../../crypto/kdf.ts'
import type { SymmetricKey } from '../../crypto/symmetric-key.ts'
import { csv } from './csv.ts'
import { accountJson, plainJson } from './json.ts'
import { protect } from './protected.ts'
import { exportable, type Omission, OmissionList, type Omissions, readVault } from './source.ts'

export type ExportChoice =
  | { readonly format: 'json' }
  | { readonly format: 'csv' }
  /** For any account, with that password. `kdf`: that of the account. */
  | { readonly format: 'protected'; readonly password: string; readonly kdf: Kdf }
  /** For this account alone. */
  | { readonly format: 'account' }

export interface Export {
  readonly fileName: string
  readonly text: string
  readonly omissions: Omissions
}

export interface ExportOptions {
  readonly userKey: SymmetricKey
  readonly now: Date
  /** Items decrypted, of how many. */
  readonly onProgress?: (done: number, all: number) => void
}

/** A file with the vault that is in a sync. */
export async function exportVault(sync: JsonObject, choice: ExportChoice, options: ExportOptions): Promise<Export> {
  const { userKey, now } = options
  const stamp = stampOf(now)
  if (choice.format === 'account') {
    const fileName = `bitwarden_encrypted_export_${stamp}.json`
    return { fileName, text: written(await accountJson(sync, userKey)), omissions: omissionsOfAccountExport(sync) }
  }
  const vault = await readVault(sync, userKey, options.onProgress)
  if (choice.format === 'csv') {
    return { fileName: `bitwarden_export_${stamp}.csv`, text: csv(vault), omissions: vault.omissions.all }
  }
  const text = written(plainJson(vault))
  const omissions = vault.omissions.all
  if (choice.format === 'json') return { fileName: `bitwarden_export_${stamp}.json`, text, omissions }
  const file = await protect(text, choice.password, choice.kdf)
  return { fileName: `bitwarden_encrypted_export_${stamp}.json`, text: written(file), omissions }
}

/** Names are not decrypted for it. */
function omissionsOfAccountExport(sync: JsonObject): Omissions {
  const { kept, left } = exportable(sync)
  const list = new OmissionList()
  for (const [why] of left) list.add(why, '')
  const withFiles: Omission = 'attachments'
  for (const { attachments } of kept) if (Array.isArray(attachments) && attachments.length > 0) list.add(withFiles, '')
  return list.all
}

const written = (document: JsonObject): string => JSON.stringify(document, null, 2)

/** Year to second in local time, as the apps name their files. */
function stampOf(now: Date): string {
  const [date, time] = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().split(/[T.]/)
  return `${date}${time}`.replaceAll(/\D/g, '')
}
