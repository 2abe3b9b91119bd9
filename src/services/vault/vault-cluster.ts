import type { Account } from '#core'
import type { Clock, Logger } from '#kit'
import { Instances, SharedLimits, type Taken } from '#notify'
import type { MetricsSource } from '#ops/metrics'
import type { Store } from '#store'
import { boundedLog, FAILURES } from '../bounded-log.ts'
import { Neighbours } from './neighbours.ts'

export interface VaultClusterTools {
  /** Of this instance, as the store knows it. */
  readonly id: string
  /** Whether `vault.cluster_url` is set. */
  readonly hasLink: boolean
  /** `VAULT`. */
  readonly account: Account
  readonly store: Pick<Store, 'otherInstances'>
  readonly clock: Clock
  readonly logger: Logger
  /** See `InstancesOptions`. */
  readonly lookUp: (sinceMs: number, tellsAgain: boolean) => Promise<void>
}

/**
 * What several instances on one database do together, over the link of account `VAULT` to a NATS cluster; without such a
 * link they find in the database what others changed.
 */
export interface VaultCluster {
  /** Publishes what is to be heard on all instances. */
  say(subject: string, payload: Buffer): void
  shareLimit(name: string, takenElsewhere: Taken): Taken
  /** See `HubDoorOptions`. */
  heardAllUntilMs(): number
  /** For who watches. */
  readonly health: NonNullable<ReturnType<MetricsSource['cluster']>>
  /** See `Instances`. */
  databaseWasAway(sinceMs: number): void
  linkUp(): void
  linkDown(): void
  /** Says goodbye to the others: to be called while the link is still there, and before the store closes. */
  close(): Promise<void>
}

export function openVaultCluster(tools: VaultClusterTools): VaultCluster {
  const { id, hasLink, account, store, clock, lookUp } = tools
  // Whoever may publish in the cluster's account can pretend to be instances that come and go.
  const logger = boundedLog(tools.logger.child({ room: 'cluster' }), clock, FAILURES)
  const instances = new Instances({ account, id, hasLink, clock, logger, lookUp })
  const neighbours = new Neighbours({ hasLink, store, instances, clock, logger })
  const say = (subject: string, payload: Buffer) => instances.say(subject, payload)
  let closed: Promise<unknown> | undefined
  const limits = new SharedLimits({ account, id, say, logger })
  return {
    say,
    shareLimit: (name, takenElsewhere) => limits.share(name, takenElsewhere),
    heardAllUntilMs: () => instances.heardAllUntilMs,
    databaseWasAway: (sinceMs) => instances.databaseWasAway(sinceMs),
    get health() {
      const { isLinked, heard, lost } = instances
      return { isLinked: hasLink ? isLinked : undefined, heard: heard.length, lost: lost.length }
    },
    linkUp: () => instances.linkUp(),
    linkDown: () => instances.linkDown(),
    async close() {
      closed ??= Promise.all([neighbours.close(), instances.close()])
      limits.close()
      await closed
    },
  }
}
