import { resolve } from 'node:path'
import { VAULT_ACCOUNT } from '#notify'
import type { Problems } from './language/index.ts'
import type { LeafRemoteOptions } from './leafnodes/options.ts'
import { remoteDefaults } from './leafnodes/remote-defaults.ts'
import { clusterUrlsIn, isWebSocket } from './leafnodes/urls.ts'
import { schema } from './settings/schema.ts'
import { clientTlsBy } from './types/tls.ts'
import type { Choice } from './values.ts'

/** The link to the NATS cluster between the instances of one vault; `undefined` when there is only this one. */
export function clusterRemote(
  choose: Choice,
  { cwd, problems }: { cwd: string; problems: Problems },
): LeafRemoteOptions | undefined {
  const { vault, leafnodes } = schema
  const text = choose(vault.clusterUrl)
  const credentials = choose(vault.clusterCredentials)
  const caFile = choose(vault.clusterAuthorities)
  if (text === undefined) {
    const lonely = (setting: string) => problems.error(`vault: ${setting} without cluster_url (BELFRY_CLUSTER_URL)`)
    if (credentials !== undefined) lonely('cluster_credentials (BELFRY_CLUSTER_CREDENTIALS)')
    if (caFile !== undefined) lonely('cluster_authorities (BELFRY_CLUSTER_AUTHORITIES)')
    return undefined
  }
  const urls = clusterUrlsIn(text)
  if (new Set(urls.map(isWebSocket)).size > 1) {
    problems.error('vault: the URLs of cluster_url must all be WebSocket (ws, wss), or none of them')
  }
  const hasLogin = urls.some(({ user }) => user !== undefined)
  if (hasLogin && credentials !== undefined) {
    problems.error('vault: cluster_url has a user, and there are cluster_credentials: only one of them can log in')
  }
  return {
    ...remoteDefaults({
      dialTimeoutMs: leafnodes.dialTimeoutMs.default,
      writeDeadlineMs: undefined,
      writeTimeoutPolicy: leafnodes.writeTimeoutPolicy.default,
    }),
    urls,
    account: VAULT_ACCOUNT,
    credentialsFile: credentials && resolve(cwd, credentials),
    tls: caFile === undefined ? undefined : clientTlsBy(resolve(cwd, caFile)),
  }
}
