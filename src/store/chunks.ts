/**
 * Ids named in one statement. The engines take 32766 (SQLite) and 65535 (PostgreSQL) parameters, of which a row of an
 * insert needs up to three; far fewer keep a statement, and so the pause of everything else on SQLite, short.
 */
const IDS_PER_STATEMENT = 500

/** Rows of one insert: some 2 ms of everybody's time on SQLite. */
const ROWS_PER_INSERT = 100

/** `ids` without repetitions, in pieces that fit a statement. */
export function* inChunks(ids: readonly string[]): Generator<string[]> {
  const distinct = [...new Set(ids)]
  for (let at = 0; at < distinct.length; at += IDS_PER_STATEMENT) yield distinct.slice(at, at + IDS_PER_STATEMENT)
}

/** `rows` in pieces that one insert of up to some 20 columns takes. */
export function* inLots<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) yield rows.slice(at, at + ROWS_PER_INSERT)
}
