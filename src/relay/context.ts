import type { ServiceTokens } from '#auth'
import type { Clock, Logger } from '#kit'
import type { RelayedDevices } from '#store'

/** What the routes work with. */
export interface RelayContext {
  readonly serviceTokens: Pick<ServiceTokens, 'verify'>
  /** Ids of the servers that may relay, in lower case. */
  readonly installations: ReadonlySet<string>
  readonly relayedDevices: RelayedDevices
  /** In account `VAULT`. */
  readonly publish: (subject: string, payload: Buffer) => void
  readonly clock: Clock
  readonly logger: Logger
  /** Path of DOMAIN: empty, or with a slash before and none behind. Stands before every route. */
  readonly pathPrefix: string
}
