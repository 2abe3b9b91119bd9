/**
 * Ids named in one statement. The engines take 32766 (SQLite) and 65535 (PostgreSQL) parameters, of which a row of an
 * insert needs up to three; far fewer keep a statement, and so the pause of everything else on SQLite, short.
 */
const IDS_PER_STATEMENT = 500

/** `ids` without repetitions, in pieces that fit a statement. */
export function* inChunks(ids: readonly string[]): Generator<string[]> {
  const distinct = [...new Set(ids)]
  for (let at = 0; at < distinct.length; at += IDS_PER_STATEMENT) yield distinct.slice(at, at + IDS_PER_STATEMENT)
}
