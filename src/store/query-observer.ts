import type { KyselyConfig, LogEvent } from 'kysely'

/** What a statement does; transactions are begun and ended by `other`s. */
export type QueryKind = 'select' | 'insert' | 'update' | 'delete' | 'other'

/** Told of each statement when it has ended, in milliseconds without what it waited for a connection. */
export type QueryObserver = (kind: QueryKind, ms: number, hasFailed: boolean) => void

const KINDS: Readonly<Record<string, QueryKind>> = {
  SelectQueryNode: 'select',
  InsertQueryNode: 'insert',
  UpdateQueryNode: 'update',
  DeleteQueryNode: 'delete',
}

/** For Kysely, which measures nothing where nobody is to be told. */
export function observed(observer: QueryObserver | undefined): Pick<KyselyConfig, 'log'> {
  if (observer === undefined) return {}
  return {
    log: ({ level, query, queryDurationMillis }: LogEvent) =>
      observer(KINDS[query.query.kind] ?? 'other', queryDurationMillis, level === 'error'),
  }
}
