import { type Kysely, sql } from 'kysely'
import type { Engine } from './engine.ts'
import type { JobRuns } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp } from './timestamps.ts'

export class KyselyJobRuns implements JobRuns {
  readonly #db: Kysely<Database>
  readonly #engine: Engine

  constructor(db: Kysely<Database>, engine: Engine) {
    this.#db = db
    this.#engine = engine
  }

  async begin(job: string, due: Date, latest: Date) {
    const last_due = this.#engine.timestamp(formatTimestamp(due))
    const begun = await sql`
      INSERT INTO belfry_jobs (name, last_due) VALUES (${job}, ${last_due})
      ON CONFLICT (name) DO UPDATE SET last_due = excluded.last_due
      WHERE belfry_jobs.last_due < excluded.last_due
        OR belfry_jobs.last_due > ${this.#engine.timestamp(formatTimestamp(latest))}
      RETURNING name`.execute(this.#db)
    return begun.rows.length > 0
  }
}
