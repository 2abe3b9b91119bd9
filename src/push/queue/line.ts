import type { Push } from '../push.ts'
import { isCovered, isHint, isSuperseded } from './supersession.ts'

/** A push that waits for its turn or is under way. */
export interface Waiting {
  readonly push: Push
  attempts: number
  /** Of the attempts those that failed while others at the same push service did not: it is it that is wrong. */
  strikes: number
  /** How often its push service had taken something when it was tried last. */
  takenBefore: number
  /** It is not tried earlier. Milliseconds since the Unix epoch. */
  notBeforeMs: number
}

/** What fails so often lets the others of its line go first: one of them may show that it alone is wrong. */
const PATIENT_ATTEMPTS = 4

/**
 * Pushes for one addressee, in their order; one is under way at a time. What a later one makes up for is not told.
 */
export class Line {
  readonly key: string
  /** Whose line it is: what a push service says of one line may be true of all of its owner. */
  readonly owner: string
  #waiting: Waiting[] = []
  #underWay: Waiting | undefined
  #hints = 0

  constructor(key: string, owner = key) {
    this.key = key
    this.owner = owner
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

  /** How many of those that wait one hint to sync everything would make up for. */
  get hints(): number {
    return this.#hints
  }

  /** All, oldest first. */
  *[Symbol.iterator](): IterableIterator<Waiting> {
    if (this.#underWay !== undefined) yield this.#underWay
    yield* this.#waiting
  }

  /** Takes it in at the end. Returns those that will not be told, of which it may be one itself. */
  add(push: Push): Push[] {
    if (this.#waiting.some(({ push: waiting }) => isCovered(push, waiting))) return [push]
    const superseded = this.#remove((waiting) => isSuperseded(waiting, push))
    this.#waiting.push({ push, attempts: 0, strikes: 0, takenBefore: -1, notBeforeMs: 0 })
    if (isHint(push)) this.#hints++
    return superseded
  }

  /** The head is under way. */
  start(): Waiting {
    const head = this.#waiting.shift()!
    if (isHint(head.push)) this.#hints--
    head.attempts++
    this.#underWay = head
    return head
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
    if (back.attempts % PATIENT_ATTEMPTS === 0) this.#waiting.push(back)
    else this.#waiting.unshift(back)
    if (isHint(back.push)) this.#hints++
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

  #remove(isOut: (push: Push) => boolean): Push[] {
    const out = this.#waiting.filter(({ push }) => isOut(push)).map(({ push }) => push)
    if (out.length === 0) return out
    this.#waiting = this.#waiting.filter(({ push }) => !isOut(push))
    this.#hints -= out.filter(isHint).length
    return out
  }
}
