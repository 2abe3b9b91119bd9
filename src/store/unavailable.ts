/** The database cannot be reached, or not in time. Nothing was done, unless it broke off at the very end; ask again later. */
export class DatabaseUnavailable extends Error {
  readonly code = 'DATABASE_UNAVAILABLE'
  override name = 'DatabaseUnavailable'
}
