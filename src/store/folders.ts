import type { Kysely, Selectable } from 'kysely'
import { inChunks, inLots } from './chunks.ts'
import type { Folder, Folders } from './store.ts'
import type { Database, FolderTable } from './tables.ts'
import { formatTimestamp, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

export class KyselyFolders implements Folders {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find(id: string) {
    const row = await this.#db.selectFrom('folders').selectAll().where('uuid', '=', id).executeTakeFirst()
    return row && toFolder(row)
  }

  async ofUser(userId: string) {
    const rows = await this.#db.selectFrom('folders').selectAll().where('user_uuid', '=', userId).execute()
    return rows.map(toFolder)
  }

  async insert(folder: Folder) {
    await this.#db.insertInto('folders').values(columnsOf(folder)).execute()
  }

  async insertMany(folders: readonly Folder[]) {
    await atomically(this.#db, async (db) => {
      for (const lot of inLots(folders)) await db.insertInto('folders').values(lot.map(columnsOf)).execute()
    })
  }

  async update(folder: Folder) {
    await this.#db
      .updateTable('folders')
      .set({ updated_at: formatTimestamp(folder.updatedAt), name: folder.name })
      .where('uuid', '=', folder.id)
      .execute()
  }

  async delete(id: string) {
    await atomically(this.#db, (db) => remove(db, [id]))
  }

  async deleteOf(userId: string, ids?: readonly string[]) {
    const wanted = ids && new Set(ids)
    let deleted: string[] = []
    await atomically(this.#db, async (db) => {
      const rows = await db.selectFrom('folders').select('uuid').where('user_uuid', '=', userId).execute()
      deleted = rows.map(({ uuid }) => uuid).filter((id) => wanted?.has(id) ?? true)
      await remove(db, deleted)
    })
    return deleted
  }
}

async function remove(db: Kysely<Database>, ids: readonly string[]): Promise<void> {
  for (const chunk of inChunks(ids)) {
    await db.deleteFrom('folders_ciphers').where('folder_uuid', 'in', chunk).execute()
    await db.deleteFrom('folders').where('uuid', 'in', chunk).execute()
  }
}

const columnsOf = (folder: Folder): FolderTable => ({
  uuid: folder.id,
  user_uuid: folder.userId,
  created_at: formatTimestamp(folder.createdAt),
  updated_at: formatTimestamp(folder.updatedAt),
  name: folder.name,
})

function toFolder(row: Selectable<FolderTable>): Folder {
  return {
    id: row.uuid,
    userId: row.user_uuid,
    createdAt: parseTimestamp(row.created_at),
    updatedAt: parseTimestamp(row.updated_at),
    name: row.name,
  }
}
