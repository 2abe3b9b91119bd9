import { createServer } from '@nats-io/nkeys'
import type { RemoteAddress } from '#net'

/** What clients are told of this server in INFO. */
export interface ServerIdentity {
  /** Public nkey of type N: 56 characters. */
  readonly id: string
  readonly name: string
}

/** A new identity for each start, as nats-server has; a server without a name goes by its id. */
export function newServerIdentity(name?: string): ServerIdentity {
  const id = createServer().getPublicKey()
  return { id, name: name ?? id }
}

/** What a listener tells its clients: where it is reached, as far as it knows. */
export interface ListenerFacts {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
}

/**
 * The nats-server release whose client protocol this is: clients switch features on by it. The core protocol has not
 * changed since; what came later (2.10's JetStream API above all) is not here.
 */
const PROTOCOL_VERSION = '2.9.25'

export interface InfoFacts {
  readonly identity: ServerIdentity
  readonly listener: ListenerFacts
  readonly remote: RemoteAddress
  readonly clientId: number
  readonly maxPayloadBytes: number
}

/** The INFO object (`spec/nats.md` §2.2). */
export function infoFor({ identity, listener, remote, clientId, maxPayloadBytes }: InfoFacts): object {
  return {
    server_id: identity.id,
    server_name: identity.name,
    version: PROTOCOL_VERSION,
    proto: 1,
    go: `node ${process.version}`,
    host: listener.host,
    port: listener.port,
    headers: true,
    ...(listener.isTls ? { tls_required: true, tls_available: true } : {}),
    max_payload: maxPayloadBytes,
    client_id: clientId,
    client_ip: remote.address,
  }
}
