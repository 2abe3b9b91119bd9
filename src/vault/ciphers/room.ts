import type { Store } from '#store'
import { badRequest } from '../errors.ts'
import type { CipherContent } from './request.ts'

/** Of one item, as text; a thousand times what items have. */
const MAX_ITEM = 500_000

/** Of all items of one user; bytes. Every sync has them all in memory. The largest import that there may be is 20 MB. */
const MAX_ITEMS = 50_000_000

/** What adds less is not worth the time that counting takes. Characters. */
const SMALL = 10_000

/**
 * Throws an ApiError when one of these is longer than an item may be, or when they do not fit beside what the user has. In
 * the transaction that writes them.
 */
export async function requireItemRoom(
  { ciphers }: Store,
  userId: string,
  added: readonly CipherContent[],
): Promise<void> {
  let sum = 0
  for (const content of added) {
    const length = lengthOf(content)
    if (length > MAX_ITEM) throw badRequest(`An item has ${MAX_ITEM} characters at most`)
    sum += length
  }
  if (sum < SMALL) return
  if ((await ciphers.bytesOwnOf(userId)) + sum > MAX_ITEMS) {
    throw badRequest('Your items take more room than this server has for them. Delete some of them.')
  }
}

const lengthOf = ({ name, notes, fields, data, passwordHistory, key }: CipherContent) =>
  [name, notes, fields, data, passwordHistory, key].reduce((sum, text) => sum + (text?.length ?? 0), 0)
