import { createHash } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import { deleteUser } from './delete-user.ts'
import type { Engine } from './engine.ts'
import type { User, Users } from './store.ts'
import type { Database, UserTable } from './tables.ts'
import { formatOptional, formatTimestamp, parseOptional, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

/** Rows of `twofactor` from this type on are challenges under way and one-time codes, not factors. */
const FIRST_PENDING_FACTOR = 1000

export class KyselyUsers implements Users {
  readonly #db: Kysely<Database>
  readonly #engine: Engine

  constructor(db: Kysely<Database>, engine: Engine) {
    this.#db = db
    this.#engine = engine
  }

  async find(id: string) {
    const row = await this.#db.selectFrom('users').selectAll().where('uuid', '=', id).executeTakeFirst()
    return row && toUser(row)
  }

  async findByEmail(email: string) {
    const query = this.#db.selectFrom('users').selectAll().where('email', '=', email.toLowerCase())
    const row = await query.executeTakeFirst()
    return row && toUser(row)
  }

  async insert(user: User) {
    await this.#db
      .insertInto('users')
      .values({
        uuid: user.id,
        created_at: formatTimestamp(user.createdAt),
        updated_at: formatTimestamp(user.updatedAt),
        ...settingsOf(user),
      })
      .execute()
  }

  async update(user: User) {
    await this.#db
      .updateTable('users')
      .set({ updated_at: this.#engine.later('updated_at', formatTimestamp(user.updatedAt)), ...settingsOf(user) })
      .where('uuid', '=', user.id)
      .execute()
  }

  async touch(id: string, at: Date) {
    const row = await this.#db
      .updateTable('users')
      .set({ updated_at: this.#engine.laterThan('updated_at', formatTimestamp(await this.#afterHeard(id, at))) })
      .where('uuid', '=', id)
      .returning('updated_at')
      .executeTakeFirst()
    return row ? parseTimestamp(row.updated_at) : at
  }

  /** `at`, or what is later than all that the user's devices are said to have heard: the clock was set back then. */
  async #afterHeard(id: string, at: Date): Promise<Date> {
    const query = this.#db.selectFrom('belfry_heard').select(({ fn }) => fn.max('heard_at').as('heard_at'))
    const heardAt = parseOptional((await query.where('user_uuid', '=', id).executeTakeFirstOrThrow()).heard_at)
    return heardAt !== null && heardAt >= at ? new Date(heardAt.getTime() + 1) : at
  }

  async secondFactors(id: string) {
    const rows = await this.#db
      .selectFrom('twofactor')
      .select('atype')
      .where('user_uuid', '=', id)
      .where('enabled', '=', true)
      .where('atype', '<', FIRST_PENDING_FACTOR)
      // What Vaultwarden leaves when the last security key is removed.
      .where('data', '!=', '[]')
      .orderBy('atype')
      .execute()
    return rows.map(({ atype }) => atype)
  }

  async keyId(id: string) {
    const row = await this.#db
      .selectFrom('belfry_user_keys')
      .innerJoin('users', 'users.uuid', 'belfry_user_keys.user_uuid')
      .select(['key_id', 'private_key_digest', 'private_key'])
      .where('user_uuid', '=', id)
      .executeTakeFirst()
    return row && row.private_key_digest === digest(row.private_key) ? row.key_id : undefined
  }

  async setKeyId(id: string, keyId: string) {
    await atomically(this.#db, async (db) => {
      const query = db.selectFrom('users').select('private_key').where('uuid', '=', id)
      const user = await query.executeTakeFirst()
      const recorded = { key_id: keyId, private_key_digest: digest(user?.private_key) }
      await db
        .insertInto('belfry_user_keys')
        .values({ user_uuid: id, ...recorded })
        .onConflict((conflict) => conflict.column('user_uuid').doUpdateSet(recorded))
        .execute()
    })
  }

  delete(id: string) {
    return deleteUser(this.#db, id)
  }
}

const digest = (privateKey: string | null | undefined) =>
  createHash('sha256')
    .update(privateKey ?? '')
    .digest('hex')

function toUser(row: Selectable<UserTable>): User {
  return {
    id: row.uuid,
    createdAt: parseTimestamp(row.created_at),
    updatedAt: parseTimestamp(row.updated_at),
    email: row.email,
    name: row.name,
    passwordHash: toBuffer(row.password_hash),
    salt: toBuffer(row.salt),
    passwordIterations: row.password_iterations,
    passwordHint: row.password_hint,
    key: row.akey,
    privateKey: row.private_key,
    publicKey: row.public_key,
    recoveryCode: row.totp_recover,
    securityStamp: row.security_stamp,
    stampException: row.stamp_exception,
    equivalentDomains: row.equivalent_domains,
    excludedGlobals: row.excluded_globals,
    kdf: {
      type: row.client_kdf_type === 1 ? 1 : 0,
      iterations: row.client_kdf_iter,
      memory: row.client_kdf_memory,
      parallelism: row.client_kdf_parallelism,
    },
    verifiedAt: parseOptional(row.verified_at),
    lastVerifyingAt: parseOptional(row.last_verifying_at),
    loginVerifyCount: row.login_verify_count,
    newEmail: row.email_new,
    newEmailToken: row.email_new_token,
    enabled: Boolean(row.enabled),
    apiKey: row.api_key,
    avatarColor: row.avatar_color,
  }
}

/** Every column that an update writes as it is given. */
function settingsOf(user: User) {
  return {
    email: user.email.toLowerCase(),
    name: user.name,
    password_hash: user.passwordHash,
    salt: user.salt,
    password_iterations: user.passwordIterations,
    password_hint: user.passwordHint,
    akey: user.key,
    private_key: user.privateKey,
    public_key: user.publicKey,
    totp_recover: user.recoveryCode,
    security_stamp: user.securityStamp,
    stamp_exception: user.stampException,
    equivalent_domains: user.equivalentDomains,
    excluded_globals: user.excludedGlobals,
    client_kdf_type: user.kdf.type,
    client_kdf_iter: user.kdf.iterations,
    client_kdf_memory: user.kdf.memory,
    client_kdf_parallelism: user.kdf.parallelism,
    verified_at: formatOptional(user.verifiedAt),
    last_verifying_at: formatOptional(user.lastVerifyingAt),
    login_verify_count: user.loginVerifyCount,
    email_new: user.newEmail,
    email_new_token: user.newEmailToken,
    enabled: user.enabled,
    api_key: user.apiKey,
    avatar_color: user.avatarColor,
  }
}

const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
