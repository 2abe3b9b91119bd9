import { randomUUID } from 'node:crypto'
import type { Session } from '#auth'
import type { Send, Store } from '#store'
import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { inSession } from '../sessions/index.ts'
import type { SendPassword } from './password.ts'
import type { SendContent } from './request.ts'
import { readFile } from './stored-data.ts'

/** Of one user. Every sync carries them all. */
const MAX_SENDS = 1000

export interface NewSend {
  /** Default: a new one. */
  readonly id?: string
  readonly type: number
  readonly content: SendContent
  readonly password: SendPassword
  /** For the column of that name. */
  readonly data: string
  /** Bytes; of a file Send only. */
  readonly fileSize?: number
  /** Whether the file of a file Send is still to come, or there and waited for. */
  readonly file?: 'awaited' | 'there'
}

/** The user's own Send; throws an ApiError when it is not there or somebody else's. */
export async function ownSend({ sends }: Store, userId: string, id: string): Promise<Send> {
  const send = await sends.find(id)
  if (send?.userId !== userId) throw badRequest('Send not found')
  return send
}

/** Throws an ApiError where Sends may only be deleted. */
export function requireSends({ settings }: VaultContext): void {
  if (!settings.sends.isOn)
    throw badRequest('Sends are switched off on this server. You can only delete those you have.')
}

/** Stores a new Send of the user's, and tells nobody. Throws an ApiError when they have too many, or too much in them. */
export function insertSend(context: VaultContext, session: Session, wanted: NewSend): Promise<Send> {
  const { id = randomUUID(), type, content, password, data, fileSize, file } = wanted
  const userId = session.user.id
  return inSession(context, session, async (store) => {
    if ((await store.sends.countOf(userId)) >= MAX_SENDS) {
      throw badRequest(`You have ${MAX_SENDS} Sends. Delete some of them to make another.`)
    }
    if (fileSize !== undefined) await requireRoom(context, store, userId, fileSize)
    const now = new Date(context.clock.now())
    const dates = { createdAt: now, revisionDate: now }
    const send: Send = { id, userId, type, ...dates, ...content, ...password, data, accessCount: 0 }
    await store.sends.insert(send)
    if (file === 'awaited') await store.sends.awaitFile(id, now)
    // Whose note is gone was given up, and what there was of the file with it.
    if (file === 'there' && !(await store.sends.fileArrived(id))) throw badRequest('The upload took too long.')
    await store.users.touch(userId, now)
    return send
  })
}

/**
 * Throws an ApiError when a file of `bytes` is more than the user may still keep. What was announced and is not there
 * yet counts. Resolves with how much that is before this one; bytes, infinite where there is no limit.
 */
export async function requireRoom(
  { settings }: VaultContext,
  { sends }: Store,
  userId: string,
  bytes: number,
): Promise<number> {
  const most = settings.sends.maxBytesPerUser
  if (most === 0) throw badRequest('File uploads are disabled')
  if (most === undefined) return Number.POSITIVE_INFINITY
  const used = (await sends.fileDataOf(userId)).reduce((sum, data) => sum + readFile(data).size, 0)
  if (used >= most) throw badRequest('Send storage limit reached! Delete some sends to free up space')
  if (used + bytes > most) throw limitExceeded()
  return most - used
}

export const limitExceeded = () => badRequest('Send storage limit exceeded with this file')

/** Changes one of the user's own Sends in a transaction, gives it a new revision date, and tells the user's devices. */
export async function changeSend(
  context: VaultContext,
  session: Session,
  id: string,
  change: (send: Send) => void,
): Promise<Send> {
  const changed = await inSession(context, session, async (store) => {
    const send = await ownSend(store, session.user.id, id)
    change(send)
    send.revisionDate = nextRevision(send.revisionDate, context.clock)
    await store.sends.update(send)
    await store.users.touch(session.user.id, send.revisionDate)
    return send
  })
  announce(context, session, 'SyncSendUpdate', changed)
  return changed
}

/** Tells the user's devices about one Send. The acting device knows already. */
export function announce(
  { notifier }: VaultContext,
  session: Session,
  event: 'SyncSendCreate' | 'SyncSendUpdate' | 'SyncSendDelete',
  { id, revisionDate }: Pick<Send, 'id' | 'revisionDate'>,
): void {
  notifier.send(event, { id, userId: session.user.id, revisionDate }, session.device.id)
}
