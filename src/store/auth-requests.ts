import type { Kysely, Selectable } from 'kysely'
import type { AuthRequest, AuthRequests } from './store.ts'
import type { AuthRequestTable, Database } from './tables.ts'
import { formatOptional, formatTimestamp, parseOptional, parseTimestamp } from './timestamps.ts'

export class KyselyAuthRequests implements AuthRequests {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find(id: string) {
    const row = await this.#db.selectFrom('auth_requests').selectAll().where('uuid', '=', id).executeTakeFirst()
    return row && toAuthRequest(row)
  }

  async ofUser(userId: string) {
    const query = this.#db.selectFrom('auth_requests').selectAll().where('user_uuid', '=', userId)
    const rows = await query.orderBy('creation_date', 'desc').orderBy('uuid').execute()
    return rows.map(toAuthRequest)
  }

  async insert(request: AuthRequest) {
    await this.#db
      .insertInto('auth_requests')
      .values({
        uuid: request.id,
        user_uuid: request.userId,
        organization_uuid: request.organizationId,
        request_device_identifier: request.deviceId,
        device_type: request.deviceType,
        request_ip: request.address,
        access_code: request.accessCode,
        public_key: request.publicKey,
        creation_date: formatTimestamp(request.createdAt),
        ...answerOf(request),
      })
      .execute()
  }

  async update(request: AuthRequest) {
    await this.#db.updateTable('auth_requests').set(answerOf(request)).where('uuid', '=', request.id).execute()
  }

  async delete(id: string) {
    await this.#db.deleteFrom('auth_requests').where('uuid', '=', id).execute()
  }

  async deleteAllOf(userId: string) {
    await this.#db.deleteFrom('auth_requests').where('user_uuid', '=', userId).execute()
  }

  async deleteBefore(at: Date) {
    const query = this.#db.deleteFrom('auth_requests').where('creation_date', '<', formatTimestamp(at))
    return Number((await query.executeTakeFirst()).numDeletedRows)
  }
}

const toAuthRequest = (row: Selectable<AuthRequestTable>): AuthRequest => ({
  id: row.uuid,
  userId: row.user_uuid,
  organizationId: row.organization_uuid,
  // PostgreSQL fills what is shorter than 36 characters up with spaces.
  deviceId: row.request_device_identifier.trimEnd(),
  deviceType: row.device_type,
  address: row.request_ip,
  accessCode: row.access_code,
  publicKey: row.public_key,
  responseDeviceId: row.response_device_id?.trimEnd() ?? null,
  key: row.enc_key,
  masterPasswordHash: row.master_password_hash,
  approved: row.approved === null ? null : Boolean(row.approved),
  createdAt: parseTimestamp(row.creation_date),
  respondedAt: parseOptional(row.response_date),
  authenticatedAt: parseOptional(row.authentication_date),
})

/** Every column that an update writes. */
const answerOf = (request: AuthRequest) => ({
  response_device_id: request.responseDeviceId,
  enc_key: request.key,
  master_password_hash: request.masterPasswordHash,
  approved: request.approved,
  response_date: formatOptional(request.respondedAt),
  authentication_date: formatOptional(request.authenticatedAt),
})
