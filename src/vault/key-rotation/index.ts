import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { registerRotationData } from './data.ts'
import { registerRotation } from './rotate.ts'

/** A new user key in place of the old one. */
export function registerKeyRotation(scope: VaultApp, context: VaultContext): void {
  registerRotation(scope, context)
  registerRotationData(scope, context)
}
