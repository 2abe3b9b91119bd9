import { type FoundSchema, type KnownSchema, objection } from '../known-schema.ts'
import type { DescribedSchema } from './inspection.ts'

/** Undefined when it is empty. */
export function describeSchema(found: FoundSchema, known: KnownSchema): DescribedSchema | undefined {
  if (found.tableNames.length === 0) return undefined
  return {
    objection: objection(found, known),
    isVaultwardens: found.vaultwardenVersions.length > 0,
    latestVaultwardenVersion: known.latestVaultwardenVersion,
    ownSteps: found.ownSteps,
    knownOwnSteps: known.ownSteps,
  }
}
