import type { NatsNode } from '../../test/helpers/nats-cluster.ts'
import type { PostgresServer } from '../../test/helpers/postgres.ts'
import { type BelfryProcess, startBelfry } from '../servers/start-belfry.ts'
import type { InstanceSettings } from './instance.ts'

/** What the nats-servers say besides, so that instances come in as docker/cluster has it. */
export const NATS_OPTIONS = {
  leafnodes: true,
  config: 'accounts { VAULT {} }',
  leafConfig: 'authorization { users: [{ user: belfry, password: belfry, account: VAULT }] }',
} as const

/** Where the instances of one vault are. */
export interface Layout {
  readonly name: string
  /** The nats-server of each instance; none where there is only one instance. */
  readonly nodes: readonly NatsNode[]
}

/** The instances of one vault; their addresses on the web, the first of them where changes are made. */
export interface Instances extends AsyncDisposable {
  readonly name: string
  readonly webUrls: readonly string[]
  readonly pids: readonly number[]
}

export async function startInstances(
  { name, nodes }: Layout,
  { postgres, rsaKeyFilename }: { readonly postgres: PostgresServer; readonly rsaKeyFilename: string },
): Promise<Instances> {
  await using cleanup = new AsyncDisposableStack()
  const databaseUrl = await postgres.createDatabase()
  const start = async (settings: InstanceSettings): Promise<BelfryProcess> =>
    cleanup.use(await startBelfry(new URL('instance.ts', import.meta.url), [JSON.stringify(settings)]))

  const alone = { databaseUrl, rsaKeyFilename }
  const processes: BelfryProcess[] = []
  if (nodes.length === 0) processes.push(await start(alone))
  for (const { leafUrl } of nodes) {
    const clusterUrl = leafUrl.replace('nats://', 'nats://belfry:belfry@')
    processes.push(await start({ ...alone, clusterUrl }))
  }
  const kept = cleanup.move()
  return {
    name,
    webUrls: processes.map(({ addresses: { web } }) => `http://${web.host}:${web.port}`),
    pids: processes.map(({ child }) => child.pid!),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
