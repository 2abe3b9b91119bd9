import { isLiteralSubject, isValidSubject } from './subject.ts'
import { isSubset, overlapsWith } from './subject-patterns.ts'

/** The rules that are about a subject. */
export interface RuleMatch {
  /** Whether one of them names no queue group. */
  readonly isPlain: boolean
  /** The queue groups, with wildcards or without, that the others name. */
  readonly queues: readonly string[]
}

const NO_RULE: RuleMatch = { isPlain: false, queues: [] }

/** Rules that end at one place of the tree. */
class Node {
  isPlain = false
  readonly queues: string[] = []
  readonly literals = new Map<string, Node>()
  star: Node | undefined
  rest: Node | undefined
}

/** A list of rules, `subject` or `subject queue`, as a tree by subject token. A rule that is not valid counts for nothing. */
export class PermissionRules {
  readonly #root = new Node()
  readonly #subjects: string[] = []

  constructor(rules: readonly string[]) {
    for (const rule of rules) {
      const fields = rule.split(/\s+/).filter((field) => field !== '')
      const [subject, queue] = fields
      if (subject === undefined || fields.length > 2 || !fields.every(isValidSubject)) continue
      this.#add(subject, queue)
    }
  }

  /** What is said about `subject`, in which wildcards are tokens like others: `foo.*` is about `foo.*` and not about `*.*`. */
  match(subject: string): RuleMatch {
    const tokens = subject.split('.')
    if (tokens.includes('')) return NO_RULE
    const found = { isPlain: false, queues: [] as string[] }
    collect(this.#root, tokens, 0, found)
    return found
  }

  /** Whether a rule, for whatever queue group, is about some of the subjects that `subject` stands for. */
  overlap(subject: string): boolean {
    return this.#subjects.some(overlapsWith(subject))
  }

  /** Whether one rule is about all that `subject` stands for. */
  cover(subject: string): boolean {
    return this.#subjects.some((rule) => isSubset(subject, rule))
  }

  #add(subject: string, queue: string | undefined): void {
    let node = this.#root
    for (const token of subject.split('.')) node = descend(node, token)
    if (queue === undefined) node.isPlain = true
    else node.queues.push(queue)
    this.#subjects.push(subject)
  }
}

/** Whether members of the queue group `queue` are meant by one of `rules`. */
export function isQueueOf(rules: readonly string[], queue: string): boolean {
  return rules.some((rule) => rule === queue || (!isLiteralSubject(rule) && isSubset(queue, rule)))
}

function collect(node: Node, tokens: readonly string[], depth: number, found: { isPlain: boolean; queues: string[] }) {
  if (depth === tokens.length) {
    take(node, found)
    return
  }
  if (node.rest !== undefined) take(node.rest, found)
  if (node.star !== undefined) collect(node.star, tokens, depth + 1, found)
  const literal = node.literals.get(tokens[depth]!)
  if (literal !== undefined) collect(literal, tokens, depth + 1, found)
}

function take({ isPlain, queues }: Node, found: { isPlain: boolean; queues: string[] }): void {
  if (isPlain) found.isPlain = true
  found.queues.push(...queues)
}

function descend(node: Node, token: string): Node {
  if (token === '*') {
    node.star ??= new Node()
    return node.star
  }
  if (token === '>') {
    node.rest ??= new Node()
    return node.rest
  }
  let child = node.literals.get(token)
  if (child === undefined) {
    child = new Node()
    node.literals.set(token, child)
  }
  return child
}
