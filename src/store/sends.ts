import { type Kysely, type Selectable, sql } from 'kysely'
import { inChunks } from './chunks.ts'
import { doom } from './doomed-files.ts'
import type { Send, Sends } from './store.ts'
import type { Database, SendTable } from './tables.ts'
import { formatOptional, formatTimestamp, parseOptional, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

/** `sends.atype` of a Send that is a file. */
const FILE = 1

/** As the id of a doomed file. */
const ALL_FILES = sql.lit('').as('id')

export class KyselySends implements Sends {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find(id: string) {
    const row = await this.#db.selectFrom('sends').selectAll().where('uuid', '=', id).executeTakeFirst()
    return row && toSend(row)
  }

  async ofUser(userId: string) {
    const rows = await this.#db.selectFrom('sends').selectAll().where('user_uuid', '=', userId).execute()
    return rows.map(toSend)
  }

  async countOf(userId: string) {
    const query = this.#db.selectFrom('sends').select(({ fn }) => fn.countAll().as('count'))
    return Number((await query.where('user_uuid', '=', userId).executeTakeFirstOrThrow()).count)
  }

  async fileDataOf(userId: string) {
    const query = this.#db.selectFrom('sends').select('data').where('user_uuid', '=', userId)
    const rows = await query.where('atype', '=', FILE).execute()
    return rows.map(({ data }) => data)
  }

  async insert(send: Send) {
    await this.#db
      .insertInto('sends')
      .values({
        uuid: send.id,
        user_uuid: send.userId,
        organization_uuid: null,
        atype: send.type,
        creation_date: formatTimestamp(send.createdAt),
        ...contentOf(send),
      })
      .execute()
  }

  async update(send: Send) {
    await this.#db.updateTable('sends').set(contentOf(send)).where('uuid', '=', send.id).execute()
  }

  async delete(ids: readonly string[]) {
    await atomically(this.#db, async (db) => {
      for (const chunk of inChunks(ids)) {
        const files = db.selectFrom('sends').where('uuid', 'in', chunk).where('atype', '=', FILE)
        await doom(db, 'send', files.select(['uuid as owner', ALL_FILES]))
        const awaited = db.selectFrom('belfry_awaited_send_files').where('send_uuid', 'in', chunk)
        await doom(db, 'send', awaited.select(['send_uuid as owner', ALL_FILES]))
        // An upload that is under way may still make a file, and should the server end then, this is how it is found.
        const marks = db.deleteFrom('belfry_awaited_send_files').where('send_uuid', 'in', chunk)
        await marks.where('claimed', '=', 0).execute()
        await db.deleteFrom('sends').where('uuid', 'in', chunk).execute()
      }
    })
  }

  async dueForDeletion(before: Date, limit: number) {
    const rows = await this.#db
      .selectFrom('sends')
      .selectAll()
      .where('deletion_date', '<', formatTimestamp(before))
      .orderBy('deletion_date')
      .limit(limit)
      .execute()
    return rows.map(toSend)
  }

  async awaitFile(id: string, since: Date) {
    await this.#db
      .insertInto('belfry_awaited_send_files')
      .values({ send_uuid: id, since: formatTimestamp(since) })
      .execute()
  }

  async awaitingFile(before: Date, limit: number) {
    const query = this.#db.selectFrom('belfry_awaited_send_files').select('send_uuid').limit(limit)
    const rows = await query.where('since', '<', formatTimestamp(before)).execute()
    return rows.map((row) => row.send_uuid)
  }

  async isAwaitingFile(id: string) {
    const query = this.#db.selectFrom('belfry_awaited_send_files').select('send_uuid').where('send_uuid', '=', id)
    return (await query.executeTakeFirst()) !== undefined
  }

  async claimFile(id: string) {
    const query = this.#db.updateTable('belfry_awaited_send_files').set({ claimed: 1 }).where('send_uuid', '=', id)
    return (await query.where('claimed', '=', 0).executeTakeFirst()).numUpdatedRows > 0n
  }

  async releaseFile(id: string) {
    await this.#db.updateTable('belfry_awaited_send_files').set({ claimed: 0 }).where('send_uuid', '=', id).execute()
  }

  async fileArrived(id: string) {
    const query = this.#db.deleteFrom('belfry_awaited_send_files').where('send_uuid', '=', id)
    return (await query.executeTakeFirst()).numDeletedRows > 0n
  }
}

const toBuffer = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const toSend = (row: Selectable<SendTable>): Send => ({
  id: row.uuid,
  userId: row.user_uuid,
  createdAt: parseTimestamp(row.creation_date),
  revisionDate: parseTimestamp(row.revision_date),
  type: row.atype,
  name: row.name,
  notes: row.notes,
  data: row.data,
  key: row.akey,
  passwordHash: toBuffer(row.password_hash),
  passwordSalt: toBuffer(row.password_salt),
  passwordIterations: row.password_iter,
  maxAccessCount: row.max_access_count,
  accessCount: row.access_count,
  expirationDate: parseOptional(row.expiration_date),
  deletionDate: parseTimestamp(row.deletion_date),
  disabled: Boolean(row.disabled),
  hideEmail: row.hide_email === null ? null : Boolean(row.hide_email),
})

/** Every column that an update writes. */
const contentOf = (send: Send) => ({
  name: send.name,
  notes: send.notes,
  data: send.data,
  akey: send.key,
  password_hash: send.passwordHash,
  password_salt: send.passwordSalt,
  password_iter: send.passwordIterations,
  max_access_count: send.maxAccessCount,
  access_count: send.accessCount,
  revision_date: formatTimestamp(send.revisionDate),
  expiration_date: formatOptional(send.expirationDate),
  deletion_date: formatTimestamp(send.deletionDate),
  disabled: send.disabled,
  hide_email: send.hideEmail,
})
