import type { CipherView } from '#store'
import { formatDate, formatOptionalDate } from '../wire.ts'
import { attachmentResponse } from './attachment-response.ts'
import { passwordHistoryResponse, readFields, readPart } from './stored-json.ts'
import { TYPE_PARTS } from './type-parts.ts'

/** An item of the user's own as clients get it; `address` is the server's public one. Every key is always there: mobile apps fail on missing ones. */
export function cipherResponse(cipher: CipherView, address: string) {
  return {
    object: 'cipherDetails',
    id: cipher.id,
    type: cipher.type,
    creationDate: formatDate(cipher.createdAt),
    revisionDate: formatDate(cipher.updatedAt),
    deletedDate: formatOptionalDate(cipher.deletedAt),
    reprompt: cipher.reprompt === 1 ? 1 : 0,
    organizationId: cipher.organizationId,
    key: cipher.key,
    attachments:
      cipher.attachments.length === 0 ? null : cipher.attachments.map((one) => attachmentResponse(one, address)),
    organizationUseTotp: true,
    collectionIds: [],
    name: cipher.name,
    notes: cipher.notes,
    fields: readFields(cipher.fields),
    passwordHistory: passwordHistoryResponse(cipher.passwordHistory),
    login: null,
    secureNote: null,
    card: null,
    identity: null,
    sshKey: null,
    bankAccount: null,
    driversLicense: null,
    passport: null,
    folderId: cipher.folderId,
    favorite: cipher.favorite,
    archivedDate: formatOptionalDate(cipher.archivedAt),
    edit: true,
    viewPassword: true,
    permissions: { delete: true, restore: true },
    [TYPE_PARTS[cipher.type as keyof typeof TYPE_PARTS]]: readPart(cipher.type, cipher.data),
  }
}
