import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib'
import type { Batch } from '#core'

/** Longest batch that is deflated while everybody waits: 0.1 to 1.3 ms, by how well it can be compressed. */
const MAX_AT_ONCE_BYTES = 64 * 1024

/** How much of that may come together in one turn of the event loop, some 5 ms at worst. */
const MAX_PER_TURN_BYTES = 256 * 1024

/** From this length on a batch may go to another thread, which costs some 100 µs whatever its length. */
const MIN_ELSEWHERE_BYTES = 8 * 1024

/** Of libuv's four threads; the others are left to files, names and password hashing. */
const MAX_RUNNING = 2

/** Bytes that may wait for those threads or be in their hands. */
const MAX_ELSEWHERE_BYTES = 64 * 1024 * 1024

/**
 * Why a call per batch, with a context of zlib's that lives for the call: the other public way, one stream that is reset
 * between messages, answers through libuv's threads. Node 24.21, deflating 100 bytes, 1 KB, 16 KB, 64 KB of JSON
 * lines: 7, 11, 46, 140 µs a call, and 140, 107, 153, 234 µs for a write, flush and reset of a stream. For short batches
 * a context of 48 KB is made faster than one of 268 KB, and its window of 8 KB holds all they have.
 */
const BASE: ZlibOptions = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH }
const SMALL_BATCH: ZlibOptions = { ...BASE, windowBits: 13, memLevel: 5 }

/** RFC 7692 §7.2.1: a sync flush ends with 00 00 ff ff, which is not sent. */
const TAIL_BYTES = 4

/** A batch that is deflated by another thread. */
export class DeflateJob {
  /** What is to be deflated. */
  readonly payload: Buffer
  #isDone = false
  #deflated: Buffer | undefined
  readonly #waiting = new Set<() => void>()

  constructor(payload: Buffer) {
    this.payload = payload
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** Once it is done: the result, unless it is no shorter than the payload. */
  get deflated(): Buffer | undefined {
    return this.#deflated
  }

  /** Whether anybody waits for it still. */
  get isWanted(): boolean {
    return this.#waiting.size > 0
  }

  /** `wake` is called once, when it is done. */
  wait(wake: () => void): void {
    this.#waiting.add(wake)
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake)
  }

  /** @internal For the `Deflater`. */
  finish(deflated: Buffer | undefined): void {
    this.#isDone = true
    this.#deflated = deflated
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}

/** What was asked for last, for as long as the turn takes: what is framed in two ways is deflated once. */
interface Answer {
  readonly batch: Batch
  readonly deflated: Buffer | DeflateJob | undefined
}

/**
 * Deflates batches for all connections (RFC 7692, no context takeover). Memory is one context of zlib's for the batch in
 * hand and one for each of two threads, however many connections there are.
 */
export class Deflater {
  readonly #scratch = Buffer.allocUnsafeSlow(MAX_AT_ONCE_BYTES)
  readonly #jobs: DeflateJob[] = []
  #running = 0
  #elsewhereBytes = 0
  /** Of this turn of the event loop. */
  #deflatedBytes = 0
  #last: Answer | undefined
  #isTurnWatched = false

  /**
   * Hot: once per turn for all that get the same. bench/websocket-compression.ts
   * Answers the deflated bytes without their last four; a job where that takes too long to wait for it; or `undefined`
   * where the batch had better be sent as it is: it does not get shorter, or the threads have too much to do already.
   */
  deflate(batch: Batch): Buffer | DeflateJob | undefined {
    if (this.#last?.batch === batch) return this.#last.deflated
    const deflated = this.#mayTakeLong(batch.byteLength) ? this.#elsewhere(batch) : this.#atOnce(batch)
    this.#last = { batch, deflated }
    this.#watchTurn()
    return deflated
  }

  #mayTakeLong(byteLength: number): boolean {
    if (byteLength > MAX_AT_ONCE_BYTES) return true
    return byteLength >= MIN_ELSEWHERE_BYTES && this.#deflatedBytes + byteLength > MAX_PER_TURN_BYTES
  }

  #atOnce(batch: Batch): Buffer | undefined {
    const { byteLength } = batch
    this.#deflatedBytes += byteLength
    batch.copyTo(this.#scratch, 0)
    const deflated = deflateRawSync(this.#scratch.subarray(0, byteLength), {
      ...(byteLength < MIN_ELSEWHERE_BYTES ? SMALL_BATCH : BASE),
      chunkSize: byteLength + 64,
    })
    return withoutTail(deflated, byteLength)
  }

  #elsewhere(batch: Batch): DeflateJob | undefined {
    if (this.#elsewhereBytes > 0 && this.#elsewhereBytes + batch.byteLength > MAX_ELSEWHERE_BYTES) return undefined
    const payload = Buffer.allocUnsafe(batch.byteLength)
    batch.copyTo(payload, 0)
    const job = new DeflateJob(payload)
    this.#elsewhereBytes += payload.length
    this.#jobs.push(job)
    this.#startJobs()
    return job
  }

  #startJobs(): void {
    while (this.#running < MAX_RUNNING && this.#jobs.length > 0) this.#start(this.#jobs.shift()!)
  }

  #start(job: DeflateJob): void {
    const { length } = job.payload
    this.#running++
    // What does not get shorter fails. So does what there is no memory for, and goes out as it is too.
    deflateRaw(job.payload, { ...BASE, chunkSize: MAX_AT_ONCE_BYTES, maxOutputLength: length }, (error, deflated) => {
      this.#running--
      this.#elsewhereBytes -= length
      job.finish(error === null ? withoutTail(deflated, length) : undefined)
      this.#dropUnwanted()
      this.#startJobs()
    })
  }

  /** Jobs whose connections have all gone meanwhile. Whoever still comes for one gets the batch as it is. */
  #dropUnwanted(): void {
    while (this.#jobs.length > 0 && !this.#jobs[0]!.isWanted) {
      const job = this.#jobs.shift()!
      this.#elsewhereBytes -= job.payload.length
      job.finish(undefined)
    }
  }

  #watchTurn(): void {
    if (this.#isTurnWatched) return
    this.#isTurnWatched = true
    setImmediate(this.#onTurnEnded)
  }

  readonly #onTurnEnded = (): void => {
    this.#isTurnWatched = false
    this.#deflatedBytes = 0
    this.#last = undefined
  }
}

function withoutTail(deflated: Buffer, byteLength: number): Buffer | undefined {
  const length = deflated.length - TAIL_BYTES
  return length < byteLength ? deflated.subarray(0, length) : undefined
}
