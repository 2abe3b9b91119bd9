import { setImmediate as othersTurn } from 'node:timers/promises'
import { type Kysely, type Selectable, sql } from 'kysely'
import { attachmentsOfCiphers, attachmentsOfUser } from './attachments.ts'
import { inChunks, inLots } from './chunks.ts'
import { doom, filesOf } from './doomed-files.ts'
import type { Attachment, Cipher, Ciphers, CipherView } from './store.ts'
import type { CipherTable, Database } from './tables.ts'
import { formatOptional, formatTimestamp, parseOptional, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

/** What refers to a cipher and goes before it. */
export const DEPENDENTS = ['attachments', 'folders_ciphers', 'ciphers_collections', 'favorites', 'archives'] as const

/** Items read by one statement: some 3 ms of everybody's time on SQLite. */
const PAGE = 500

/** Neither engine reads the texts for it. */
const TEXT_BYTES = sql<number | string | null>`sum(${sql.join(
  ['name', 'notes', 'fields', 'data', 'password_history', 'key'].map(
    (column) => sql`coalesce(octet_length(${sql.ref(column)}), 0)`,
  ),
  sql` + `,
)})`.as('bytes')

export class KyselyCiphers implements Ciphers {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async findOwn(userId: string, id: string) {
    const row = await viewsOf(this.#db, userId).where('ciphers.uuid', '=', id).executeTakeFirst()
    return row && joinedView(row, groupByCipher(await attachmentsOfCiphers(this.#db, [id])))
  }

  async findManyOwn(userId: string, ids: readonly string[]) {
    const found: CipherView[] = []
    const attachments = groupByCipher(await attachmentsOfCiphers(this.#db, ids))
    for (const chunk of inChunks(ids)) {
      const rows = await viewsOf(this.#db, userId).where('ciphers.uuid', 'in', chunk).execute()
      for (const row of rows) found.push(joinedView(row, attachments))
    }
    return found
  }

  async ownOf(userId: string) {
    const found: CipherView[] = []
    const attachments = groupByCipher(await attachmentsOfUser(this.#db, userId))
    const { folders, favorites, archives } = await marksOf(this.#db, userId)
    for (let after = ''; ; ) {
      const own = this.#db.selectFrom('ciphers').selectAll().where('user_uuid', '=', userId)
      const rows = await own.where('uuid', '>', after).orderBy('uuid').limit(PAGE).execute()
      for (const row of rows) {
        const { uuid } = row
        found.push({
          ...toCipher(row),
          folderId: folders.get(uuid) ?? null,
          favorite: favorites.has(uuid),
          archivedAt: parseOptional(archives.get(uuid) ?? null),
          attachments: attachments.get(uuid) ?? [],
        })
      }
      if (rows.length < PAGE) return found
      after = rows.at(-1)!.uuid
      await othersTurn()
    }
  }

  async idsOwnOf(userId: string) {
    const rows = await this.#db.selectFrom('ciphers').select('uuid').where('user_uuid', '=', userId).execute()
    return rows.map(({ uuid }) => uuid)
  }

  async bytesOwnOf(userId: string) {
    const query = this.#db.selectFrom('ciphers').select(TEXT_BYTES).where('user_uuid', '=', userId)
    return Number((await query.executeTakeFirstOrThrow()).bytes ?? 0)
  }

  async insert(cipher: Cipher) {
    await this.#db.insertInto('ciphers').values(columnsOf(cipher)).execute()
  }

  async insertViews(userId: string, ciphers: readonly CipherView[]) {
    await atomically(this.#db, async (db) => {
      for (const lot of inLots(ciphers)) {
        await db.insertInto('ciphers').values(lot.map(columnsOf)).execute()
        const links = lot.flatMap(({ id, folderId }) =>
          folderId === null ? [] : [{ cipher_uuid: id, folder_uuid: folderId }],
        )
        if (links.length > 0) await db.insertInto('folders_ciphers').values(links).execute()
        const favorites = lot.flatMap(({ id, favorite }) => (favorite ? [{ user_uuid: userId, cipher_uuid: id }] : []))
        if (favorites.length > 0) await db.insertInto('favorites').values(favorites).execute()
        const archives = lot.flatMap(({ id, archivedAt }) =>
          archivedAt === null ? [] : [{ user_uuid: userId, cipher_uuid: id, archived_at: formatTimestamp(archivedAt) }],
        )
        if (archives.length > 0) await db.insertInto('archives').values(archives).execute()
      }
    })
  }

  async update(cipher: Cipher) {
    await this.#db.updateTable('ciphers').set(contentOf(cipher)).where('uuid', '=', cipher.id).execute()
  }

  async updateAll(ciphers: readonly Cipher[]) {
    await atomically(this.#db, async (db) => {
      for (const lot of inLots(ciphers)) {
        // Each is there, so that nothing is inserted: this is the one form of many updates that both engines know.
        await db
          .insertInto('ciphers')
          .values(lot.map(columnsOf))
          .onConflict((conflict) =>
            conflict.column('uuid').doUpdateSet(({ ref }) => ({
              updated_at: ref('excluded.updated_at'),
              name: ref('excluded.name'),
              notes: ref('excluded.notes'),
              fields: ref('excluded.fields'),
              data: ref('excluded.data'),
              password_history: ref('excluded.password_history'),
              key: ref('excluded.key'),
              reprompt: ref('excluded.reprompt'),
              deleted_at: ref('excluded.deleted_at'),
            })),
          )
          .execute()
      }
    })
  }

  async delete(ids: readonly string[]) {
    await atomically(this.#db, async (db) => {
      for (const chunk of inChunks(ids)) {
        await doom(db, 'attachment', filesOf(db).where('cipher_uuid', 'in', chunk))
        for (const table of DEPENDENTS) await db.deleteFrom(table).where('cipher_uuid', 'in', chunk).execute()
        await db.deleteFrom('ciphers').where('uuid', 'in', chunk).execute()
      }
    })
  }

  async setFolder(userId: string, ids: readonly string[], folderId: string | null) {
    await atomically(this.#db, async (db) => {
      const foldersOfUser = db.selectFrom('folders').select('uuid').where('user_uuid', '=', userId)
      for (const chunk of inChunks(ids)) {
        await db
          .deleteFrom('folders_ciphers')
          .where('cipher_uuid', 'in', chunk)
          .where('folder_uuid', 'in', foldersOfUser)
          .execute()
        if (folderId === null) continue
        const links = chunk.map((id) => ({ cipher_uuid: id, folder_uuid: folderId }))
        await db.insertInto('folders_ciphers').values(links).execute()
      }
    })
  }

  async setFavorite(userId: string, id: string, favorite: boolean) {
    const mark = { user_uuid: userId, cipher_uuid: id }
    await (favorite
      ? this.#db
          .insertInto('favorites')
          .values(mark)
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      : this.#db.deleteFrom('favorites').where('user_uuid', '=', userId).where('cipher_uuid', '=', id).execute())
  }

  async setArchived(userId: string, ids: readonly string[], at: Date | null) {
    await atomically(this.#db, async (db) => {
      for (const chunk of inChunks(ids)) {
        await db.deleteFrom('archives').where('user_uuid', '=', userId).where('cipher_uuid', 'in', chunk).execute()
        if (at === null) continue
        const archived_at = formatTimestamp(at)
        const marks = chunk.map((id) => ({ user_uuid: userId, cipher_uuid: id, archived_at }))
        await db.insertInto('archives').values(marks).execute()
      }
    })
  }
}

/** What is kept of items for this user apart: one query each, where a join would look it up for each item. */
async function marksOf(db: Kysely<Database>, userId: string) {
  const links = await db
    .selectFrom('folders')
    .innerJoin('folders_ciphers', 'folders_ciphers.folder_uuid', 'folders.uuid')
    .select(['cipher_uuid', 'folder_uuid'])
    .where('user_uuid', '=', userId)
    // The last one stays: of several folders the first, as in `viewsOf`.
    .orderBy('folder_uuid', 'desc')
    .execute()
  const favorites = await db.selectFrom('favorites').select('cipher_uuid').where('user_uuid', '=', userId).execute()
  const archives = await db
    .selectFrom('archives')
    .select(['cipher_uuid', 'archived_at'])
    .where('user_uuid', '=', userId)
    .execute()
  return {
    folders: new Map(links.map(({ cipher_uuid, folder_uuid }) => [cipher_uuid, folder_uuid])),
    favorites: new Set(favorites.map(({ cipher_uuid }) => cipher_uuid)),
    archives: new Map(archives.map(({ cipher_uuid, archived_at }) => [cipher_uuid, archived_at])),
  }
}

/** The user's own items with what is kept per user. Only the folder needs care: nothing but code keeps it to one. */
function viewsOf(db: Kysely<Database>, userId: string) {
  return db
    .selectFrom('ciphers')
    .leftJoin('favorites', (join) =>
      join.onRef('favorites.cipher_uuid', '=', 'ciphers.uuid').on('favorites.user_uuid', '=', userId),
    )
    .leftJoin('archives', (join) =>
      join.onRef('archives.cipher_uuid', '=', 'ciphers.uuid').on('archives.user_uuid', '=', userId),
    )
    .selectAll('ciphers')
    .select(['archives.archived_at', 'favorites.user_uuid as favorite_of'])
    .select((query) =>
      query
        .selectFrom('folders_ciphers')
        .innerJoin('folders', 'folders.uuid', 'folders_ciphers.folder_uuid')
        .select('folders.uuid')
        .whereRef('folders_ciphers.cipher_uuid', '=', 'ciphers.uuid')
        .where('folders.user_uuid', '=', userId)
        .orderBy('folders.uuid')
        .limit(1)
        .as('folder_id'),
    )
    .where('ciphers.user_uuid', '=', userId)
}

interface ViewRow extends Selectable<CipherTable> {
  archived_at: string | null
  favorite_of: string | null
  folder_id: string | null
}

type ByCipher = ReadonlyMap<string, Attachment[]>

/** In the order of their ids, which is the same at each reading. */
function groupByCipher(attachments: readonly Attachment[]): ByCipher {
  const byCipher = Map.groupBy(attachments, ({ cipherId }) => cipherId)
  for (const group of byCipher.values()) group.sort((one, other) => (one.id < other.id ? -1 : 1))
  return byCipher
}

function joinedView(row: ViewRow, attachments: ByCipher): CipherView {
  return {
    ...toCipher(row),
    folderId: row.folder_id,
    favorite: row.favorite_of !== null,
    archivedAt: parseOptional(row.archived_at),
    attachments: attachments.get(row.uuid) ?? [],
  }
}

function toCipher(row: Selectable<CipherTable>): Cipher {
  return {
    id: row.uuid,
    createdAt: parseTimestamp(row.created_at),
    updatedAt: parseTimestamp(row.updated_at),
    userId: row.user_uuid,
    organizationId: row.organization_uuid,
    type: row.atype,
    name: row.name,
    notes: row.notes,
    fields: row.fields,
    data: row.data,
    passwordHistory: row.password_history,
    key: row.key,
    reprompt: row.reprompt,
    deletedAt: parseOptional(row.deleted_at),
  }
}

const columnsOf = (cipher: Cipher) => ({
  uuid: cipher.id,
  created_at: formatTimestamp(cipher.createdAt),
  user_uuid: cipher.userId,
  organization_uuid: cipher.organizationId,
  atype: cipher.type,
  ...contentOf(cipher),
})

/** Every column that an update writes. */
function contentOf(cipher: Cipher) {
  return {
    updated_at: formatTimestamp(cipher.updatedAt),
    name: cipher.name,
    notes: cipher.notes,
    fields: cipher.fields,
    data: cipher.data,
    password_history: cipher.passwordHistory,
    key: cipher.key,
    reprompt: cipher.reprompt,
    deleted_at: formatOptional(cipher.deletedAt),
  }
}
