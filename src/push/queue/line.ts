import type { Push } from '../push.ts'
import { isCovered, isHint, isSuperseded } from './supersession.ts'

/** A push that waits for its turn or is under way. */
export interface Waiting {
  readonly push: Push
  /** Attempts that failed while others at the same push service did not: it is it that is wrong. */
  strikes: number
  /** How often its push service had taken something when it was tried last. */
  takenBefore: number
  /** It is not tried earlier. Milliseconds since the Unix epoch. */
  notBeforeMs: number
}

/**
 * Pushes for one addressee, in their order; one is under way at a time. What a later one makes up for is not told.
 */
export class Line {
  readonly key: string
  #waiting: Waiting[] = []
  #underWay: Waiting | undefined

  constructor(key: string) {
    this.key = key
  }

  /** That of them which is under way included. */
  get size(): number {
    return this.#waiting.length + (this.#underWay === undefined ? 0 : 1)
  }

  get isBusy(): boolean {
    return this.#underWay !== undefined
  }

  /** The next to be tried. */
  get head(): Waiting | undefined {
    return this.#waiting[0]
  }

  /** All, oldest first. */
  *[Symbol.iterator](): Iterable<Waiting> & IterableIterator<Waiting> {
    if (this.#underWay !== undefined) yield this.#underWay
    yield* this.#waiting
  }

  /** Takes it in at the end. Returns those that will not be told, of which it may be one itself. */
  add(push: Push): Push[] {
    if (this.#waiting.some(({ push: waiting }) => isCovered(push, waiting))) return [push]
    const superseded = this.#remove((waiting) => isSuperseded(waiting, push))
    this.#waiting.push({ push, strikes: 0, takenBefore: -1, notBeforeMs: 0 })
    return superseded
  }

  /** The head is under way. */
  start(): Waiting {
    this.#underWay = this.#waiting.shift()!
    return this.#underWay
  }

  /** It is done with, one way or the other. */
  finish(): void {
    this.#underWay = undefined
  }

  /** It has to be tried again, unless what came meanwhile makes up for it: then it is returned. */
  putBack(): Push | undefined {
    const back = this.#underWay!
    this.#underWay = undefined
    if (this.#waiting.some(({ push }) => isSuperseded(back.push, push))) return back.push
    this.#waiting.unshift(back)
    return undefined
  }

  /** Removes those of the waiting that have expired, and returns them. */
  expire(nowMs: number): Push[] {
    return this.#remove(({ expiresAtMs }) => expiresAtMs <= nowMs)
  }

  /** It is not told. False: it does not wait any more. */
  drop({ id }: Push): boolean {
    return this.#remove((push) => push.id === id).length > 0
  }

  /** How many of those that wait one hint to sync everything would make up for. */
  get hints(): number {
    return this.#waiting.reduce((count, { push }) => count + (isHint(push) ? 1 : 0), 0)
  }

  #remove(isOut: (push: Push) => boolean): Push[] {
    const out = this.#waiting.filter(({ push }) => isOut(push)).map(({ push }) => push)
    if (out.length > 0) this.#waiting = this.#waiting.filter(({ push }) => !isOut(push))
    return out
  }
}
