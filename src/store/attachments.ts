import type { Kysely, Selectable } from 'kysely'
import { inChunks } from './chunks.ts'
import { doom, filesOf } from './doomed-files.ts'
import type { AnnouncedAttachment, Attachment, Attachments } from './store.ts'
import type { AttachmentTable, Database } from './tables.ts'
import { formatTimestamp, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

/** What is there, and what is to come. */
const TABLES = ['attachments', 'belfry_announced_attachments'] as const

export class KyselyAttachments implements Attachments {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find(id: string) {
    const row = await this.#db.selectFrom('attachments').selectAll().where('id', '=', id).executeTakeFirst()
    return row && toAttachment(row)
  }

  async insert(attachment: Attachment) {
    await this.#db.insertInto('attachments').values(columnsOf(attachment)).execute()
  }

  async update(attachment: Attachment) {
    const { file_name, file_size, akey } = columnsOf(attachment)
    await this.#db
      .updateTable('attachments')
      .set({ file_name, file_size, akey })
      .where('id', '=', attachment.id)
      .execute()
  }

  async delete(ids: readonly string[]) {
    await atomically(this.#db, async (db) => {
      for (const chunk of inChunks(ids)) {
        await doom(db, 'attachment', filesOf(db).where('id', 'in', chunk))
        await db.deleteFrom('attachments').where('id', 'in', chunk).execute()
      }
    })
  }

  async bytesOf(userId: string) {
    let bytes = 0
    for (const table of TABLES) {
      const query = ofUser(this.#db, userId, table).select(({ fn }) => fn.sum('files.file_size').as('bytes'))
      bytes += Number((await query.executeTakeFirst())?.bytes ?? 0)
    }
    return bytes
  }

  async countOf(cipherId: string) {
    let count = 0
    for (const table of TABLES) {
      const query = this.#db.selectFrom<'attachments'>(table as 'attachments').where('cipher_uuid', '=', cipherId)
      count += Number((await query.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count)
    }
    return count
  }

  async announce({ userId, announcedAt, revisionDate, ...attachment }: AnnouncedAttachment) {
    await this.#db
      .insertInto('belfry_announced_attachments')
      .values({
        ...columnsOf(attachment),
        user_uuid: userId,
        announced_at: formatTimestamp(announcedAt),
        revision_date: formatTimestamp(revisionDate),
      })
      .execute()
  }

  async findAnnounced(id: string) {
    const query = this.#db.selectFrom('belfry_announced_attachments').selectAll().where('id', '=', id)
    const row = await query.executeTakeFirst()
    return (
      row && {
        ...toAttachment(row),
        userId: row.user_uuid,
        announcedAt: parseTimestamp(row.announced_at),
        revisionDate: parseTimestamp(row.revision_date),
      }
    )
  }

  async countAnnounced(userId: string) {
    const query = this.#db.selectFrom('belfry_announced_attachments').where('user_uuid', '=', userId)
    return Number((await query.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count)
  }

  async claimAnnounced(id: string) {
    const query = this.#db.updateTable('belfry_announced_attachments').set({ claimed: 1 })
    return (await query.where('id', '=', id).where('claimed', '=', 0).executeTakeFirst()).numUpdatedRows > 0n
  }

  async takeAnnounced(id: string) {
    const query = this.#db.deleteFrom('belfry_announced_attachments').where('id', '=', id)
    return (await query.executeTakeFirst()).numDeletedRows > 0n
  }

  async dropAnnounced(before: Date) {
    const at = formatTimestamp(before)
    const any = this.#db.selectFrom('belfry_announced_attachments').select('id').where('announced_at', '<', at).limit(1)
    if ((await any.executeTakeFirst()) === undefined) return
    await atomically(this.#db, async (db) => {
      const old = db.selectFrom('belfry_announced_attachments').where('announced_at', '<', at)
      await doom(db, 'attachment', old.select(['cipher_uuid as owner', 'id']))
      await db.deleteFrom('belfry_announced_attachments').where('announced_at', '<', at).execute()
    })
  }
}

export async function attachmentsOfCiphers(db: Kysely<Database>, cipherIds: readonly string[]): Promise<Attachment[]> {
  const found: Attachment[] = []
  for (const chunk of inChunks(cipherIds)) {
    const rows = await db.selectFrom('attachments').selectAll().where('cipher_uuid', 'in', chunk).execute()
    for (const row of rows) found.push(toAttachment(row))
  }
  return found
}

/** Of all items of the user's own, by one query. */
export async function attachmentsOfUser(db: Kysely<Database>, userId: string): Promise<Attachment[]> {
  const rows = await ofUser(db, userId).selectAll('files').execute()
  return rows.map(toAttachment)
}

/** Those of the user's own items that are there. */
const ofUser = (db: Kysely<Database>, userId: string, table: (typeof TABLES)[number] = 'attachments') =>
  db
    .selectFrom(`${table as 'attachments'} as files`)
    .innerJoin('ciphers', 'ciphers.uuid', 'files.cipher_uuid')
    .where('ciphers.user_uuid', '=', userId)

const columnsOf = ({ id, cipherId, fileName, size, key }: Attachment): AttachmentTable => ({
  id,
  cipher_uuid: cipherId,
  file_name: fileName,
  file_size: size,
  akey: key,
})

const toAttachment = (row: Selectable<AttachmentTable>): Attachment => ({
  id: row.id,
  cipherId: row.cipher_uuid,
  fileName: row.file_name,
  size: row.file_size,
  key: row.akey,
})
