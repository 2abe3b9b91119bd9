/** What is found in a database, as far as it says whose it is. */
export interface FoundSchema {
  readonly tableNames: readonly string[]
  /** Of `__diesel_schema_migrations`; empty when there is no such table. */
  readonly vaultwardenVersions: readonly string[]
  /** How many of `ownSteps` were taken; 0 when there is no `belfry_schema`. */
  readonly ownSteps: number
}

/** What this Belfry knows. */
export interface KnownSchema {
  /** A set, not a sequence. */
  readonly vaultwardenVersions: readonly string[]
  /** The last step, by which an operator can tell the release. */
  readonly latestVaultwardenVersion: string
  readonly ownSteps: number
}

/**
 * Why the database cannot be used, to follow "Cannot open the database …:"; undefined when it is empty, or of exactly our
 * Vaultwarden version and of this Belfry or an earlier one.
 */
export function objection(found: FoundSchema, known: KnownSchema): string | undefined {
  if (found.tableNames.length === 0) return undefined
  if (!found.tableNames.includes('__diesel_schema_migrations')) {
    return 'it is neither empty nor a database of Vaultwarden or Belfry'
  }
  const latest = known.latestVaultwardenVersion
  const versions = new Set(found.vaultwardenVersions)
  const unknown = [...versions.difference(new Set(known.vaultwardenVersions))]
  if (unknown.length > 0) {
    return `a newer Vaultwarden has changed it (migrations ${list(unknown)}); Belfry knows them up to ${latest}`
  }
  const missing = known.vaultwardenVersions.filter((version) => !versions.has(version))
  if (missing.length > 0) {
    const remedy = `start a Vaultwarden that has migration ${latest} on it once`
    return `it is of an older Vaultwarden (without migrations ${list(missing)}); ${remedy}`
  }
  if (found.ownSteps > known.ownSteps) {
    return `a newer Belfry has changed it (version ${found.ownSteps}, this one: ${known.ownSteps})`
  }
  return undefined
}

/** All of the versions, unless there are more than Vaultwarden ever had. */
function list(versions: readonly string[]): string {
  const shown = versions.slice(0, 60).join(', ')
  return versions.length > 60 ? `${shown} and ${versions.length - 60} more` : shown
}
