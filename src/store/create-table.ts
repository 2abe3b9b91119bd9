/** A table as data, in the types of one engine. Every constraint stands beside the columns, none on them. */
export interface TableShape {
  readonly name: string
  /** Column name to declared type, NOT NULL and default, in table order. */
  readonly columns: Readonly<Record<string, string>>
  readonly primaryKey?: readonly string[]
  readonly unique?: readonly string[]
  /** Column to the table whose `uuid` it names. */
  readonly references?: Readonly<Record<string, string>>
  /** On what the rows of this table follow the rows they reference; otherwise those cannot go away. */
  readonly cascade?: readonly ('UPDATE' | 'DELETE')[]
}

/** The statement that makes the table. */
export function createTable(table: TableShape): string {
  const parts = Object.entries(table.columns).map(([column, definition]) => `${quoted([column])} ${definition}`)
  if (table.primaryKey) parts.push(`PRIMARY KEY (${quoted(table.primaryKey)})`)
  if (table.unique) parts.push(`UNIQUE (${quoted(table.unique)})`)
  const cascade = (table.cascade ?? []).map((event) => ` ON ${event} CASCADE`).join('')
  for (const [column, target] of Object.entries(table.references ?? {})) {
    parts.push(`FOREIGN KEY (${quoted([column])}) REFERENCES ${quoted([target])} ("uuid")${cascade}`)
  }
  return `CREATE TABLE ${quoted([table.name])} (\n  ${parts.join(',\n  ')}\n)`
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ')
