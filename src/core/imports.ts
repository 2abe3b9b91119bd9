import type { Account } from './account.ts'
import type { AccountDefinition, Export, Import } from './account-definition.ts'
import { ImportMapping } from './import-mapping.ts'
import type { ServiceLink } from './service-import.ts'
import { StreamLink } from './stream-imports.ts'
import { isValidSubject } from './subject.ts'
import { isSubset } from './subject-patterns.ts'
import { TransformError } from './subject-transform.ts'
import { SubjectTree } from './subject-tree.ts'

export interface ImportLinks {
  readonly streams: readonly StreamLink[]
  readonly services: readonly ServiceLink[]
}

/**
 * The imports of `definition` that can be had now: the exporter is there and allows it. The others are left out, and may
 * come when the exporter changes. `checkDefinitions` tells what is wrong with them.
 */
export function linkImports(
  definition: AccountDefinition | undefined,
  find: (account: string) => Account | undefined,
): ImportLinks {
  const streams: StreamLink[] = []
  const services: ServiceLink[] = []
  /** One stream or service of an account is not imported twice under what makes it that one. */
  const known = new Set<string>()
  const isNew = (key: string) => known.size < known.add(key).size
  for (const wanted of definition?.imports ?? []) {
    const exporter = find(wanted.account)
    const exported = exporter?.definition && grantedExport(exporter.definition, definition!.name, wanted)
    const mapping = exported && mappingOf(wanted)
    if (exporter === undefined || exported === undefined || mapping === undefined) continue
    if (wanted.kind === 'stream') {
      if (isNew(`${wanted.account} stream ${mapping.remote}`)) streams.push(new StreamLink(exporter, mapping))
    } else if (exported.kind === 'service' && isNew(`${wanted.account} service ${mapping.local}`)) {
      services.push({ exporter, service: exported, mapping, shares: wanted.sharesRequestor })
    }
  }
  return { streams, services }
}

/** The export that `wanted` is of, if `importer` may have it. An export of exactly that subject decides alone. */
export function grantedExport(exporter: AccountDefinition, importer: string, wanted: Import): Export | undefined {
  const candidates = exportsOf(exporter)
    .containing(wanted.subject)
    .toSorted((a, b) => a - b)
    .map((index) => exporter.exports[index]!)
    .filter(({ kind, subject }) => kind === wanted.kind && isSubset(wanted.subject, subject))
  const exact = candidates.find(({ subject }) => subject === wanted.subject)
  return (exact === undefined ? candidates : [exact]).find((exported) => isGranted(exported, importer, wanted))
}

const EXPORTS = new WeakMap<AccountDefinition, SubjectTree<number>>()

/** The places in its list of what an account exports, which may be thousands: so may be those who import of it. */
function exportsOf(definition: AccountDefinition): SubjectTree<number> {
  let tree = EXPORTS.get(definition)
  if (tree === undefined) {
    tree = new SubjectTree()
    for (const [index, { subject }] of definition.exports.entries()) tree.add(subject, index)
    EXPORTS.set(definition, tree)
  }
  return tree
}

function isGranted({ access, accountTokenPosition }: Export, importer: string, wanted: Import): boolean {
  if (wanted.isBuiltIn === true) return true
  if (accountTokenPosition !== undefined && accountTokenPosition > 0) {
    return wanted.subject.split('.')[accountTokenPosition - 1] === importer
  }
  switch (access.kind) {
    case 'public':
      return true
    case 'accounts':
      return access.accounts.includes(importer)
    case 'token':
      return wanted.isActivated === true
  }
}

function mappingOf({ subject, to }: Import): ImportMapping | undefined {
  try {
    const mapping = new ImportMapping(subject, to)
    return isValidSubject(mapping.remote) && isValidSubject(mapping.local) ? mapping : undefined
  } catch (error) {
    if (error instanceof TransformError) return undefined
    throw error
  }
}
