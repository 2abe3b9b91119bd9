import { type AccountDefinition, Broker } from '#core'

/** Weights are percents: so many draws find every destination. */
const DRAWS = 100

/**
 * Where messages go that are published to `subject`, by the account's subject mappings: several where weights choose, and
 * `subject` itself where none applies. Permissions are asked about these. Byte strings.
 */
export function destinationsOf(definition: AccountDefinition | undefined, subject: string): readonly string[] {
  if (definition === undefined) return [subject]
  let drawn = 0
  const broker = new Broker((below) => drawn % below)
  broker.define([{ ...definition, imports: [], exports: [] }])
  const account = broker.account(definition.name)
  const found = new Set<string>()
  for (; drawn < DRAWS; drawn++) found.add(account.mapped(subject))
  // Nowhere, for the part that is lost on purpose.
  found.delete('')
  return [...found]
}
