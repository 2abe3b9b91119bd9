import type { AccountDefinition } from './account-definition.ts'

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

/** What is wrong with accounts that are to be defined together; nothing: `[]`. */
export function checkDefinitions(_definitions: readonly AccountDefinition[]): readonly DefinitionProblem[] {
  return []
}
