import type { Attachment } from '#store'
import { displaySize } from '../files/display-size.ts'

/**
 * An attachment as clients get it. `address` is the public one. The path alone opens nothing: clients ask for the
 * attachment itself, and are told one with a ticket, when they want its file.
 */
export function attachmentResponse(attachment: Attachment, address: string, ticket?: string) {
  const { id, cipherId, fileName, size, key } = attachment
  const url = `${address}/attachments/${cipherId}/${id}`
  return {
    id,
    url: ticket === undefined ? url : `${url}?token=${ticket}`,
    fileName,
    // Mobile apps read no number here.
    size: String(size),
    sizeName: displaySize(size),
    key,
    object: 'attachment',
  }
}
