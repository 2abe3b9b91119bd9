import { type Clock, networkOf, systemClock } from '#kit'
import { equalSecrets } from '../../compare.ts'
import { hasArgon2 } from './argon2.ts'
import { FairQueue } from './fair-queue.ts'
import { HashThread } from './hash-thread.ts'
import { KnownPasswords } from './known-passwords.ts'
import { readSecret } from './secret.ts'

/** Passwords that wait to be hashed, of all and of one network. A password is at most as long as a CONNECT. */
const MAX_WAITING = 4_096
const MAX_WAITING_PER_NETWORK = 256

/** What became of a password. `busy`: there was no time for it. */
export type Verdict = 'right' | 'wrong' | 'busy' | Unusable

/** Nothing can be compared with what is configured. */
export interface Unusable {
  /** Never the secret. */
  readonly problem: string
}

/** For whom a password is checked. Whoever has many to check only delays the own. */
export interface CheckedFor {
  readonly address: string
  readonly name: string
  /** When the client will have gone: there is no use in hashing its password any more. */
  readonly withinMs: number
  /** The answer will be that it is wrong, and takes as long as any: nobody has this name. */
  readonly pretends?: boolean
}

interface Job {
  readonly hashed: string
  readonly given: string
  readonly pretends: boolean
  /** Milliseconds since the epoch. */
  untilMs: number
  readonly verdict: PromiseWithResolvers<Verdict>
}

/** Compares passwords and tokens with what is configured: in constant time, and hashes on a thread of their own. */
export class PasswordChecker {
  readonly #clock: Clock
  readonly #thread: Pick<HashThread, 'verify'>
  readonly #known = new KnownPasswords()
  readonly #waiting = new FairQueue<Job>()
  /** Until they are answered, by whom and what they ask: who asks the same meanwhile gets the same answer. */
  readonly #jobs = new Map<string, Job>()
  #isRunning = false

  constructor(given: { readonly clock?: Clock; readonly thread?: Pick<HashThread, 'verify'> } = {}) {
    this.#clock = given.clock ?? systemClock
    this.#thread = given.thread ?? new HashThread()
  }

  /**
   * Whether `given` is what `secret` says. Without `by` it is somebody who has been let in before: no bound applies, and
   * all of these share one turn. Never rejects. A password that was right before is right at once.
   */
  check(secret: string, given: string, by?: CheckedFor): Verdict | Promise<Verdict> {
    const read = readSecret(secret)
    const pretends = by?.pretends ?? false
    if (read.kind === 'plain') return equalSecrets(secret, given) && !pretends ? 'right' : 'wrong'
    if (read.kind === 'unusable') return { problem: read.reason }
    if (read.kind === 'argon2' && !hasArgon2) return { problem: 'argon2 needs Node 24.7 or newer' }
    if (!pretends && this.#known.has(secret, given)) return 'right'
    return this.#enqueue(secret, given, by)
  }

  #enqueue(hashed: string, given: string, by: CheckedFor | undefined): Verdict | Promise<Verdict> {
    const network = by === undefined ? '' : networkOf(by.address)
    const { name = '', withinMs = Infinity, pretends = false } = by ?? {}
    const untilMs = this.#clock.now() + withinMs
    const key = this.#known.digest(JSON.stringify([network, name, hashed, given, pretends])).toString('base64')
    const same = this.#jobs.get(key)
    if (same !== undefined) {
      same.untilMs = Math.max(same.untilMs, untilMs)
      return same.verdict.promise
    }
    if (by !== undefined && this.#isFull(network)) return 'busy'
    const verdict = Promise.withResolvers<Verdict>()
    const job: Job = { hashed, given, pretends, untilMs, verdict }
    this.#jobs.set(key, job)
    this.#waiting.push(network, name, job)
    void this.#run()
    return verdict.promise.finally(() => this.#jobs.delete(key))
  }

  #isFull(network: string): boolean {
    return this.#waiting.size >= MAX_WAITING || this.#waiting.sizeOf(network) >= MAX_WAITING_PER_NETWORK
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      job.verdict.resolve(await this.#judge(job))
    }
    this.#isRunning = false
  }

  async #judge({ hashed, given, pretends, untilMs }: Job): Promise<Verdict> {
    // Somebody else may have come with it meanwhile.
    if (!pretends && this.#known.has(hashed, given)) return 'right'
    if (this.#clock.now() > untilMs) return 'busy'
    try {
      const isRight = await this.#thread.verify(hashed, given)
      if (!isRight || pretends) return 'wrong'
      this.#known.add(hashed, given)
      return 'right'
    } catch (error) {
      // A hash may need more memory than there is.
      return { problem: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** There is one thread for all that is hashed here, whoever asks. */
export const passwords = new PasswordChecker()

/**
 * Whether `given` is the password or token that `secret` stands for: itself, or its hash by bcrypt (`$2a$`, `$2b$`, `$2x$`,
 * `$2y$`) or argon2 (`$argon2id$`, `$argon2i$`, `$argon2d$` of version 19). Never rejects.
 */
export function checkPassword(secret: string, given: string): boolean | Promise<boolean> {
  const verdict = passwords.check(secret, given)
  return verdict instanceof Promise ? verdict.then((settled) => settled === 'right') : verdict === 'right'
}
