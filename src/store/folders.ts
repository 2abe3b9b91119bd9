import type { Kysely, Selectable } from 'kysely'
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
    await this.#db
      .insertInto('folders')
      .values({
        uuid: folder.id,
        user_uuid: folder.userId,
        created_at: formatTimestamp(folder.createdAt),
        updated_at: formatTimestamp(folder.updatedAt),
        name: folder.name,
      })
      .execute()
  }

  async update(folder: Folder) {
    await this.#db
      .updateTable('folders')
      .set({ updated_at: formatTimestamp(folder.updatedAt), name: folder.name })
      .where('uuid', '=', folder.id)
      .execute()
  }

  async delete(id: string) {
    await atomically(this.#db, async (db) => {
      await db.deleteFrom('folders_ciphers').where('folder_uuid', '=', id).execute()
      await db.deleteFrom('folders').where('uuid', '=', id).execute()
    })
  }
}

function toFolder(row: Selectable<FolderTable>): Folder {
  return {
    id: row.uuid,
    userId: row.user_uuid,
    createdAt: parseTimestamp(row.created_at),
    updatedAt: parseTimestamp(row.updated_at),
    name: row.name,
  }
}
