import type { VaultContext } from '../context.ts'
import { acceptMultipart } from '../files/multipart.ts'
import { type VaultApp, within } from '../schema.ts'
import { registerAnnouncing } from './announce.ts'
import { registerReading } from './read.ts'
import { registerRemoving } from './remove.ts'
import { registerUploads } from './upload.ts'

export { registerDownload } from './download.ts'

/** The files that hang on the user's own items. */
export function registerAttachments(scope: VaultApp, context: VaultContext): void {
  registerAnnouncing(scope, context)
  registerReading(scope, context)
  registerRemoving(scope, context)
  within(scope, '', (uploads) => {
    acceptMultipart(uploads)
    registerUploads(uploads, context)
  })
}
