import Type from 'typebox'
import type { VaultContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { sendFile } from '../files/send-file.ts'
import { ID, type VaultApp } from '../schema.ts'
import { ATTACHMENT_ID, AttachmentParams } from './attachment-store.ts'

const DownloadQuery = Type.Object({ token: Type.Optional(Type.String()) })

/** `GET /attachments/<item>/<attachment>?token=`: the file, for whoever has the ticket, which is good for five minutes. */
export function registerDownload(root: VaultApp, { tickets, files }: VaultContext): void {
  root.route({
    // Named, because Fastify's own HEAD would read the whole file.
    method: ['GET', 'HEAD'],
    url: `/attachments/${ID}/${ATTACHMENT_ID}`,
    schema: { params: AttachmentParams, querystring: DownloadQuery },
    handler: async ({ params, query }, reply) => {
      const ticket = query.token && (await tickets.verify('file_download', query.token))
      const isFor = ticket && ticket.sub === params.id && ticket.file_id === params.attachmentId
      const file = isFor ? await files.attachments.read({ owner: params.id, id: params.attachmentId }) : undefined
      if (file === undefined) throw new ApiError('NOT_FOUND', "Attachment doesn't exist")
      return sendFile(reply, file)
    },
  })
}
