import type { SubjectMapping } from './account-definition.ts'
import { isLiteralSubject, subjectMatches } from './subject.ts'
import { SubjectTransform, TransformError, type TransformTools } from './subject-transform.ts'

/**
 * Where messages go that are published to mapped subjects. A mapping of exactly the subject comes before those with
 * wildcards, of which the first that matches counts. Destinations of a `cluster` are passed over: we are in none.
 * Mappings that cannot be are left out; `checkDefinitions` tells of them.
 */
export class SubjectMappings {
  readonly #literal = new Map<string, Choice>()
  readonly #wildcard: (readonly [source: string, Choice])[] = []

  constructor(mappings: readonly SubjectMapping[], tools: TransformTools) {
    for (const mapping of mappings) {
      const choice = choiceOf(mapping, tools)
      if (choice === undefined) continue
      if (isLiteralSubject(mapping.source)) this.#literal.set(mapping.source, choice)
      else this.#wildcard.push([mapping.source, choice])
    }
  }

  /**
   * The same string when no mapping applies. Empty, which nobody can be subscribed to, when the weights say that this
   * message is to be lost.
   */
  apply(subject: string): string {
    const choice = this.#literal.get(subject) ?? this.#wildcard.find(([source]) => subjectMatches(source, subject))?.[1]
    return choice === undefined ? subject : choice.of(subject)
  }
}

function choiceOf(mapping: SubjectMapping, tools: TransformTools): Choice | undefined {
  try {
    return new Choice(mapping, tools)
  } catch (error) {
    if (error instanceof TransformError) return undefined
    throw error
  }
}

/** The destinations of one mapping, drawn by their weights. */
class Choice {
  readonly #destinations: readonly { readonly transform: SubjectTransform; readonly weight: number }[]
  readonly #losesRest: boolean
  readonly #random: (below: number) => number

  /** Throws a `TransformError`. */
  constructor({ source, destinations }: SubjectMapping, tools: TransformTools) {
    this.#destinations = destinations
      .filter(({ cluster }) => cluster === undefined || cluster === '')
      .map(({ subject, weight }) => ({ transform: new SubjectTransform(source, subject, tools), weight }))
    // Who names the source as a destination has said how much may stay there: the way to lose a part on purpose.
    this.#losesRest = destinations.some(({ subject }) => subject === source)
    this.#random = tools.random
  }

  of(subject: string): string {
    const [first] = this.#destinations
    let drawn = first?.weight === 100 ? 0 : this.#random(100)
    for (const { transform, weight } of this.#destinations) {
      if (drawn < weight) return transform.apply(subject)
      drawn -= weight
    }
    return this.#losesRest ? '' : subject
  }
}
