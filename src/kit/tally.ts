/** Labels that are counted by themselves; each is a series of numbers for whoever watches. */
const MAX_LABELS = 100

/**
 * Counts events by a label since the start: plain numbers, which nobody is told of and whoever shows them reads. Labels
 * should be few and known; of those beyond the hundredth all are counted together, as `other`.
 */
export class Tally implements Iterable<readonly [label: string, count: number]> {
  readonly #counts: Map<string, number>

  /** Those of `labels` are there from the start, with none: who looks at how a number grows has to see it at zero. */
  constructor(labels: readonly string[] = []) {
    this.#counts = new Map(labels.map((label) => [label, 0]))
  }

  /** Hot where events are. */
  add(label: string, count = 1): void {
    const before = this.#counts.get(label)
    if (before !== undefined) this.#counts.set(label, before + count)
    else if (this.#counts.size < MAX_LABELS) this.#counts.set(label, count)
    else this.#counts.set('other', (this.#counts.get('other') ?? 0) + count)
  }

  get(label: string): number {
    return this.#counts.get(label) ?? 0
  }

  [Symbol.iterator](): Iterator<readonly [label: string, count: number]> {
    return this.#counts.entries()
  }
}
