import { isLiteralSubject, isValidSubject } from './subject.ts'
import { isSubset } from './subject-patterns.ts'

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

  /** Whether there is a rule that ends here. */
  get isEnd(): boolean {
    return this.isPlain || this.queues.length > 0
  }

  get isLeaf(): boolean {
    return this.star === undefined && this.rest === undefined && this.literals.size === 0
  }
}

/** A list of rules, `subject` or `subject queue`, as a tree by subject token. A rule that is not valid counts for nothing. */
export class PermissionRules {
  readonly #root = new Node()

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
    return overlaps(this.#root, subject.split('.'), 0)
  }

  /** Whether one rule is about all that `subject` stands for. */
  cover(subject: string): boolean {
    return covers(this.#root, subject.split('.'), 0)
  }

  #add(subject: string, queue: string | undefined): void {
    let node = this.#root
    for (const token of subject.split('.')) node = descend(node, token)
    if (queue === undefined) node.isPlain = true
    else node.queues.push(queue)
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

/** Some of the rules below may come from another server, very many, and be asked about very many subjects: no list. */
function overlaps(node: Node, tokens: readonly string[], depth: number): boolean {
  if (depth === tokens.length) return node.isEnd
  const token = tokens[depth]!
  if (token === '>') return !node.isLeaf
  if (node.rest !== undefined) return true
  if (node.star !== undefined && overlaps(node.star, tokens, depth + 1)) return true
  if (token !== '*') {
    const literal = node.literals.get(token)
    return literal !== undefined && overlaps(literal, tokens, depth + 1)
  }
  for (const literal of node.literals.values()) if (overlaps(literal, tokens, depth + 1)) return true
  return false
}

function covers(node: Node, tokens: readonly string[], depth: number): boolean {
  if (depth === tokens.length) return node.isEnd
  if (node.rest !== undefined) return true
  const token = tokens[depth]!
  if (token === '>') return false
  if (node.star !== undefined && covers(node.star, tokens, depth + 1)) return true
  const literal = node.literals.get(token)
  return literal !== undefined && covers(literal, tokens, depth + 1)
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
