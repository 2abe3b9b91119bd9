import type { ListenAddress } from '#net'
import { freePort, startProgram } from '../../../test/helpers/processes.ts'
import { startBelfry } from '../../servers/start-belfry.ts'
import type { CrowdBelfryOrder, Told } from './crowd-belfry.ts'
import { ask } from './start-crowd.ts'
import { DOMAIN } from './town.ts'

/** A server with a notification hub, in a process of its own. */
export interface HubContender extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly address: ListenAddress
  /** What can be asked of it from inside; only of Belfry. */
  readonly inside?: {
    /** Tells each user of a change, without the API. */
    tell(userIds: readonly string[]): Promise<Told>
    /** Collects garbage and counts. */
    collect(): Promise<NodeJS.MemoryUsage>
  }
}

export type StartHubContender = (dataFolder: string) => Promise<HubContender>

export async function startBelfryContender(dataFolder: string): Promise<HubContender> {
  const belfry = await startBelfry(new URL('crowd-belfry.ts', import.meta.url), [dataFolder])
  const order = <T>(what: CrowdBelfryOrder) => ask<T>(belfry.child, what)
  return {
    name: 'Belfry',
    pid: belfry.child.pid!,
    address: belfry.addresses.web,
    inside: {
      tell: (userIds) => order({ kind: 'tell', userIds }),
      collect: () => order({ kind: 'collect' }),
    },
    [Symbol.asyncDispose]: () => belfry[Symbol.asyncDispose](),
  }
}

/** `command` is a Vaultwarden built from its sources, with SQLite. */
export async function startVaultwarden(command: string, dataFolder: string): Promise<HubContender> {
  const port = await freePort()
  const env = {
    DATA_FOLDER: dataFolder,
    DOMAIN,
    ROCKET_ADDRESS: '127.0.0.1',
    ROCKET_PORT: String(port),
    WEB_VAULT_ENABLED: 'false',
    LOG_LEVEL: 'error',
  }
  const program = await startProgram({ command, env, cwd: dataFolder, ready: { port } })
  return {
    name: 'Vaultwarden',
    pid: program.child.pid!,
    address: { host: '127.0.0.1', port },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}
