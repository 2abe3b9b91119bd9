import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { CipherView, Folder, Store } from '#store'
import type { VaultContext } from '../context.ts'
import { checker } from '../error-handler.ts'
import { ApiError, badRequest, ModelStateError } from '../errors.ts'
import { inTurns } from '../in-turns.ts'
import { FolderName, Maybe, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { archivedAtOf, CipherRequest, checkEncryptedFor, parseContent } from './request.ts'
import { requireItemRoom } from './room.ts'
import type { StoredType } from './type-parts.ts'

/** The most that the official server takes at once. */
const MAX_CIPHERS = 40_000
const MAX_FOLDERS = 2_000
const MAX_RELATIONSHIPS = 80_000

/** Five times the most that one import brings. */
const MAX_FOLDERS_OF_USER = 10_000

/** Faults that are told of one import. */
const MAX_FAULTS = 50

const Place = Type.Integer({ minimum: 0 })
const ImportRequest = Type.Object({
  // Checked one by one: the importing client finds the item that is at fault by the name `Ciphers[<place>]`.
  ciphers: Type.Array(Type.Unknown(), { maxItems: MAX_CIPHERS }),
  folders: Type.Array(Type.Unknown(), { maxItems: MAX_FOLDERS }),
  folderRelationships: Type.Array(Type.Object({ key: Place, value: Place }), { maxItems: MAX_RELATIONSHIPS }),
})
const FolderRequest = Type.Object({ name: FolderName, id: Maybe.text() })

/** An item of an import but for its dates and its folder, which it gets when it is written. */
type ReadItem = Omit<CipherView, 'createdAt' | 'updatedAt' | 'folderId'>

/**
 * `POST /ciphers/import`: items, folders, and which is in which. All of them or none (spec/vault.md §2.8). Of the items'
 * own members `folderId` and `id` mean nothing here.
 */
export function registerImport(scope: VaultApp, context: VaultContext): void {
  const { notifier, clock } = context

  scope.post('/ciphers/import', { schema: { body: ImportRequest } }, async (request, reply) => {
    const { session, body } = request
    const userId = session.user.id
    const [items, folders] = await readImport(context, request, body)
    const placeOfFolder = new Map(body.folderRelationships.map(({ key, value }) => [key, value]))
    const date = await inSession(context, session, async (store) => {
      await requireItemRoom(store, userId, items)
      const at = new Date(clock.now())
      const folderIds = await insertFolders(store, userId, folders, at)
      const views = items.map((item, place): CipherView => {
        const folderId = folderIds[placeOfFolder.get(place) ?? -1] ?? null
        return { ...item, folderId, createdAt: at, updatedAt: at }
      })
      for await (const lot of inTurns(views)) await store.ciphers.insertViews(userId, lot)
      return store.users.touch(userId, at)
    })
    notifier.account('SyncVault', userId, date, session.device.id)
    return reply.send()
  })
}

/** What is to be written; throws an ApiError with everything that is wrong in it. */
async function readImport(
  { store, settings }: VaultContext,
  request: Pick<FastifyRequest, 'session' | 'compileValidationSchema'>,
  { ciphers, folders, folderRelationships }: Static<typeof ImportRequest>,
): Promise<[ReadItem[], Static<typeof FolderRequest>[]]> {
  const { session } = request
  const keyId = await store.users.keyId(session.user.id)
  const faults = new Faults()
  const checkCipher = checker(request, CipherRequest)
  const readItem = (value: unknown): ReadItem => {
    const cipher = checkCipher(value)
    const content = parseContent(cipher, settings.maxNoteCharacters)
    checkEncryptedFor(cipher, session, keyId)
    return {
      ...content,
      id: randomUUID(),
      userId: session.user.id,
      organizationId: null,
      // Checked with the content.
      type: cipher.type as StoredType,
      deletedAt: null,
      favorite: cipher.favorite ?? false,
      archivedAt: archivedAtOf(cipher) ?? null,
      attachments: [],
    }
  }
  const items = await faults.readAll('Ciphers', ciphers, readItem)
  const readFolders = await faults.readAll('Folders', folders, checker(request, FolderRequest))
  const stray = folderRelationships.find(({ key, value }) => key >= ciphers.length || value >= folders.length)
  if (stray) faults.add(`Ciphers[${stray.key}].FolderId`, 'is no place in the lists of this import')
  faults.throwAny()
  return [items, readFolders]
}

/** The ids of these folders, those that the user has already among them. */
async function insertFolders(
  store: Store,
  userId: string,
  folders: readonly Static<typeof FolderRequest>[],
  at: Date,
): Promise<string[]> {
  const known = new Set((await store.folders.ofUser(userId)).map(({ id }) => id))
  const added: Folder[] = []
  const ids = folders.map(({ id, name }) => {
    if (id != null && known.has(id)) return id
    const folder = { id: randomUUID(), userId, name, createdAt: at, updatedAt: at }
    added.push(folder)
    return folder.id
  })
  if (known.size + added.length > MAX_FOLDERS_OF_USER) {
    throw badRequest(`A user has ${MAX_FOLDERS_OF_USER} folders at most`, 'folders')
  }
  await store.folders.insertMany(added)
  return ids
}

/** What is wrong with the entries of an import, by the names that clients look for. */
class Faults {
  readonly #found: Record<string, string[]> = {}

  /** Those entries that can be read. */
  async readAll<Entry>(list: string, entries: readonly unknown[], read: (entry: unknown) => Entry): Promise<Entry[]> {
    const done: Entry[] = []
    for await (const lot of inTurns([...entries.entries()])) {
      for (const [place, entry] of lot) {
        try {
          done.push(read(entry))
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          const { field, message } = error
          this.add(`${list}[${place}].${field.charAt(0).toUpperCase()}${field.slice(1)}`, message)
        }
      }
    }
    return done
  }

  add(field: string, message: string): void {
    this.#found[field] = [message]
    if (Object.keys(this.#found).length === MAX_FAULTS) this.throwAny()
  }

  throwAny(): void {
    if (Object.keys(this.#found).length > 0) throw new ModelStateError(this.#found)
  }
}
