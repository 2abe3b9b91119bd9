import type {
  AccountDefinition,
  Export,
  Import,
  ServiceImport,
  StreamImport,
  SubjectMapping,
} from './account-definition.ts'
import { ImportMapping } from './import-mapping.ts'
import { grantedExport } from './imports.ts'
import { isLiteralSubject, isValidSubject } from './subject.ts'
import { doOverlap, isSubset } from './subject-patterns.ts'
import { SubjectTransform, TransformError } from './subject-transform.ts'

/** Something of a definition that cannot be. */
export interface DefinitionProblem {
  /** Name of the account whose definition it is in. */
  readonly account: string
  readonly part: 'exports' | 'imports' | 'mappings'
  /** Of the export, import or mapping in its list. */
  readonly index: number
  /** In nats-server's words. */
  readonly text: string
}

/**
 * What is wrong with accounts that are to be defined together; nothing: `[]`. As in nats-server, what can be seen of one
 * account alone comes first, and only without such problems what accounts are to one another: exports, then imports.
 */
export function checkDefinitions(definitions: readonly AccountDefinition[]): readonly DefinitionProblem[] {
  const alone = definitions.flatMap(checkAlone)
  return alone.length > 0 ? alone : new Together(definitions).check()
}

function checkAlone({ name, mappings, imports }: AccountDefinition): DefinitionProblem[] {
  return [
    ...problems(name, 'mappings', mappings, checkMapping),
    ...problems(name, 'imports', imports, (imported, index) => checkDuplicate(imported, imports.slice(0, index))),
  ]
}

function checkMapping({ source, destinations }: SubjectMapping): string | undefined {
  if (!isValidSubject(source)) return `Subject ${quoted(source)} is not a valid subject`
  const [first] = destinations
  // One destination without more ado is written as a text, of which nats-server speaks otherwise than of a list.
  const isPlain = destinations.length === 1 && first?.weight === 100 && first.cluster === undefined
  const problem = checkDestinations(source, destinations)
  if (problem === undefined) return undefined
  return `Error adding mapping for ${quoted(source)}${isPlain ? ` to ${quoted(first!.subject)}` : ''} : ${problem}`
}

function checkDestinations(source: string, destinations: SubjectMapping['destinations']): string | undefined {
  const seen = new Set<string>()
  const weights = new Map<string, number>()
  for (const { subject, weight, cluster = '' } of destinations) {
    if (seen.has(subject)) return `duplicate entry for ${quoted(subject)}`
    seen.add(subject)
    if (weight > 100) return 'individual weights need to be <= 100'
    const total = (weights.get(cluster) ?? 0) + weight
    if (total > 100) return 'total weight needs to be <= 100'
    weights.set(cluster, total)
    const problem = reasonOf(() => new SubjectTransform(source, subject, { random: () => 0 }))
    if (problem !== undefined) return problem
  }
  return undefined
}

function checkDuplicate(imported: Import, earlier: readonly Import[]): string | undefined {
  if (imported.kind === 'stream') return undefined
  const same = earlier.find(
    ({ kind, account, to }) => kind === 'service' && account === imported.account && to === imported.to,
  )
  if (same === undefined) return undefined
  const { account, subject } = same
  return `Duplicate service import subject ${quoted(imported.to)}, previously used in import for account ${quoted(account)}, subject ${quoted(subject)}`
}

/** An import that was found good. */
interface Accepted {
  readonly account: string
  readonly remote: string
  readonly local: string
}

interface Checked {
  readonly definition: AccountDefinition
  readonly streams: Accepted[]
  readonly services: Accepted[]
}

/** Accounts beside each other. Imports are added one by one: the one that closes a circle is the one at fault. */
class Together {
  readonly #accounts: ReadonlyMap<string, Checked>

  constructor(definitions: readonly AccountDefinition[]) {
    this.#accounts = new Map(
      definitions.map((definition) => [definition.name, { definition, streams: [], services: [] }]),
    )
  }

  check(): DefinitionProblem[] {
    const kinds = ['stream', 'service'] as const
    return [
      ...kinds.flatMap((kind) =>
        this.#each('exports', (account, item: Export) =>
          item.kind === kind ? this.#checkExport(account, item) : undefined,
        ),
      ),
      ...kinds.flatMap((kind) =>
        this.#each('imports', (account, item: Import) =>
          item.kind === kind ? this.#checkImport(account, item) : undefined,
        ),
      ),
    ]
  }

  #each<Part extends 'exports' | 'imports'>(
    part: Part,
    check: (account: Checked, item: AccountDefinition[Part][number]) => string | undefined,
  ): DefinitionProblem[] {
    return [...this.#accounts.values()].flatMap((account) => {
      const items: readonly AccountDefinition[Part][number][] = account.definition[part]
      return problems(account.definition.name, part, items, (item) => check(account, item))
    })
  }

  #checkExport({ definition }: Checked, exported: Export): string | undefined {
    const { kind, subject, access, accountTokenPosition = 0 } = exported
    const missing = access.kind === 'accounts' ? access.accounts.find((name) => !this.#accounts.has(name)) : undefined
    if (missing !== undefined) return `${quoted(missing)} account not defined for ${kind} export`
    if (accountTokenPosition > 0 && subject.split('.')[accountTokenPosition - 1] !== '*') {
      return `Error adding ${kind} export ${quoted(subject)}: ${INVALID_SUBJECT}`
    }
    if (kind === 'stream' || exported.latency === undefined) return undefined
    const results = exported.latency.subject
    const complain = (reason: string) =>
      `Error adding service latency sampling for ${quoted(subject)} on subject ${quoted(results)}: ${reason}`
    const isOwnService = definition.exports.some(
      (other) => other.kind === 'service' && doOverlap(results, other.subject),
    )
    if (!isValidSubject(results) || !isLiteralSubject(results) || isOwnService)
      return complain('invalid publish subject')
    return exported.responseType === 'single' ? undefined : complain('bad service response type')
  }

  #checkImport(importer: Checked, imported: Import): string | undefined {
    const { kind, account, subject } = imported
    const exporter = this.#accounts.get(account)
    if (exporter === undefined) return `${quoted(account)} account not defined for ${kind} import`
    const problem =
      imported.kind === 'stream'
        ? this.#addStream(importer, exporter, imported)
        : this.#addService(importer, exporter, imported)
    return problem === undefined ? undefined : `Error adding ${kind} import ${quoted(subject)}: ${problem}`
  }

  #addStream(importer: Checked, exporter: Checked, imported: StreamImport): string | undefined {
    const { account, subject, to } = imported
    if (
      !isValidSubject(subject) ||
      grantedExport(exporter.definition, importer.definition.name, imported) === undefined
    ) {
      return 'stream import not authorized'
    }
    for (const name of [to, subject]) {
      if (this.#streamsCycle(exporter, name, new Set([importer.definition.name]))) return CYCLE
    }
    const { mapping, problem } = mappingOf(subject, to)
    if (mapping === undefined) {
      return `failed to create mapping transform for stream import subject from ${quoted(subject)} to ${quoted(to)}: ${problem}`
    }
    if (!isValidSubject(mapping.local)) return INVALID_SUBJECT
    if (importer.streams.some((other) => other.account === account && other.remote === subject)) {
      return 'stream import already exists'
    }
    importer.streams.push({ account, remote: subject, local: mapping.local })
    return undefined
  }

  #addService(importer: Checked, exporter: Checked, imported: ServiceImport): string | undefined {
    const { account, subject, to } = imported
    if (!isValidSubject(subject) || !isValidSubject(to)) return INVALID_SUBJECT
    if (grantedExport(exporter.definition, importer.definition.name, imported) === undefined) {
      return 'service import not authorized'
    }
    const { mapping, problem } = mappingOf(subject, to)
    if (this.#servicesCycle(exporter, mapping?.local ?? to, new Set([importer.definition.name]))) return CYCLE
    if (mapping === undefined) {
      return `failed to create mapping transform for service import subject from ${quoted(to)} to ${quoted(subject)}: ${problem}`
    }
    importer.services.push({ account, remote: subject, local: mapping.local })
    return undefined
  }

  /** Whether what `account` exports as `name` comes, by its own imports, from one of `visited`. */
  #streamsCycle(account: Checked, name: string, visited: Set<string>): boolean {
    const exports = account.definition.exports.some(({ kind, subject }) => kind === 'stream' && isSubset(name, subject))
    return (
      exports &&
      account.streams.some((stream) =>
        this.#goesOn(account, stream, visited, {
          isConcerned: doOverlap(name, stream.local),
          next: (exporter) => this.#streamsCycle(exporter, narrower(stream.local, name), visited),
        }),
      )
    )
  }

  /** Whether what is asked of `account` as `name` is asked by it, in turn, of one of `visited`. */
  #servicesCycle(account: Checked, name: string, visited: Set<string>): boolean {
    return account.services.some((service) =>
      this.#goesOn(account, service, visited, {
        isConcerned: doOverlap(name, service.remote),
        next: (exporter) => this.#servicesCycle(exporter, narrower(service.local, name), visited),
      }),
    )
  }

  #goesOn(
    { definition }: Checked,
    { account }: Accepted,
    visited: Set<string>,
    { isConcerned, next }: { isConcerned: boolean; next(exporter: Checked): boolean },
  ): boolean {
    if (!isConcerned) return false
    if (visited.has(account)) return true
    visited.add(definition.name)
    const exporter = this.#accounts.get(account)
    return exporter !== undefined && next(exporter)
  }
}

function narrower(pattern: string, name: string): string {
  return isSubset(pattern, name) ? pattern : name
}

function problems<Item>(
  account: string,
  part: DefinitionProblem['part'],
  items: readonly Item[],
  check: (item: Item, index: number) => string | undefined,
): DefinitionProblem[] {
  return items.flatMap((item, index) => {
    const text = check(item, index)
    return text === undefined ? [] : [{ account, part, index, text }]
  })
}

function mappingOf(subject: string, to: string): { mapping?: ImportMapping; problem?: string | undefined } {
  let mapping: ImportMapping | undefined
  const problem = reasonOf(() => {
    mapping = new ImportMapping(subject, to)
  })
  return mapping === undefined ? { problem } : { mapping }
}

/** Why `make` could not. */
function reasonOf(make: () => unknown): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    if (error instanceof TransformError) return error.message
    throw error
  }
}

/** As `%q` of Go, for what subjects and names are made of. */
function quoted(text: string): string {
  return JSON.stringify(text)
}

const INVALID_SUBJECT = 'sublist: invalid subject'
const CYCLE = 'import forms a cycle'
