import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Send } from '#store'
import type { VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import { sendFile } from '../files/send-file.ts'
import { limitUnauthenticated } from '../limits.ts'
import { publicAddress } from '../public-address.ts'
import { ID, Maybe, type VaultApp } from '../schema.ts'
import { bearerToken } from '../sessions/index.ts'
import { type Asked, admit, findOpen, type Refusal } from './admission.ts'
import { FILE } from './request.ts'
import { idOfAccessId, sendAccessResponse } from './response.ts'
import { readFile } from './stored-data.ts'

/** Path parameter. Any other text is no such route, hence 404. */
export const FILE_ID = ':fileId(^[0-9a-f]{64}$)'
export const SendFileParams = Type.Object({ id: Type.String(), fileId: Type.String() })

const FileParams = Type.Object({ fileId: Type.String() })
const AccessRequest = Type.Object({ password: Maybe.text({ maxLength: 1000 }) })

/**
 * Reading Sends, for which nobody needs an account. Clients since 2026.6 come with a token of the grant `send_access`,
 * which is what counts as the access. Older ones ask here, with the password each time.
 */
export function registerSendAccess(scope: VaultApp, context: VaultContext): void {
  const onRequest = limitUnauthenticated(context)

  scope.post('/sends/access', async (request) => accessResponse(context, await requireToken(context, request)))

  scope.post(`/sends/access/file/${FILE_ID}`, { schema: { params: FileParams } }, async (request) =>
    downloadResponse(context, request, requireFile(await requireToken(context, request), request.params.fileId)),
  )

  const older = { params: Type.Object({ accessId: Type.String() }), body: AccessRequest }
  scope.post('/sends/access/:accessId', { onRequest, schema: older }, async ({ params, body }) => {
    const send = await findOpen(context, idOfAccessId(params.accessId) ?? '')
    if (!send) throw gone()
    // Of a file it is the fetching that counts.
    return accessResponse(context, await enter(context, send.id, { ...given(body), counts: send.type !== FILE }))
  })

  const olderFile = { params: SendFileParams, body: AccessRequest }
  const olderFileUrl = `/sends/${ID}/access/file/${FILE_ID}`
  scope.post(olderFileUrl, { onRequest, schema: olderFile }, async (request) => {
    const { id, fileId } = request.params
    requireFile(await findOpen(context, id), fileId)
    return downloadResponse(context, request, await enter(context, id, { ...given(request.body), counts: true }))
  })

  const download = { params: SendFileParams, querystring: Type.Object({ t: Type.Optional(Type.String()) }) }
  scope.get(`/sends/${ID}/${FILE_ID}`, { schema: download }, async ({ params, query }, reply) => {
    const { id, fileId } = params
    const ticket = await context.tickets.verify('send', query.t ?? '')
    if (ticket?.sub !== `${id}/${fileId}`) throw gone()
    requireFile(await findOpen(context, id), fileId)
    const file = await context.files.sends.read({ owner: id, id: fileId })
    if (!file) throw gone()
    return sendFile(reply, file)
  })
}

/** What is answered to `send`, by the words that older clients wait for: 401 has them ask for the password. */
const REFUSED: Record<Refusal, () => ApiError> = {
  gone,
  'password required': () => new ApiError('UNAUTHORIZED'),
  'password wrong': () => badRequest('Invalid password', 'password'),
}

function gone(): ApiError {
  return new ApiError('NOT_FOUND', 'Send does not exist or is no longer available')
}

const given = ({ password }: { password?: string | null }) => ({ password: password ?? undefined })

async function enter(context: VaultContext, id: string, asked: Asked): Promise<Send> {
  const admission = await admit(context, id, asked)
  if ('refusal' in admission) throw REFUSED[admission.refusal]()
  return admission.send
}

/** The Send that the request's token is for, if it can still be read. It was counted when the token was given. */
async function requireToken(context: VaultContext, request: FastifyRequest): Promise<Send> {
  const token = bearerToken(request)
  const ticket = token && (await context.tickets.verify('send', token))
  // One that fetches a file names that, too.
  if (!ticket || ticket.sub.includes('/')) throw new ApiError('UNAUTHORIZED')
  const send = await findOpen(context, ticket.sub)
  if (!send) throw gone()
  return send
}

function requireFile(send: Send | undefined, fileId: string): Send {
  if (send?.type !== FILE || readFile(send.data).id !== fileId) throw gone()
  return send
}

async function accessResponse({ store }: VaultContext, send: Send) {
  const isShown = send.userId !== null && send.hideEmail !== true
  const creator = isShown ? await store.users.find(send.userId) : undefined
  return sendAccessResponse(send, creator?.email ?? null)
}

/** Where the file can be fetched, for two minutes. */
async function downloadResponse({ tickets, settings }: VaultContext, request: FastifyRequest, { id, data }: Send) {
  const { id: fileId } = readFile(data)
  const ticket = await tickets.issue('send', { sub: `${id}/${fileId}` })
  const url = `${publicAddress(settings, request)}/api/sends/${id}/${fileId}?t=${ticket}`
  return { object: 'send-fileDownload', id: fileId, url }
}
