import { FileFolder } from '#store'
import type { VaultSettings } from '../settings.ts'

/** Where the files of the vault lie, which clients encrypted: by item and by Send. */
export interface VaultFiles {
  readonly attachments: FileFolder
  readonly sends: FileFolder
}

/** Ids of attachments are 10 bytes, those of files of Sends 32 (spec/vault.md §2.1). */
export function vaultFiles({ attachments, sends }: Pick<VaultSettings, 'attachments' | 'sends'>): VaultFiles {
  return {
    attachments: new FileFolder(attachments.folder, { idLength: 20 }),
    sends: new FileFolder(sends.folder, { idLength: 64 }),
  }
}
