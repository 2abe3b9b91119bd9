import { randomUUID } from 'node:crypto'
import type { Account } from '#core'
import type { Clock, Logger } from '#kit'
import { Instances, SharedLimits, type Taken } from '#notify'

export interface VaultClusterTools {
  /** `VAULT`. */
  readonly account: Account
  readonly clock: Clock
  readonly logger: Logger
  /** See `InstancesOptions`. */
  readonly lookUp: (sinceMs: number) => Promise<void>
}

/** What several instances on one database do together, over the link of account `VAULT` to a NATS cluster. */
export interface VaultCluster {
  /** Publishes what is to be heard on all instances. */
  say(subject: string, payload: Buffer): void
  shareLimit(name: string, takenElsewhere: Taken): Taken
  /** See `HubDoorOptions`. */
  heardAllUntilMs(): number
  linkUp(): void
  linkDown(): void
  /** Says goodbye to the others: to be called while the link is still there. */
  close(): Promise<void>
}

export function openVaultCluster({ account, clock, logger: parent, lookUp }: VaultClusterTools): VaultCluster {
  const logger = parent.child({ room: 'cluster' })
  const id = randomUUID()
  const instances = new Instances({ account, id, clock, logger, lookUp })
  const say = (subject: string, payload: Buffer) => instances.say(subject, payload)
  const limits = new SharedLimits({ account, id, say, logger })
  return {
    say,
    shareLimit: (name, takenElsewhere) => limits.share(name, takenElsewhere),
    heardAllUntilMs: () => instances.heardAllUntilMs,
    linkUp: () => instances.linkUp(),
    linkDown: () => instances.linkDown(),
    async close() {
      limits.close()
      await instances.close()
    },
  }
}
