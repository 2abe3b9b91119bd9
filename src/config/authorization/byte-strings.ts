import type { AccountDefinition, Export, Import, Permissions, SubjectMapping, SubjectRules } from '#core'
import { toByteString } from '#kit'

/** The broker's subjects are byte strings; the configuration has text. From here on subjects are as the broker has them. */
export function withByteSubjects<T extends { readonly permissions?: Permissions | undefined }>(user: T): T {
  const { permissions } = user
  if (permissions === undefined) return user
  const { publish, subscribe } = permissions
  return {
    ...user,
    permissions: {
      ...permissions,
      ...(publish && { publish: rulesInBytes(publish) }),
      ...(subscribe && { subscribe: rulesInBytes(subscribe) }),
    },
  }
}

/** As `withByteSubjects`. */
export function definitionInBytes(definition: AccountDefinition): AccountDefinition {
  const { exports, imports, mappings } = definition
  return {
    ...definition,
    exports: exports.map(exportInBytes),
    imports: imports.map(importInBytes),
    mappings: mappings.map(mappingInBytes),
  }
}

function rulesInBytes({ allow, deny }: SubjectRules): SubjectRules {
  return { ...(allow && { allow: allow.map(toByteString) }), ...(deny && { deny: deny.map(toByteString) }) }
}

function exportInBytes(given: Export): Export {
  const subject = toByteString(given.subject)
  if (given.kind === 'stream' || given.latency === undefined) return { ...given, subject }
  return { ...given, subject, latency: { ...given.latency, subject: toByteString(given.latency.subject) } }
}

function importInBytes(given: Import): Import {
  return { ...given, subject: toByteString(given.subject), to: toByteString(given.to) }
}

function mappingInBytes({ source, destinations }: SubjectMapping): SubjectMapping {
  return {
    source: toByteString(source),
    destinations: destinations.map((one) => ({ ...one, subject: toByteString(one.subject) })),
  }
}
