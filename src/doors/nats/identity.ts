import { KeyPair } from '#auth'

/** What clients are told of this server in INFO, and what proves that it is this server. */
export interface ServerIdentity {
  /** Public nkey of type N: 56 characters. */
  readonly id: string
  readonly name: string
  /** Of which `id` is the public key. */
  readonly keys: KeyPair
  /** A curve key: others may seal for it. */
  readonly xkeys: KeyPair
}

/** A new identity for each start, as nats-server has; a server without a name goes by its id. */
export function newServerIdentity(name?: string): ServerIdentity {
  const keys = KeyPair.create('server')
  return { id: keys.publicKey, name: name ?? keys.publicKey, keys, xkeys: KeyPair.create('curve') }
}
