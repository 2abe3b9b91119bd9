import type { Options } from '#config'
import { ALL_INSTANCES_SAY, ONLY_HERE } from '#notify'
import type { NatsService } from '../nats/nats-service.ts'
import type { VaultCluster } from './vault-cluster.ts'

/** The account of the vault and those of other instances become one, over the NATS cluster between them. */
export async function joinCluster(
  options: Options,
  cluster: VaultCluster | undefined,
  nats: NatsService,
): Promise<void> {
  const remote = options.vault.cluster
  if (remote === undefined || cluster === undefined) return
  const denied = {
    denyImports: [...remote.denyImports, ONLY_HERE],
    denyExports: [...remote.denyExports, ONLY_HERE],
  }
  await nats.remotes.add(
    { ...remote, ...denied },
    {
      covers: ALL_INSTANCES_SAY,
      onLink: (link) => {
        if (link === undefined) cluster.linkDown()
        else cluster.linkUp()
      },
    },
  )
}
