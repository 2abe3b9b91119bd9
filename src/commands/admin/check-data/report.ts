/** Of many of the same kind, this many are named. */
const MOST_NAMED = 20

/** What was found, and what of it is wrong. */
export class Report {
  readonly #found: string[] = []
  readonly #problems: string[] = []

  get hasProblems(): boolean {
    return this.#problems.length > 0
  }

  found(what: string, text: string): void {
    this.#found.push(`${what.padEnd(14)}${text}`)
  }

  problem(text: string): void {
    this.#problems.push(text)
  }

  /** One problem that many places have. */
  problems(places: readonly string[], text: string): void {
    for (const place of places.slice(0, MOST_NAMED)) this.problem(`${place}: ${text}`)
    if (places.length > MOST_NAMED) this.problem(`and ${places.length - MOST_NAMED} more: ${text}`)
  }

  toString(): string {
    const problems = this.#problems.map((problem) => `- ${problem}`)
    return [...this.#found, '', ...(this.hasProblems ? ['Problems:', ...problems] : ['No problems.']), ''].join('\n')
  }
}

/** `1 user`, `2 users`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
