import { queryPostgres } from './open-postgres-store.ts'

/** What PostgreSQL's catalogue knows of a table. Two tables with equal facts behave alike, to later migrations too. */
export interface TableFacts {
  /** name, type, NOT NULL, default. In table order. */
  columns: [name: string, type: string, notNull: boolean, defaultValue: string | null][]
  /** By name, since migrations name them: keys, unique constraints, foreign keys and checks. */
  constraints: [name: string, definition: string][]
  indexes: string[]
}

/** Facts of every table in the schema "public" but Belfry's own; Belfry's own indexes are left out too. */
export async function readCatalogue(url: string): Promise<Record<string, TableFacts>> {
  const rows = await queryPostgres(
    url,
    `SELECT relname::text AS name,
       (SELECT json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull,
                                         pg_get_expr(adbin, adrelid)) ORDER BY attnum)
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped) AS columns,
       -- NOT NULL is a constraint with a name only from PostgreSQL 18 on.
       (SELECT json_agg(json_build_array(conname, pg_get_constraintdef(oid)) ORDER BY conname COLLATE "C")
        FROM pg_constraint WHERE conrelid = pg_class.oid AND contype <> 'n') AS constraints,
       (SELECT json_agg(indexdef ORDER BY indexname COLLATE "C") FROM pg_indexes
        WHERE tablename = relname AND indexname NOT LIKE 'belfry%') AS indexes
     FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'belfry%'
     ORDER BY relname COLLATE "C"`,
  )
  return Object.fromEntries(rows.map(({ name, ...facts }) => [name, facts as unknown as TableFacts]))
}
