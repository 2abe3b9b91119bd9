import type { Send, Store } from '#store'
import { nextRevision, type VaultContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { isPasswordOf } from './password.ts'
import { FILE } from './request.ts'
import { readFile } from './stored-data.ts'

export type Refusal = 'gone' | 'password required' | 'password wrong'

export type Admission = { readonly send: Send } | { readonly refusal: Refusal }

export interface Asked {
  /** What the client derives from it. */
  readonly password: string | undefined
  /** Whether it counts as one access. */
  readonly counts: boolean
}

/** Passwords of Sends that are hashed at once, some 20 ms each: whoever guesses them must not keep others from logging in. */
const MAX_HASHING = 8
let hashing = 0

/**
 * The Send of that id if it can be read now, leaving aside how often it has been. Undefined whether it never was, is over,
 * switched off or without its file: nobody is to tell these apart.
 */
export async function findOpen({ store, files, clock }: VaultContext, id: string): Promise<Send | undefined> {
  const send = await store.sends.find(id)
  if (send === undefined || !isOpenAt(send, clock.now())) return undefined
  if (send.type !== FILE) return send
  // A row from Vaultwarden may speak of a file that never came.
  const isWhole = !(await store.sends.isAwaitingFile(id))
  return isWhole && (await files.sends.has({ owner: id, id: readFile(send.data).id })) ? send : undefined
}

/**
 * Lets somebody read a Send. An access that counts is written before anybody reads, so that there are never more than are
 * allowed, however many ask at once; then the owner's devices are told.
 */
export async function admit(context: VaultContext, id: string, { password, counts }: Asked): Promise<Admission> {
  const send = await findOpen(context, id)
  if (send === undefined || isUsedUp(send)) return { refusal: 'gone' }
  if (send.passwordHash !== null) {
    if (!password) return { refusal: 'password required' }
    if (!(await checkPassword(send, password))) return { refusal: 'password wrong' }
  }
  if (!counts) return { send }
  const counted = await countAccess(context, send)
  return counted ? { send: counted } : { refusal: 'gone' }
}

function isOpenAt({ disabled, deletionDate, expirationDate }: Send, nowMs: number): boolean {
  return !disabled && nowMs < deletionDate.getTime() && (expirationDate === null || nowMs < expirationDate.getTime())
}

const isUsedUp = ({ accessCount, maxAccessCount }: Send) => maxAccessCount !== null && accessCount >= maxAccessCount

async function checkPassword(send: Send, password: string): Promise<boolean> {
  if (hashing >= MAX_HASHING) throw new ApiError('TOO_MANY_REQUESTS', 'Too many requests')
  hashing++
  try {
    return await isPasswordOf(send, password)
  } finally {
    hashing--
  }
}

/** Undefined when it cannot be read any more, or has another password than the one that was `checked`. */
async function countAccess({ store, clock, notifier }: VaultContext, checked: Send): Promise<Send | undefined> {
  const { id, userId } = checked
  const count = async (store: Store) => {
    const send = await store.sends.find(id)
    if (send === undefined || isUsedUp(send) || !isOpenAt(send, clock.now())) return undefined
    if (!isSameHash(send.passwordHash, checked.passwordHash)) return undefined
    send.accessCount++
    send.revisionDate = nextRevision(send.revisionDate, clock)
    await store.sends.update(send)
    if (userId !== null) await store.users.touch(userId, send.revisionDate)
    return send
  }
  const counted = await store.transaction(count, userId === null ? {} : { account: userId })
  if (counted !== undefined && userId !== null) {
    notifier.send('SyncSendUpdate', { id, userId, revisionDate: counted.revisionDate }, null)
  }
  return counted
}

const isSameHash = (a: Buffer | null, b: Buffer | null) => (a === null || b === null ? a === b : a.equals(b))
