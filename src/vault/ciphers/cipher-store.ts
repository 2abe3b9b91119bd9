import type { Session } from '#auth'
import type { CipherView, Store } from '#store'
import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { inSession } from '../sessions/index.ts'
import { parseDate } from '../wire.ts'

/** From this much older than the stored item on a client's copy is out of date, as at Vaultwarden. */
const STALE_FROM_MS = 2000

/** The user's own item; throws an ApiError when it is not there or somebody else's. */
export async function ownCipher({ ciphers }: Store, userId: string, id: string): Promise<CipherView> {
  const cipher = await ciphers.findOwn(userId, id)
  if (!cipher) throw badRequest("Cipher doesn't exist")
  return cipher
}

/**
 * Changes one of the user's own items in a transaction, gives it a new revision date, and tells the user's devices.
 * `change` writes what is kept beside the row and must leave the view as it then is; it may throw an ApiError.
 */
export async function changeCipher(
  context: VaultContext,
  session: Session,
  id: string,
  change: (cipher: CipherView, store: Store) => void | Promise<void>,
): Promise<CipherView> {
  const userId = session.user.id
  const changed = await inSession(context, session, async (store) => {
    const cipher = await ownCipher(store, userId, id)
    await change(cipher, store)
    cipher.updatedAt = nextRevision(cipher.updatedAt, context.clock)
    await store.ciphers.update(cipher)
    await store.users.touch(userId, cipher.updatedAt)
    return cipher
  })
  announce(context, session, 'SyncCipherUpdate', changed)
  return changed
}

/**
 * The same for many at once, told as one `SyncCiphers`. Ids that are not the user's own are passed over, for another
 * device may just have deleted them; an ApiError when none is left.
 */
export async function changeCiphers(
  context: VaultContext,
  session: Session,
  ids: readonly string[],
  change: (ciphers: CipherView[], store: Store) => void | Promise<void>,
): Promise<CipherView[]> {
  const userId = session.user.id
  const { changed, date } = await inSession(context, session, async (store) => {
    const changed = await ownCiphers(store, userId, ids)
    await change(changed, store)
    for (const cipher of changed) {
      cipher.updatedAt = nextRevision(cipher.updatedAt, context.clock)
      await store.ciphers.update(cipher)
    }
    return { changed, date: await store.users.touch(userId, latest(changed)) }
  })
  context.notifier.account('SyncCiphers', userId, date, session.device.id)
  return changed
}

/** Those of `ids` that are the user's own, each once; throws an ApiError when there are none. */
export async function ownCiphers({ ciphers }: Store, userId: string, ids: readonly string[]): Promise<CipherView[]> {
  const found = await ciphers.findManyOwn(userId, [...new Set(ids)])
  if (found.length === 0) throw badRequest("Cipher doesn't exist", 'ids')
  return found
}

/** Throws an ApiError when the client changed an older copy, which would undo what was done in between. */
export function checkFresh(cipher: CipherView, lastKnownRevisionDate: string | null | undefined): void {
  // A date that cannot be read says nothing: mobile apps send the year 1 without a zone for "unknown".
  const known = lastKnownRevisionDate == null ? undefined : parseDate(lastKnownRevisionDate)
  if (known && cipher.updatedAt.getTime() - known.getTime() >= STALE_FROM_MS) {
    throw badRequest('The client copy of this cipher is out of date. Resync the client and try again.')
  }
}

/** Tells the user's devices about one item. The acting device knows already. */
export function announce(
  context: VaultContext,
  session: Session,
  event: 'SyncCipherCreate' | 'SyncCipherUpdate' | 'SyncLoginDelete',
  cipher: CipherView,
): void {
  const { id, userId, organizationId, updatedAt: revisionDate } = cipher
  const changed = { id, userId, organizationId, revisionDate }
  context.notifier.cipher(event, changed, { recipients: [session.user.id], contextId: session.device.id })
}

const latest = (ciphers: readonly CipherView[]) =>
  new Date(ciphers.reduce((max, { updatedAt }) => Math.max(max, updatedAt.getTime()), 0))
