import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { removeDoomed } from '../files/remove-doomed.ts'
import { ID, IdParams, orNull, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { list } from '../wire.ts'
import { hashSendPassword, NO_PASSWORD } from './password.ts'
import { parseContent, parseText, SendRequest, TEXT } from './request.ts'
import { sendResponse } from './response.ts'
import { announce, changeSend, insertSend, ownSend, requireSends } from './send-store.ts'

/** What the owner does with Sends; making those of files is in `upload.ts`. */
export function registerOwnSends(scope: VaultApp, context: VaultContext): void {
  const { store, clock } = context

  scope.get('/sends', async ({ session }) => list((await store.sends.ofUser(session.user.id)).map(sendResponse)))

  scope.get(`/sends/${ID}`, { schema: { params: IdParams } }, async ({ session, params }) =>
    sendResponse(await ownSend(store, session.user.id, params.id)),
  )

  scope.post('/sends', { schema: { body: SendRequest } }, async ({ session, body }) => {
    requireSends(context)
    if (body.type !== TEXT) throw badRequest('File Sends are made by /sends/file/v2', 'type')
    const content = parseContent(body, clock.now())
    const data = JSON.stringify(parseText(body))
    const password = await hashSendPassword(session.user, body.password)
    const send = await insertSend(context, session, { type: TEXT, content, password, data })
    announce(context, session, 'SyncSendCreate', send)
    return sendResponse(send)
  })

  scope.put(`/sends/${ID}`, { schema: { params: IdParams, body: SendRequest } }, async ({ session, params, body }) => {
    requireSends(context)
    const content = parseContent(body, clock.now())
    // Of a file Send only what stands around the file can be changed.
    const data = body.type === TEXT ? { data: JSON.stringify(parseText(body)) } : {}
    // No password means the one there is: clients that edit a Send do not know it.
    const password = orNull(body.password) === null ? {} : await hashSendPassword(session.user, body.password)
    const changed = await changeSend(context, session, params.id, (send) => {
      if (send.type !== body.type) throw badRequest("Sends can't change type", 'type')
      Object.assign(send, content, data, password)
    })
    return sendResponse(changed)
  })

  scope.put(`/sends/${ID}/remove-password`, { schema: { params: IdParams } }, async ({ session, params }) => {
    requireSends(context)
    return sendResponse(
      await changeSend(context, session, params.id, (send) => {
        Object.assign(send, NO_PASSWORD)
      }),
    )
  })

  scope.delete(`/sends/${ID}`, { schema: { params: IdParams } }, async ({ session, params }, reply) => {
    const deleted = await inSession(context, session, async (store) => {
      const { id, revisionDate: last } = await ownSend(store, session.user.id, params.id)
      const revisionDate = nextRevision(last, clock)
      await store.sends.delete([id])
      await store.users.touch(session.user.id, revisionDate)
      return { id, revisionDate }
    })
    announce(context, session, 'SyncSendDelete', deleted)
    await removeDoomed(context)
    return reply.send()
  })
}
