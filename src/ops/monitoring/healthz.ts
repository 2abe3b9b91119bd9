import type { JsonObject } from './json.ts'
import type { Query } from './query.ts'
import type { MonitoringSource } from './source.ts'

export interface Health {
  readonly status: 200 | 400 | 500
  readonly body: JsonObject
  /** What is wrong; `undefined` when nothing is. */
  readonly failure?: string
}

/**
 * `/healthz`: whether clients can connect. The parameters that ask for JetStream's health find it in order, as on a
 * nats-server without JetStream.
 */
export function healthz(source: MonitoringSource, query: Query): Health {
  for (const name of ['js-enabled', 'js-enabled-only', 'js-server-only', 'js-meta-only']) query.boolean(name)
  const withDetails = query.boolean('details')
  const [account, stream, consumer] = ['account', 'stream', 'consumer'].map((name) => query.text(name))
  if (account === '' && stream !== '') return emptyName('account', 'stream', withDetails)
  if (stream === '' && consumer !== '') return emptyName('stream', 'consumer', withDetails)

  const unready = source.unreadyListeners()
  if (unready.length === 0) return { status: 200, body: { status: 'ok' } }
  const failure = `failed to be ready for connections: ${unready.join(', ')}`
  return { status: 500, body: unhealthy('CONNECTION', failure, withDetails), failure }
}

function emptyName(missing: string, checked: string, withDetails: boolean): Health {
  const failure = `"${missing}" must not be empty when checking ${checked} health`
  return { status: 400, body: unhealthy('BAD_REQUEST', failure, withDetails), failure }
}

function unhealthy(type: string, error: string, withDetails: boolean): JsonObject {
  return withDetails ? { status: 'error', errors: [{ type, error }] } : { status: 'error', error }
}
