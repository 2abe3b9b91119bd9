import { createServer } from '@nats-io/nkeys'

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
