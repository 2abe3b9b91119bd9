import type { NkeyUser, PasswordUser, ServerAuthorization } from '#auth'
import { type AccountDefinition, checkDefinitions, DEFAULT_ACCOUNT, emptyAccount, SYSTEM_ACCOUNT } from '#core'
import { operatorOptions } from './assemble-operator.ts'
import { simpleAuthorization } from './assemble-simple-authorization.ts'
import { withDefaults } from './authorization/accounts.ts'
import { definitionInBytes, withByteSubjects } from './authorization/byte-strings.ts'
import { nameOf } from './authorization/check-logins.ts'
import type { NatsUser } from './authorization/users.ts'
import { schema } from './settings/schema.ts'
import type { Surroundings } from './types/setting-type.ts'
import type { Choice } from './values.ts'

type Complain = (line: string) => void

export interface AssembledAuthorization {
  readonly authorization: ServerAuthorization
  readonly accounts: readonly AccountDefinition[]
  readonly systemAccount: string | undefined
}

/** Who may come in, and the accounts. Rules are checked in the order of nats-server's start. (`spec/nats.md` §1.5) */
export function assembleAuthorization(
  choose: Choice,
  { surroundings, error }: { surroundings: Surroundings; error: Complain },
): AssembledAuthorization {
  const { nats } = schema
  const configured = choose(nats.accounts)
  const listed = withDefaults(choose(nats.users) ?? [], choose(nats.defaultPermissions))
  const users = [...listed, ...(configured?.users ?? [])].map(withByteSubjects)
  const accounts = withMappings(configured?.definitions ?? []).map(definitionInBytes)
  const callout = choose(nats.callout)
  const operator = operatorOptions(choose, {
    surroundings,
    error,
    has: { accounts: accounts.length > 0, users: users.length > 0, callout: callout !== undefined },
  })
  const lists = { users: listOf(users.filter(isPasswordUser)), nkeyUsers: listOf(users.filter(isNkeyUser)), operator }
  const simple = simpleAuthorization(choose, nats, { main: lists, error })
  // An account of this name is the system account without being called so.
  const systemAccount =
    operator?.systemAccount ?? choose(nats.systemAccount) ?? accounts.find(({ name }) => name === SYSTEM_ACCOUNT)?.name
  checkTogether()
  return {
    authorization: { ...simple, ...lists, callout, maxFailureDelayMs: choose(nats.maxFailureDelayMs) },
    accounts,
    systemAccount,
  }

  function withMappings(definitions: readonly AccountDefinition[]): readonly AccountDefinition[] {
    const mappings = choose(nats.mappings) ?? []
    return mappings.length === 0 ? definitions : [...definitions, { ...emptyAccount(DEFAULT_ACCOUNT), mappings }]
  }

  /** For a program: what of a config file does not go together was told with its place. */
  function checkTogether(): void {
    const names = users.map(nameOf)
    const duplicates = new Set(names.filter((name, index) => names.indexOf(name) < index))
    for (const name of duplicates) error(`Duplicate user ${JSON.stringify(name)} detected`)
    const known = new Set([DEFAULT_ACCOUNT, SYSTEM_ACCOUNT, ...accounts.map(({ name }) => name)])
    for (const user of users.filter(({ account }) => !known.has(account))) {
      error(`user ${JSON.stringify(nameOf(user))} is in account ${JSON.stringify(user.account)}, which is not defined`)
    }
    for (const { text } of checkDefinitions([...surroundings.accounts, ...accounts])) error(text)
  }
}

/** In nats-server an empty list of users is none: it asks nobody to log in. */
function listOf<User>(users: readonly User[]): readonly User[] | undefined {
  return users.length === 0 ? undefined : users
}

function isNkeyUser(user: NatsUser): user is NkeyUser {
  return 'nkey' in user
}

function isPasswordUser(user: NatsUser): user is PasswordUser {
  return !isNkeyUser(user)
}
