import type { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { inspectContent } from '../inspection/content.ts'
import type { Inspection } from '../inspection/inspection.ts'
import { describeSchema } from '../inspection/schema.ts'
import type { SqliteOptions } from '../options.ts'
import type { Database } from '../tables.ts'
import { NodeSqliteDialect } from './dialect.ts'
import { explain } from './failure.ts'
import { hasDatabase } from './path.ts'
import { readAlong } from './read-along.ts'
import { KNOWN_SCHEMA, readSchema } from './schema.ts'

/** Of what is damaged; a damaged file may say very much. */
const MOST_COMPLAINTS = 20

/** See `inspectDatabase`. */
export async function inspectSqlite({ databaseFile }: SqliteOptions): Promise<Inspection | undefined> {
  try {
    if (!hasDatabase(databaseFile)) return undefined
    return await readAlong(databaseFile, inspect)
  } catch (error) {
    throw explain(databaseFile, error)
  }
}

async function inspect(database: DatabaseSync): Promise<Inspection | undefined> {
  const found = readSchema(database)
  const schema = describeSchema(found, KNOWN_SCHEMA)
  if (schema === undefined) return undefined
  const damage = database.prepare(`PRAGMA quick_check(${MOST_COMPLAINTS})`).all()
  const db = new Kysely<Database>({ dialect: new NodeSqliteDialect(database, { patienceMs: 0 }) })
  return {
    ...schema,
    engine: 'SQLite',
    damage: damage.flatMap(({ quick_check }) => complaintsIn(String(quick_check))),
    content: schema.objection === undefined ? await inspectContent(db, found) : undefined,
  }
}

/** Several may stand in one row, below the name of the database. */
function complaintsIn(text: string): string[] {
  return text.split('\n').filter((line) => line !== 'ok' && !line.startsWith('***'))
}
