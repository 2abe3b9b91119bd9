import { type Kysely, sql } from 'kysely'
import { DEPENDENTS } from './ciphers.ts'
import { doom, filesOf } from './doomed-files.ts'
import type { Database } from './tables.ts'
import { atomically } from './transact.ts'

/** `sends.atype` of a Send that is a file. */
const FILE = 1

/** Tables whose rows are one user's own and nobody else's, after all that refers to them. */
const OWN_TABLES = [
  'favorites',
  'archives',
  'folders',
  'sends',
  'auth_requests',
  'users_collections',
  'users_organizations',
  'devices',
  'twofactor',
  'twofactor_incomplete',
  'sso_users',
  'belfry_announced_attachments',
  'belfry_user_keys',
  'belfry_heard',
] as const

/**
 * Removes the user with all that is theirs alone; their files are doomed. The items of organizations stay, whoever made
 * them, as does the log of events. So does, for a while, how their devices are reached (`belfry_push_registrations`,
 * `belfry_web_push`): those have yet to hear that they are logged out.
 */
export function deleteUser(db: Kysely<Database>, userId: string): Promise<void> {
  return atomically(db, async (db) => {
    const user = await db.selectFrom('users').select('email').where('uuid', '=', userId).executeTakeFirst()
    if (user === undefined) return
    const ownCiphers = db.selectFrom('ciphers').select('uuid').where('user_uuid', '=', userId)
    const ownFolders = db.selectFrom('folders').select('uuid').where('user_uuid', '=', userId)
    const memberships = db.selectFrom('users_organizations').select('uuid').where('user_uuid', '=', userId)

    await db.deleteFrom('folders_ciphers').where('folder_uuid', 'in', ownFolders).execute()
    await doomFilesOf(db, userId)
    for (const table of DEPENDENTS) await db.deleteFrom(table).where('cipher_uuid', 'in', ownCiphers).execute()
    await db.deleteFrom('ciphers').where('user_uuid', '=', userId).execute()
    await db.deleteFrom('groups_users').where('users_organizations_uuid', 'in', memberships).execute()
    await db
      .deleteFrom('emergency_access')
      .where(({ or, eb }) =>
        or([eb('grantor_uuid', '=', userId), eb('grantee_uuid', '=', userId), eb('email', '=', user.email)]),
      )
      .execute()
    for (const table of OWN_TABLES) await db.deleteFrom(table).where('user_uuid', '=', userId).execute()
    await db.deleteFrom('invitations').where('email', '=', user.email).execute()
    await db.deleteFrom('users').where('uuid', '=', userId).execute()
  })
}

async function doomFilesOf(db: Kysely<Database>, userId: string): Promise<void> {
  const ownCiphers = db.selectFrom('ciphers').select('uuid').where('user_uuid', '=', userId)
  await doom(db, 'attachment', filesOf(db).where('cipher_uuid', 'in', ownCiphers))
  const announced = db.selectFrom('belfry_announced_attachments').where('user_uuid', '=', userId)
  await doom(db, 'attachment', announced.select(['cipher_uuid as owner', 'id']))
  const sends = db.selectFrom('sends').where('user_uuid', '=', userId).where('atype', '=', FILE)
  await doom(db, 'send', sends.select(['uuid as owner', sql.lit('').as('id')]))
}
