import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import type { Session } from '#auth'
import type { CipherView, Store } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { ownFolder } from '../folders/index.ts'
import { ID, IdParams, Maybe, orNull, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { renameAttachments } from './attachments.ts'
import { announce, changeCipher, checkFresh } from './cipher-store.ts'
import { archivedAtOf, CipherRequest, checkEncryptedFor, parseContent } from './request.ts'
import { cipherResponse } from './response.ts'
import { requireItemRoom } from './room.ts'
import type { StoredType } from './type-parts.ts'

const CreateRequest = Type.Object({ cipher: CipherRequest })
const PartialRequest = Type.Object({ folderId: Maybe.text(), favorite: Type.Boolean() })

/** Creating and changing one item. */
export function registerWriting(scope: VaultApp, context: VaultContext): void {
  const { store } = context

  const create = async (session: Session, body: CipherRequest, address: string) => {
    checkEncryptedFor(body, session, await store.users.keyId(session.user.id))
    const created = await createCipher(context, session, body)
    announce(context, session, 'SyncCipherCreate', created)
    return cipherResponse(created, address)
  }
  scope.post('/ciphers', { schema: { body: CipherRequest } }, ({ session, body, address }) =>
    create(session, body, address),
  )
  // The form for items of an organization, which clients also use to clone.
  scope.post('/ciphers/create', { schema: { body: CreateRequest } }, ({ session, body, address }) =>
    create(session, body.cipher, address),
  )

  scope.route({
    method: ['PUT', 'POST'],
    url: `/ciphers/${ID}`,
    schema: { params: IdParams, body: CipherRequest },
    handler: async ({ session, params, body, address }) => {
      const content = parseContent(body, context.settings.maxNoteCharacters)
      checkEncryptedFor(body, session, await store.users.keyId(session.user.id))
      const updated = await changeCipher(context, session, params.id, async (cipher, store) => {
        checkFresh(cipher, body.lastKnownRevisionDate)
        if (cipher.type !== body.type) throw badRequest('Invalid type', 'type')
        await renameAttachments(store, cipher, { ...body, key: content.key })
        await requireItemRoom(store, session.user.id, [content])
        Object.assign(cipher, content)
        await place(store, session, cipher, body)
      })
      return cipherResponse(updated, address)
    },
  })

  // Vaultwarden tells nobody of this one, and so elsewhere a favourite shows after the next sync only.
  scope.route({
    method: ['PUT', 'POST'],
    url: `/ciphers/${ID}/partial`,
    schema: { params: IdParams, body: PartialRequest },
    handler: async ({ session, params, body, address }) => {
      const updated = await changeCipher(context, session, params.id, (cipher, store) =>
        place(store, session, cipher, body),
      )
      return cipherResponse(updated, address)
    },
  })
}

/** The date is that of its turn at the database: whoever synced while it waited in line has a vault without it. */
function createCipher(context: VaultContext, session: Session, body: CipherRequest): Promise<CipherView> {
  const content = parseContent(body, context.settings.maxNoteCharacters)
  return inSession(context, session, async (store) => {
    await requireItemRoom(store, session.user.id, [content])
    const now = new Date(context.clock.now())
    const cipher: CipherView = {
      ...content,
      id: randomUUID(),
      createdAt: now,
      updatedAt: now,
      userId: session.user.id,
      organizationId: null,
      // Checked with the content.
      type: body.type as StoredType,
      deletedAt: null,
      folderId: null,
      favorite: false,
      archivedAt: null,
      attachments: [],
    }
    await store.ciphers.insert(cipher)
    await place(store, session, cipher, body)
    await store.users.touch(session.user.id, now)
    return cipher
  })
}

interface Placement {
  readonly folderId?: string | null
  readonly favorite?: boolean | null
  readonly archivedDate?: string | null
}

/** Writes what is kept of an item for each user apart. No folder means none; what else is absent stays as it is. */
async function place(store: Store, session: Session, cipher: CipherView, wanted: Placement): Promise<void> {
  const userId = session.user.id
  const folderId = orNull(wanted.folderId)
  if (folderId !== cipher.folderId) {
    if (folderId !== null) await ownFolder(store, userId, folderId)
    await store.ciphers.setFolder(userId, [cipher.id], folderId)
    cipher.folderId = folderId
  }
  if (wanted.favorite != null && wanted.favorite !== cipher.favorite) {
    await store.ciphers.setFavorite(userId, cipher.id, wanted.favorite)
    cipher.favorite = wanted.favorite
  }
  const archivedAt = archivedAtOf(wanted)
  if (archivedAt) {
    await store.ciphers.setArchived(userId, [cipher.id], archivedAt)
    cipher.archivedAt = archivedAt
  }
}
