class Node<T> {
  readonly literals = new Map<string, Node<T>>()
  star: Node<T> | undefined
  /** Of subjects that end here, and of those that end with `>` behind this place. */
  readonly values: T[] = []
  readonly open: T[] = []
}

/**
 * Subjects, perhaps with wildcards, as a tree by token: which of thousands contain another is found without comparing it
 * with each of them.
 */
export class SubjectTree<T> {
  readonly #root = new Node<T>()

  add(subject: string, value: T): void {
    const tokens = subject.split('.')
    const isOpen = tokens.at(-1) === '>'
    let node = this.#root
    for (const token of isOpen ? tokens.slice(0, -1) : tokens) node = descend(node, token)
    if (isOpen) node.open.push(value)
    else node.values.push(value)
  }

  /**
   * The values of the subjects that contain `subject`, itself included, in no particular order. Its wildcards are tokens
   * like others: `a.*` is taken to contain `a.>`, as the library of nats-io has it.
   */
  containing(subject: string): readonly T[] {
    const found: T[] = []
    let level = [this.#root]
    for (const token of subject.split('.')) {
      const next: Node<T>[] = []
      for (const { open, star, literals } of level) {
        for (const value of open) found.push(value)
        if (star !== undefined) next.push(star)
        const literal = literals.get(token)
        if (literal !== undefined) next.push(literal)
      }
      level = next
    }
    for (const { values } of level) for (const value of values) found.push(value)
    return found
  }

  /** The values of the subjects that have something in common with `subject`, in no particular order. */
  overlapping(subject: string): readonly T[] {
    const tokens = subject.split('.')
    const isOpen = tokens.at(-1) === '>'
    if (isOpen) tokens.pop()
    const found: T[] = []
    let level = [this.#root]
    for (const token of tokens) {
      const next: Node<T>[] = []
      for (const node of level) {
        for (const value of node.open) found.push(value)
        if (node.star !== undefined) next.push(node.star)
        const literals = token === '*' ? node.literals.values() : [node.literals.get(token)]
        for (const literal of literals) if (literal !== undefined) next.push(literal)
      }
      level = next
    }
    if (isOpen) for (const node of level) collectBelow(node, found)
    else for (const { values } of level) for (const value of values) found.push(value)
    return found
  }
}

/** All behind this place, without what ends in it. */
function collectBelow<T>(node: Node<T>, found: T[]): void {
  const nodes = [node]
  for (let below = nodes.pop(); below !== undefined; below = nodes.pop()) {
    const { open, values, star, literals } = below
    for (const value of open) found.push(value)
    if (below !== node) for (const value of values) found.push(value)
    if (star !== undefined) nodes.push(star)
    for (const literal of literals.values()) nodes.push(literal)
  }
}

function descend<T>(node: Node<T>, token: string): Node<T> {
  if (token === '*') {
    node.star ??= new Node()
    return node.star
  }
  let child = node.literals.get(token)
  if (child === undefined) {
    child = new Node()
    node.literals.set(token, child)
  }
  return child
}
