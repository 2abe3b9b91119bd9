/** The thread of `HashThread`: one question at a time, one answer to each. */
import { parentPort } from 'node:worker_threads'
import { verifyHash } from './verify-hash.ts'

export interface HashQuestion {
  readonly hashed: string
  readonly given: string
}

const port = parentPort!
port.on('message', ({ hashed, given }: HashQuestion) => port.postMessage(verifyHash(hashed, given)))
