import type { ConnectionType, PrincipalLimits } from '#auth'
import type { NatsServerOptions } from '#config'
import { type AccountDefinition, DEFAULT_ACCOUNT, type Permissions } from '#core'
import { ConfigError } from '#kit'

/** What somebody may do, wherever it was read. */
export interface Rights {
  /** The name, or the public key. */
  readonly user: string
  /** What people call it, where it goes by a key. */
  readonly name?: string | undefined
  /** How it proves who it is. */
  readonly by: 'a password' | 'no password' | 'an nkey' | 'a JWT'
  readonly account: string
  /** `undefined`: the account is known by its name alone. */
  readonly definition?: AccountDefinition | undefined
  /** `undefined`: all. */
  readonly connectionTypes?: readonly ConnectionType[] | undefined
  /** `undefined`: everything. */
  readonly permissions?: Permissions | undefined
  /** Beside those of the account. */
  readonly limits?: PrincipalLimits | undefined
  /** What else there is to know, in whole sentences. */
  readonly notes: readonly string[]
}

type User = Pick<Rights, 'by' | 'account' | 'connectionTypes' | 'permissions'>

/** What a user or nkey of the configuration may do. Throws a `ConfigError` when there is none of that name. */
export function rightsOfUser(name: string, options: NatsServerOptions): Rights {
  const { authorization, accounts } = options.nats
  if (authorization.operator !== undefined) {
    throw new ConfigError('Here users are known by their JWTs: name a file that has one, with --creds')
  }
  const user = findUser(name, options)
  if (user === undefined) throw new ConfigError(`There is no user "${name}" in the configuration`)
  return {
    user: name,
    ...user,
    definition: accounts.find((account) => account.name === user.account),
    notes: notesOn(name, options),
  }
}

function findUser(name: string, { nats, websockets }: NatsServerOptions): User | undefined {
  const { users = [], nkeyUsers = [], user } = nats.authorization
  const byName = users.find((one) => one.user === name)
  if (byName !== undefined) return { ...byName, by: byName.password === '' ? 'no password' : 'a password' }
  const byKey = nkeyUsers.find((one) => one.nkey === name)
  if (byKey !== undefined) return { ...byKey, by: 'an nkey' }
  if (user === name) return { by: 'a password', account: DEFAULT_ACCOUNT }
  return websockets.some(({ authorization }) => authorization.user === name)
    ? { by: 'a password', account: DEFAULT_ACCOUNT, connectionTypes: ['WEBSOCKET'] }
    : undefined
}

function notesOn(name: string, { nats, websockets }: NatsServerOptions): string[] {
  const { callout, noAuthUser } = nats.authorization
  const notes: string[] = []
  const mapsCertificates = [nats.tls, ...websockets.map(({ tls }) => tls)].some((tls) => tls?.verifyAndMap)
  if (mapsCertificates && isWithoutPassword(name, nats)) notes.push('It is known by its certificate (verify_and_map).')
  if (callout !== undefined && !callout.authUsers.includes(name)) {
    notes.push(`What becomes of this user is for the service of auth_callout in account ${callout.account} to say.`)
  }
  if (noAuthUser === name) notes.push('Who shows nothing is let in as this user (no_auth_user).')
  if (websockets.some((websocket) => websocket.authorization.noAuthUser === name)) {
    notes.push('Who shows nothing over WebSocket is let in as this user (no_auth_user of websocket).')
  }
  return notes
}

function isWithoutPassword(name: string, { authorization: { users = [] } }: NatsServerOptions['nats']): boolean {
  return users.some(({ user, password }) => user === name && password === '')
}
