import { randomBytes, randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { KeyedPlaces } from '#kit'
import { FileTooLargeError, type Place, type Send, type User } from '#store'
import type { VaultContext } from '../context.ts'
import { checker } from '../error-handler.ts'
import { ApiError, badRequest } from '../errors.ts'
import { acceptMultipart, MAX_UPLOAD_BYTES, receiveFile } from '../files/multipart.ts'
import { removeDoomed } from '../files/remove-doomed.ts'
import { ID, type VaultApp, within } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { FILE_ID, SendFileParams } from './access.ts'
import { hashSendPassword } from './password.ts'
import { FILE, parseContent, parseFileLength, parseFileName, SendRequest } from './request.ts'
import { sendResponse } from './response.ts'
import { announce, insertSend, limitExceeded, ownSend, requireRoom, requireSends } from './send-store.ts'
import { readFile, storedFile } from './stored-data.ts'

/** Making Sends of files: announced first and then uploaded, or by old clients in one request. */
export function registerUploads(scope: VaultApp, context: VaultContext): void {
  scope.post('/sends/file/v2', { schema: { body: SendRequest } }, async ({ session, body }) => {
    requireSends(context)
    const size = parseFileLength(body)
    if (size > MAX_UPLOAD_BYTES) throw badRequest('Send storage limit exceeded with this file', 'fileLength')
    const id = newFileId()
    // Nobody is told yet: there is nothing to fetch.
    const send = await insertSend(context, session, {
      ...(await parseFileSend(context, session.user, body, { id, size })),
      file: 'awaited',
    })
    // 0: to be uploaded here, and not to Azure.
    const url = `/sends/${send.id}/file/${id}`
    return { fileUploadType: 0, object: 'send-fileUpload', url, sendResponse: sendResponse(send) }
  })

  within(scope, '', (forms) => {
    acceptMultipart(forms)
    registerAwaited(forms, context)

    forms.post('/sends/file', async (request) => {
      requireSends(context)
      const send = await receiveInTurn(context, request)
      announce(context, request.session, 'SyncSendCreate', send)
      return sendResponse(send)
    })
  })
}

/** Forms that are read at once: their files take room before they are counted. */
const formsUnderWay = new KeyedPlaces({ max: 1000, maxPerKey: 5 })

async function receiveInTurn(context: VaultContext, request: FastifyRequest): Promise<Send> {
  const leave = formsUnderWay.enter(request.session.user.id)
  if (leave === undefined) throw new ApiError('TOO_MANY_REQUESTS', 'Too many uploads at once')
  try {
    return await receiveInOneForm(context, request)
  } finally {
    leave()
  }
}

/** Stores the Send of a form that holds its file and all else. */
async function receiveInOneForm(context: VaultContext, request: FastifyRequest): Promise<Send> {
  const { store, files, clock } = context
  const { session } = request
  const room = await requireRoom(context, store, session.user.id, 0)
  const place = { owner: randomUUID(), id: newFileId() }
  // Should the server end before the Send is stored, this is how the file is found.
  await store.sends.awaitFile(place.owner, new Date(clock.now()))
  try {
    const { saved: size, fields } = await receiveFile(request, clock, (bytes) =>
      files.sends.write(place, bytes, { maxBytes: Math.min(room, MAX_UPLOAD_BYTES) }).catch((error: unknown) => {
        throw error instanceof FileTooLargeError && room < MAX_UPLOAD_BYTES ? limitExceeded() : error
      }),
    )
    const model = readModel(request, fields.get('model'))
    const parsed = await parseFileSend(context, session.user, model, { id: place.id, size })
    return await insertSend(context, session, { ...parsed, id: place.owner, file: 'there' })
  } catch (error) {
    await store.sends.delete([place.owner])
    await removeDoomed(context)
    throw error
  }
}

/** The upload of a file that was announced, once. */
function registerAwaited(forms: VaultApp, context: VaultContext): void {
  const { clock, store, files } = context

  forms.post(`/sends/${ID}/file/${FILE_ID}`, { schema: { params: SendFileParams } }, async (request, reply) => {
    const { session, params } = request
    requireSends(context)
    const { id, type, data } = await ownSend(store, session.user.id, params.id)
    const file = readFile(data)
    if (type !== FILE || file.id !== params.fileId) throw badRequest('Send file does not match send data.')
    // Also from those who come to another machine: a second upload beside the first would take its place, or it away.
    if (!(await store.sends.claimFile(id))) throw uploadedAlready()
    let isReceived = false
    try {
      await receiveWhole(context, request, { owner: id, id: file.id }, file.size)
      isReceived = true
      const send = await inSession(context, session, async (store) => {
        const send = await ownSend(store, session.user.id, id)
        if (!(await store.sends.fileArrived(id))) throw uploadedAlready()
        await store.users.touch(session.user.id, new Date(clock.now()))
        return send
      })
      announce(context, session, 'SyncSendCreate', send)
      return reply.send()
    } catch (error) {
      // Any other error at the end may be one of a commit that has happened all the same.
      if (!isReceived || error instanceof ApiError) {
        await files.sends.deleteAllOf(id)
        await store.sends.releaseFile(id)
      }
      throw error
    }
  })
}

/** Throws an ApiError when the file has not the `size` that was announced, in bytes. */
async function receiveWhole(
  { files, clock }: VaultContext,
  request: FastifyRequest,
  place: Place,
  size: number,
): Promise<void> {
  const mismatch = () => badRequest('Send file size does not match.', 'data')
  const { saved } = await receiveFile(request, clock, async (bytes) => {
    try {
      return await files.sends.write(place, bytes, { maxBytes: size })
    } catch (error) {
      throw error instanceof FileTooLargeError ? mismatch() : error
    }
  })
  if (saved !== size) throw mismatch()
}

async function parseFileSend(
  { clock }: VaultContext,
  user: User,
  body: SendRequest,
  { id, size }: { id: string; size: number },
) {
  if (body.type !== FILE) throw badRequest('Send content is not a file', 'type')
  const content = parseContent(body, clock.now())
  const data = storedFile({ id, fileName: parseFileName(body), size })
  return { type: FILE, content, data, fileSize: size, password: await hashSendPassword(user, body.password) }
}

/** The description of the Send, which is a field of the form. */
function readModel(request: FastifyRequest, text: string | undefined): SendRequest {
  let model: unknown
  try {
    model = JSON.parse(text ?? '')
  } catch {
    throw badRequest('The field "model" of the form is not valid JSON', 'model')
  }
  return checker(request, SendRequest)(model)
}

/** 32 bytes, as Vaultwarden's. */
const newFileId = () => randomBytes(32).toString('hex')

const uploadedAlready = () => badRequest('The file of this Send is there already, or on its way.')
