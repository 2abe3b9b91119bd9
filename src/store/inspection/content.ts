import { type Kysely, sql } from 'kysely'
import type { FoundSchema } from '../known-schema.ts'
import type { Database } from '../tables.ts'
import type { ExpectedFile, InspectedContent } from './inspection.ts'

/** What is in a database that there is no objection to. Tables of ours may be missing: an earlier Belfry had fewer. */
export async function inspectContent(
  db: Kysely<Database>,
  { tableNames }: Pick<FoundSchema, 'tableNames'>,
): Promise<InspectedContent> {
  return {
    users: await count('users'),
    items: await count('ciphers'),
    folders: await count('folders'),
    organizations: await count('organizations'),
    sends: await count('sends'),
    attachments: await attachmentFiles(),
    sendFiles: await sendFiles(),
    signingKey: await signingKey(),
    webPushSubscriptions: await countOwn('belfry_web_push'),
    hasVapidKey: (await countOwn('belfry_vapid_key')) > 0,
  }

  async function count(table: string): Promise<number> {
    const { rows } = await sql<{ count: unknown }>`SELECT count(*) AS count FROM ${sql.table(table)}`.execute(db)
    return Number(rows[0]?.count)
  }

  async function countOwn(table: string): Promise<number> {
    return tableNames.includes(table) ? count(table) : 0
  }

  async function attachmentFiles(): Promise<ExpectedFile[]> {
    const rows = await db.selectFrom('attachments').select(['cipher_uuid', 'id', 'file_size']).execute()
    return rows.map(({ cipher_uuid, id, file_size }) => ({ owner: cipher_uuid, id, size: Number(file_size) }))
  }

  /** Those that are announced and still awaited are not expected. */
  async function sendFiles(): Promise<ExpectedFile[]> {
    const rows = await db.selectFrom('sends').select(['uuid', 'data']).where('atype', '=', FILE).execute()
    const isKept = tableNames.includes('belfry_awaited_send_files')
    const awaited = isKept ? await db.selectFrom('belfry_awaited_send_files').select('send_uuid').execute() : []
    const ids = new Set(awaited.map((row) => row.send_uuid))
    return rows.filter(({ uuid }) => !ids.has(uuid)).map(({ uuid, data }) => ({ owner: uuid, ...fileIn(data) }))
  }

  async function signingKey(): Promise<string | undefined> {
    if (!tableNames.includes('belfry_signing_key')) return undefined
    return (await db.selectFrom('belfry_signing_key').select('fingerprint').executeTakeFirst())?.fingerprint
  }
}

/** `sends.atype` of a Send that is a file. */
const FILE = 1

/** From the JSON of a Send: older clients wrote names in upper case, and sizes as texts. */
function fileIn(data: string): { id: string; size: number | undefined } {
  let content: Readonly<Record<string, unknown>> = {}
  try {
    content = JSON.parse(data) ?? {}
  } catch {
    // Then it names no file.
  }
  const size = Number.parseInt(String(content.size ?? content.Size), 10)
  return { id: String(content.id ?? content.Id ?? ''), size: Number.isNaN(size) ? undefined : size }
}
