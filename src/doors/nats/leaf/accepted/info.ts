import type { Permissions } from '#core'
import { formatAddress } from '#net'
import type { ServerIdentity } from '../../identity.ts'
import { advertised, onlyTrue, PROTOCOL_VERSION } from '../../info.ts'
import type { ListenerProfile } from '../../profile.ts'

export interface LeafInfoFacts {
  readonly identity: ServerIdentity
  /** Of the port of leaf nodes, also for those who come over WebSocket: nats-server tells both the same. */
  readonly profile: Pick<ListenerProfile, 'clientAdvertise' | 'facts'>
  readonly connectionId: number
  readonly maxPayloadBytes: number
  readonly supportsHeaders: boolean
  /** To be signed; only in the first. */
  readonly nonce?: string
  /** Answer to a login: where the other server is now, and what it may do. */
  readonly login?: {
    readonly account: string
    readonly isSystemAccount: boolean
    readonly permissions: Permissions | undefined
  }
}

/** What a server that comes in as a leaf node is told; what is `undefined` in it is left out. (`spec/nats.md` §5.2) */
export function leafInfoFor(facts: LeafInfoFacts): object {
  const { identity, profile, nonce, login } = facts
  const { isTls, verifiesClients } = profile.facts
  const { host, port } = advertised(profile)
  const address = formatAddress({ host, port })
  return {
    server_id: identity.id,
    server_name: identity.name,
    version: PROTOCOL_VERSION,
    proto: 1,
    go: `node ${process.version}`,
    host,
    port,
    headers: facts.supportsHeaders,
    auth_required: true,
    tls_required: onlyTrue(isTls),
    tls_verify: onlyTrue(isTls && verifiesClients),
    max_payload: facts.maxPayloadBytes,
    ip: address,
    client_id: facts.connectionId,
    nonce,
    // Without `compression` nobody tries to compress.
    connect_info: onlyTrue(login !== undefined),
    remote_account: login?.account,
    acc_is_sys: onlyTrue(login?.isSystemAccount),
    import: subjectLists(login?.permissions?.subscribe),
    export: subjectLists(login?.permissions?.publish),
    info_on_connect: true,
    leafnode_urls: [address],
  }
}

/** What a spoke may hear, or say: it keeps to that itself. */
function subjectLists(lists: Permissions['publish'] | Permissions['subscribe']): object | undefined {
  if (lists?.allow === undefined && lists?.deny === undefined) return undefined
  return { allow: lists.allow, deny: lists.deny }
}
