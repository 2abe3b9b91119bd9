import type { DatabaseSync } from 'node:sqlite'

/** What SQLite knows of a table, as its PRAGMAs tell it. Two tables with equal facts behave alike. */
export interface TableFacts {
  /** name, declared type, NOT NULL, default, place in the primary key (0: none). In table order. */
  columns: [name: string, type: string, notNull: boolean, defaultValue: string | null, primaryKey: number][]
  /** column, table and column it names, ON UPDATE, ON DELETE. In SQLite's order. */
  foreignKeys: [from: string, table: string, to: string, onUpdate: string, onDelete: string][]
  /** origin (`pk`, `u` or `c`), unique, columns. In SQLite's order. */
  indexes: [origin: string, unique: boolean, columns: string[]][]
}

/** Facts of every table but SQLite's and Belfry's own; Belfry's own indexes are left out too. */
export function readCatalogue(database: DatabaseSync): Record<string, TableFacts> {
  // biome-ignore lint/suspicious/noExplicitAny: the columns of SQLite's PRAGMAs are documented, not typed.
  const pragma = (name: string, argument: string): any[] =>
    database.prepare(`SELECT * FROM pragma_${name}(?)`).all(argument)
  const names = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`)
    .all()
    .map((row) => String(row.name))
    .filter((name) => !name.startsWith('belfry_'))
  const factsOf = (table: string): TableFacts => ({
    columns: pragma('table_xinfo', table).map((it) => [it.name, it.type, it.notnull === 1, it.dflt_value, it.pk]),
    foreignKeys: pragma('foreign_key_list', table).map((it) => [it.from, it.table, it.to, it.on_update, it.on_delete]),
    indexes: pragma('index_list', table)
      .filter((it) => !String(it.name).startsWith('belfry_'))
      .map((it) => [it.origin, it.unique === 1, pragma('index_info', it.name).map((column) => column.name)]),
  })
  return Object.fromEntries(names.map((name) => [name, factsOf(name)]))
}
