import type { RemoteAddress } from '#net'
import type { ServerIdentity } from './identity.ts'
import type { ListenerProfile } from './profile.ts'

/**
 * The nats-server release whose client protocol this is: clients switch features on by it. The core protocol's verbs
 * and fields have not changed since, and what did change (the subject in a 503, `connect_info`) needs no version: clients
 * take it as it comes. What they do ask the version for is JetStream, key-value and object stores and their consumers,
 * from 2.10 on with fields and API subjects of their own. Nobody answers those here, and with 2.9 the client says at
 * once that it cannot, where with a later one it would wait for its timeout.
 */
export const PROTOCOL_VERSION = '2.9.25'

/** What is said anew in a later INFO. */
export interface InfoChanges {
  /** The server is going away: clients look for another (lame duck mode). */
  readonly ldm?: boolean
  /** `host:port` of servers to connect to instead. */
  readonly connectUrls?: readonly string[]
}

export interface InfoFacts extends InfoChanges {
  readonly identity: ServerIdentity
  readonly profile: ListenerProfile
  readonly remote: RemoteAddress
  readonly clientId: number
  readonly maxPayloadBytes: number
  readonly supportsHeaders: boolean
  /** Only in the first. */
  readonly nonce?: string
  /** Answer to a login: where the client is now. */
  readonly login?: { readonly account: string; readonly isSystemAccount: boolean }
}

/** The INFO object; what is `undefined` in it is left out of the JSON. (`spec/nats.md` §2.2) */
export function infoFor(facts: InfoFacts): object {
  const { identity, profile, nonce, login, connectUrls = [] } = facts
  const { isTls, verifiesClients, allowsPlain } = profile.facts
  const { host, port } = advertised(profile)
  const isWebSocket = profile.connectionType === 'WEBSOCKET'
  return {
    server_id: identity.id,
    server_name: identity.name,
    version: PROTOCOL_VERSION,
    proto: 1,
    go: `node ${process.version}`,
    host,
    port,
    headers: facts.supportsHeaders,
    auth_required: onlyTrue(nonce === undefined ? profile.authenticator.isRequired : announcesLogin(profile)),
    tls_required: onlyTrue(isTls && !allowsPlain),
    tls_verify: onlyTrue(isTls && verifiesClients),
    tls_available: onlyTrue(isTls && (isWebSocket || allowsPlain)),
    max_payload: facts.maxPayloadBytes,
    client_id: facts.clientId,
    client_ip: facts.remote.address,
    nonce: nonce || undefined,
    xkey: identity.xkeys.publicKey,
    connect_urls: connectUrls.length > 0 ? connectUrls : undefined,
    ldm: onlyTrue(facts.ldm),
    connect_info: onlyTrue(login !== undefined),
    remote_account: login?.account,
    acc_is_sys: onlyTrue(login?.isSystemAccount),
  }
}

/** IPv6 addresses with a port are in brackets, as in a URL; a port that is missing, or none, is the listener's. */
const HOST_AND_PORT = /^(?:\[(?<ipv6>[^\]]*)\]|(?<host>[^:]*))(?::(?<port>-?\d+))?$/

/** Where clients are told that a listener is. */
export function advertised({ clientAdvertise, facts }: Pick<ListenerProfile, 'clientAdvertise' | 'facts'>): {
  readonly host: string
  readonly port: number
} {
  if (!clientAdvertise) return facts
  const { ipv6, host, port } = HOST_AND_PORT.exec(clientAdvertise)?.groups ?? {}
  return { host: ipv6 ?? host ?? clientAdvertise, port: Number(port) > 0 ? Number(port) : facts.port }
}

/**
 * The first INFO does not say so over TCP where there is a user for those who show nothing, unless nobody configured it;
 * over WebSocket it does.
 */
function announcesLogin({ authenticator, connectionType }: ListenerProfile): boolean {
  const { isRequired, hasDefaultUser, isDefaultUserImplied = false } = authenticator
  return isRequired && !(hasDefaultUser && !isDefaultUserImplied && connectionType === 'STANDARD')
}

/** What is not so is left out. */
export function onlyTrue(value: boolean | undefined): true | undefined {
  return value ? true : undefined
}
