import { KeyedPlaces } from '#kit'
import { ApiError } from './errors.ts'

/** Each takes up to 0.2 s of a processor, and a thread that files and logins wait for as well. */
const places = new KeyedPlaces({ max: 64, maxPerKey: 8 })

/**
 * Hashes something for a user who is logged in. Throws an ApiError (429) when that user has too many under way already:
 * with one session, somebody could keep everybody else from logging in.
 */
export async function hashFor<T>({ id }: { readonly id: string }, hash: () => Promise<T>): Promise<T> {
  const leave = places.enter(id)
  if (leave === undefined) throw new ApiError('TOO_MANY_REQUESTS', 'Too many requests')
  try {
    return await hash()
  } finally {
    leave()
  }
}
