import type { Kysely, Selectable } from 'kysely'
import { inChunks } from './chunks.ts'
import type { AnnouncedAttachment, Attachment, Attachments } from './store.ts'
import type { AttachmentTable, Database } from './tables.ts'
import { formatTimestamp, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

export class KyselyAttachments implements Attachments {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find(id: string) {
    const row = await this.#db.selectFrom('attachments').selectAll().where('id', '=', id).executeTakeFirst()
    return row && toAttachment(row)
  }

  async ofCiphers(cipherIds: readonly string[]) {
    const found: Attachment[] = []
    for (const chunk of inChunks(cipherIds)) {
      const rows = await this.#db.selectFrom('attachments').selectAll().where('cipher_uuid', 'in', chunk).execute()
      for (const row of rows) found.push(toAttachment(row))
    }
    return found
  }

  async ofUser(userId: string) {
    const rows = await ofUser(this.#db, userId).selectAll('attachments').execute()
    return rows.map(toAttachment)
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
      for (const chunk of inChunks(ids)) await db.deleteFrom('attachments').where('id', 'in', chunk).execute()
    })
  }

  async bytesOf(userId: string) {
    const stored = await ofUser(this.#db, userId)
      .select(({ fn }) => fn.sum('file_size').as('bytes'))
      .executeTakeFirst()
    const announced = await this.#db
      .selectFrom('belfry_announced_attachments')
      .select(({ fn }) => fn.sum('file_size').as('bytes'))
      .where('user_uuid', '=', userId)
      .executeTakeFirst()
    return Number(stored?.bytes ?? 0) + Number(announced?.bytes ?? 0)
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

  async takeAnnounced(id: string) {
    const query = this.#db.deleteFrom('belfry_announced_attachments').where('id', '=', id)
    return (await query.executeTakeFirst()).numDeletedRows > 0n
  }

  async dropAnnounced(before: Date) {
    const query = this.#db.deleteFrom('belfry_announced_attachments')
    await query.where('announced_at', '<', formatTimestamp(before)).execute()
  }

  async unknownOf(places: readonly { readonly cipherId: string; readonly id: string }[]) {
    const known = new Set<string>()
    const remember = (row: { cipher_uuid: string; id: string }) => known.add(`${row.cipher_uuid}/${row.id}`)
    for (const chunk of inChunks(places.map(({ id }) => id))) {
      for (const table of ['attachments', 'belfry_announced_attachments'] as const) {
        const rows = await this.#db.selectFrom(table).select(['cipher_uuid', 'id']).where('id', 'in', chunk).execute()
        for (const row of rows) remember(row)
      }
    }
    return places.filter(({ cipherId, id }) => !known.has(`${cipherId}/${id}`)).map(({ id }) => id)
  }
}

const ofUser = (db: Kysely<Database>, userId: string) =>
  db
    .selectFrom('attachments')
    .innerJoin('ciphers', 'ciphers.uuid', 'attachments.cipher_uuid')
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
