import { type CharSet, isWord } from './char-set.ts'
import { type Node, type Place, parsePattern } from './parse.ts'

/** A pattern that hosts match or not. */
export interface HostPattern {
  /** Whether some part of `host` matches, in a time that grows with its length and no faster. */
  test(host: string): boolean
}

type Step =
  | { readonly kind: 'set'; readonly set: CharSet; readonly next: number }
  | { readonly kind: 'place'; readonly place: Place; readonly next: number }
  | { readonly kind: 'split'; next: number; readonly other: number }
  | { readonly kind: 'match' }

/** Enough for a list of a thousand hosts, which takes milliseconds. The worst pattern of this size takes some 0.3 s. */
const MAX_STEPS = 20_000

/**
 * Compiles a pattern as Vaultwarden takes it. Why not a RegExp: it goes back and tries again, so that a pattern which
 * looks harmless can take for ever, and hosts are named by strangers.
 * @throws SyntaxError for a pattern that is none, or that is too large.
 */
export function compileHostPattern(text: string): HostPattern {
  const steps: Step[] = [{ kind: 'match' }]
  const first = compile(parsePattern(text), 0)
  return Object.freeze({ test: (host: string) => matches(steps, first, host) })

  /** Adds the steps of `node`, after which it goes on with `next`; answers with the first of them. */
  function compile(node: Node, next: number): number {
    switch (node.kind) {
      case 'set':
        return add({ kind: 'set', set: node.set, next })
      case 'place':
        return add({ kind: 'place', place: node.place, next })
      case 'sequence':
        return node.items.reduceRight((next, item) => compile(item, next), next)
      case 'choice':
        return node.items
          .map((item) => compile(item, next))
          .reduce((other, next) => add({ kind: 'split', next, other }))
      case 'repeat':
        return compileRepeat(node, next)
    }
  }

  function compileRepeat({ item, min, max }: Node & { kind: 'repeat' }, next: number): number {
    let start = next
    if (max === Infinity) {
      const loop: Step & { kind: 'split' } = { kind: 'split', next, other: next }
      start = add(loop)
      loop.next = compile(item, start)
    } else {
      for (let count = min; count < max; count++)
        start = add({ kind: 'split', next: compile(item, start), other: next })
    }
    for (let count = 0; count < min; count++) {
      const before = start
      start = compile(item, start)
      // Nothing, however often.
      if (start === before) break
    }
    return start
  }

  function add(step: Step): number {
    if (steps.length >= MAX_STEPS) throw new SyntaxError('the pattern is too large')
    return steps.push(step) - 1
  }
}

/** Follows all ways through the steps at once, so that none is gone twice from one character. */
function matches(steps: readonly Step[], first: number, text: string): boolean {
  const reachedAt = new Int32Array(steps.length).fill(-1)
  let waiting: number[] = []
  for (let position = 0; position <= text.length; position++) {
    const reached: number[] = []
    const code = text.charCodeAt(position - 1)
    const todo = [first]
    for (const index of waiting) {
      const step = steps[index]!
      if (step.kind === 'set' && step.set.has(code)) todo.push(step.next)
    }
    while (todo.length > 0) {
      const index = todo.pop()!
      if (reachedAt[index] === position) continue
      reachedAt[index] = position
      const step = steps[index]!
      if (step.kind === 'match') return true
      if (step.kind === 'set') reached.push(index)
      else if (step.kind === 'split') todo.push(step.next, step.other)
      else if (isAt(step.place, text, position)) todo.push(step.next)
    }
    waiting = reached
  }
  return false
}

function isAt(place: Place, text: string, position: number): boolean {
  switch (place) {
    case 'start':
      return position === 0
    case 'end':
      return position === text.length
    default: {
      const isEdge = isWord(text.charCodeAt(position - 1)) !== isWord(text.charCodeAt(position))
      return isEdge === (place === 'word edge')
    }
  }
}
