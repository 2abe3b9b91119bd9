import type { FastifyReply } from 'fastify'
import { ApiError } from './errors.ts'

/** Answers with all items of one user that are made or sent at a time, each up to 50 MB; and that wait for their turn. */
const AT_ONCE = 6
const MAX_WAITING = 50

interface Turns {
  underWay: number
  readonly waiting: (() => void)[]
}

/** By user. */
const turns = new Map<string, Turns>()

/**
 * Resolves when an answer with all items of the user's may be made; it counts until it was sent, or its client is gone:
 * who reads slowly, or not at all, has few of them in memory. Throws an ApiError when many wait already.
 */
export async function turnForAll(userId: string, { raw }: FastifyReply): Promise<void> {
  const own = turns.get(userId) ?? { underWay: 0, waiting: [] }
  turns.set(userId, own)
  if (own.underWay < AT_ONCE) own.underWay++
  else if (own.waiting.length >= MAX_WAITING) throw new ApiError('TOO_MANY_REQUESTS', 'Too many requests')
  else await new Promise<void>((begin) => own.waiting.push(begin))

  let hasEnded = false
  const end = () => {
    if (hasEnded) return
    hasEnded = true
    const next = own.waiting.shift()
    if (next !== undefined) next()
    else if (--own.underWay === 0) turns.delete(userId)
  }
  raw.once('finish', end).once('close', end)
  if (raw.closed) end()
}
