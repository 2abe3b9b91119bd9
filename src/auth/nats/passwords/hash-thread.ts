import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { HashQuestion } from './hash-worker.ts'

/** Beside this module, whether that is TypeScript or compiled. */
const WORKER_URL = new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url)

/**
 * A thread for hashes, so that they keep neither the event loop waiting nor libuv's threads, which read files and
 * deflate. It is started when it is first needed, and keeps the process alive only while it has something to do.
 */
export class HashThread {
  #worker: Worker | undefined
  #answer: PromiseWithResolvers<boolean> | undefined

  /**
   * Whether `hashed` is the hash of `given`. One at a time: whoever asks waits for the answer before the next question.
   * Rejects when the thread has died of it; the next question starts another.
   */
  verify(hashed: string, given: string): Promise<boolean> {
    this.#answer = Promise.withResolvers<boolean>()
    const { promise } = this.#answer
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#worker.postMessage({ hashed, given } satisfies HashQuestion)
    return promise
  }

  #start(): Worker {
    // Options of this Node may be for its main program only, as `--input-type` is.
    const worker = new Worker(WORKER_URL, { name: 'passwords', execArgv: [] })
    worker.on('message', (isRight: boolean) => {
      worker.unref()
      this.#answer?.resolve(isRight)
    })
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', (code) => this.#lose(worker, new Error(`The thread for passwords ended with ${code}`)))
    return worker
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#answer?.reject(error)
  }
}
