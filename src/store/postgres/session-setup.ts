import type { PostgresOptions } from '../options.ts'
import { instanceLock } from './instance-marks.ts'

/**
 * What every connection begins with. As statements, not as parameters of the connection: proxies such as PgBouncer refuse
 * those they do not know.
 */
export function sessionSetup(options: PostgresOptions, mark: number): string {
  const settings = {
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    // The form and the zone in which timestamps are read and written, and what a database may have set otherwise.
    datestyle: `'ISO, YMD'`,
    timezone: `'UTC'`,
    default_transaction_isolation: `'read committed'`,
    // So that the server notices within a minute that our machine is gone, and gives up the locks that it held.
    tcp_keepalives_idle: 30,
    tcp_keepalives_interval: 10,
    tcp_keepalives_count: 3,
  }
  const statements = Object.entries(settings).map(([name, value]) => `SET ${name} = ${value}`)
  statements.push(instanceLock(mark))
  if (options.connectionInit !== undefined) statements.push(options.connectionInit)
  return statements.join('; ')
}
