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
