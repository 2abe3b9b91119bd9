import { type Kysely, sql } from 'kysely'
import { type FoundSchema, type KnownSchema, objection } from '../known-schema.ts'
import type { DatabaseOptions } from '../options.ts'
import type { Database } from '../tables.ts'

/** What a database is found to be. */
export interface Inspection extends DescribedSchema {
  readonly engine: 'SQLite' | 'PostgreSQL'
  /** What the engine says is damaged; empty: nothing. */
  readonly damage: readonly string[]
  /** `undefined` when there is an objection. */
  readonly content: InspectedContent | undefined
}

/** Whose a database is, and whether this Belfry would open it. */
export interface DescribedSchema {
  /** Why this Belfry would not open it; undefined: it would. */
  readonly objection: string | undefined
  /** Whether Vaultwarden or Belfry has made it; else there is an objection. */
  readonly isVaultwardens: boolean
  /** The last of Vaultwarden's migrations that this Belfry knows. */
  readonly latestVaultwardenVersion: string
  /** How many changes of its own Belfry has made to it, and how many this one makes; 0: only Vaultwarden had it. */
  readonly ownSteps: number
  readonly knownOwnSteps: number
}

export interface InspectedContent {
  readonly users: number
  readonly items: number
  readonly folders: number
  readonly organizations: number
  readonly sends: number
  readonly attachments: readonly ExpectedFile[]
  readonly sendFiles: readonly ExpectedFile[]
  /** SHA-256 of the public key (SubjectPublicKeyInfo) that instances on it sign by, in hex; undefined: none has said. */
  readonly signingKey: string | undefined
}

/** What should lie in a `FileFolder`. */
export interface ExpectedFile {
  readonly owner: string
  readonly id: string
  /** Bytes; undefined when the database does not say. */
  readonly size: number | undefined
}

/**
 * Looks at a database and leaves no trace: nothing in it changes, and no file is made beside it. Resolves with undefined
 * when there is none, or an empty one. A server may be using it. Throws ConfigError as `openStore` does.
 */
export async function inspectDatabase(options: DatabaseOptions): Promise<Inspection | undefined> {
  if (options.kind === 'sqlite') return (await import('../sqlite/inspect.ts')).inspectSqlite(options)
  return (await import('../postgres/inspect.ts')).inspectPostgres(options)
}

/** Undefined when it is empty. */
export function describeSchema(found: FoundSchema, known: KnownSchema): DescribedSchema | undefined {
  if (found.tableNames.length === 0) return undefined
  return {
    objection: objection(found, known),
    isVaultwardens: found.vaultwardenVersions.length > 0,
    latestVaultwardenVersion: known.latestVaultwardenVersion,
    ownSteps: found.ownSteps,
    knownOwnSteps: known.ownSteps,
  }
}

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
  }

  async function count(table: string): Promise<number> {
    const { rows } = await sql<{ count: unknown }>`SELECT count(*) AS count FROM ${sql.table(table)}`.execute(db)
    return Number(rows[0]?.count)
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
