import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import type { Session } from '#auth'
import type { Folder, Store } from '#store'
import { BulkRequest } from '../bulk-request.ts'
import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { deletions, FolderName, ID, IdParams, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { formatDate, list } from '../wire.ts'

const FolderRequest = Type.Object({ name: FolderName })

/** The user's folders. An item is in at most one of them. */
export function registerFolders(scope: VaultApp, context: VaultContext): void {
  const { store, notifier, clock } = context

  scope.get('/folders', async ({ session }) => {
    const folders = await store.folders.ofUser(session.user.id)
    return list(folders.map(folderResponse))
  })

  scope.get(`/folders/${ID}`, { schema: { params: IdParams } }, async ({ session, params }) =>
    folderResponse(await ownFolder(store, session.user.id, params.id)),
  )

  scope.post('/folders', { schema: { body: FolderRequest } }, async ({ session, body }) => {
    const userId = session.user.id
    const folder = await inSession(context, session, async ({ folders, users }) => {
      const now = new Date(clock.now())
      const folder: Folder = { id: randomUUID(), userId, name: body.name, createdAt: now, updatedAt: now }
      await folders.insert(folder)
      await users.touch(userId, now)
      return folder
    })
    notifier.folder('SyncFolderCreate', { id: folder.id, userId, revisionDate: folder.updatedAt }, session.device.id)
    return folderResponse(folder)
  })

  scope.route({
    method: ['PUT', 'POST'],
    url: `/folders/${ID}`,
    schema: { params: IdParams, body: FolderRequest },
    handler: async ({ session, params, body }) => {
      const userId = session.user.id
      const folder = await inSession(context, session, async (store) => {
        const folder = await ownFolder(store, userId, params.id)
        folder.name = body.name
        folder.updatedAt = nextRevision(folder.updatedAt, clock)
        await store.folders.update(folder)
        await store.users.touch(userId, folder.updatedAt)
        return folder
      })
      const changed = { id: folder.id, userId, revisionDate: folder.updatedAt }
      notifier.folder('SyncFolderUpdate', changed, session.device.id)
      return folderResponse(folder)
    },
  })

  registerBulkDeletion(scope, context)
  for (const route of deletions(`/folders/${ID}`)) {
    scope.route({
      ...route,
      schema: { params: IdParams },
      handler: async ({ session, params }, reply) => {
        const userId = session.user.id
        const deleted = await inSession(context, session, async (store) => {
          const { id, updatedAt } = await ownFolder(store, userId, params.id)
          const revisionDate = nextRevision(updatedAt, clock)
          await store.folders.delete(id)
          await store.users.touch(userId, revisionDate)
          return { id, userId, revisionDate }
        })
        notifier.folder('SyncFolderDelete', deleted, session.device.id)
        return reply.send()
      },
    })
  }
}

/** Many folders at once, or all; their items stay. */
function registerBulkDeletion(scope: VaultApp, context: VaultContext): void {
  const remove = async (session: Session, ids?: readonly string[]) => {
    const userId = session.user.id
    const date = await inSession(context, session, async ({ folders, users }) => {
      const deleted = await folders.deleteOf(userId, ids)
      if (ids !== undefined && deleted.length === 0) throw badRequest('Invalid folder', 'ids')
      return users.touch(userId, new Date(context.clock.now()))
    })
    context.notifier.account('SyncVault', userId, date, session.device.id)
  }

  scope.delete('/folders', { schema: { body: BulkRequest } }, async ({ session, body }, reply) => {
    await remove(session, body.ids)
    return reply.send()
  })
  scope.delete('/folders/all', async ({ session }, reply) => {
    await remove(session)
    return reply.send()
  })
}

/** The user's own folder; throws an ApiError when it is not there or somebody else's. */
export async function ownFolder({ folders }: Store, userId: string, id: string): Promise<Folder> {
  const folder = await folders.find(id)
  if (folder?.userId !== userId) throw badRequest('Invalid folder', 'folderId')
  return folder
}

export function folderResponse(folder: Folder) {
  return { id: folder.id, revisionDate: formatDate(folder.updatedAt), name: folder.name, object: 'folder' }
}
