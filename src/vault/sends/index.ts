import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { registerUploads } from './upload.ts'
import { registerOwnSends } from './write.ts'

export { registerSendAccess } from './access.ts'
export { type Admission, admit, type Refusal } from './admission.ts'
export { idOfAccessId, sendResponse } from './response.ts'

/** The Sends of the user's own. */
export function registerSends(scope: VaultApp, context: VaultContext): void {
  registerOwnSends(scope, context)
  registerUploads(scope, context)
}
