import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { registerArchive } from './archive.ts'
import { registerImport } from './import.ts'
import { registerMove } from './move.ts'
import { registerPurge } from './purge.ts'
import { registerReading } from './read.ts'
import { registerTrash } from './trash.ts'
import { registerWriting } from './write.ts'

export { attachmentResponse } from './attachment-response.ts'
export { announce, checkFresh, ownCipher } from './cipher-store.ts'
export { type CipherContent, CipherRequest, parseContent } from './request.ts'
export { cipherResponse } from './response.ts'
export { SSH_KEY } from './type-parts.ts'

/** The items of the user's own vault. */
export function registerCiphers(scope: VaultApp, context: VaultContext): void {
  registerReading(scope, context)
  registerWriting(scope, context)
  registerTrash(scope, context)
  registerArchive(scope, context)
  registerMove(scope, context)
  registerImport(scope, context)
  registerPurge(scope, context)
}
