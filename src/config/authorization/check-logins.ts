import type { Position, Problems } from '../language/index.ts'
import { schema } from '../settings/schema.ts'
import type { Values } from '../values.ts'
import type { NatsUser } from './users.ts'

/**
 * What of a config file does not go together: one user or token, the list of users and those of accounts, who all must
 * have names of their own. (nats-server goes through its blocks at random and puts the mistake in whichever comes last.)
 */
export function checkLogins(values: Values, problems: Problems): void {
  const { nats } = schema
  const block = values.positionOfBlock('authorization')
  const listed = values.get(nats.users)
  const ofAccounts = values.get(nats.accounts)
  const hasUser = values.has(nats.user)
  const hasToken = values.has(nats.token)
  const names = new Set<string>()

  if (block !== undefined) {
    const objection = objectionTo(values) ?? duplicateAmong(listed ?? [], names)
    if (objection !== undefined) problems.errorAt(block, objection)
  }
  for (const [account, position] of ofAccounts?.usersPositions ?? []) {
    const users = ofAccounts?.users.filter((user) => user.account === account) ?? []
    if (users.length > 0 && hasUser) problems.errorAt(position, 'Can not have a single user/pass and accounts')
    else if (users.length > 0 && hasToken) problems.errorAt(position, 'Can not have a token and accounts')
    else checkNames(users, names, { problems, position })
  }
  remarkIdle(values, problems)
  const allowed = values.get(nats.callout)?.allowedAccounts ?? []
  const known = new Set(ofAccounts?.definitions.map(({ name }) => name))
  const missing = allowed.filter((account) => !known.has(account))
  for (const account of missing) {
    const reason = `auth_callout allowed account ${JSON.stringify(account)} not found in configured accounts`
    problems.errorWithPlace(reason, values.positionOf(nats.callout)!)
  }
}

/** What is right, but not asked by anybody. */
function remarkIdle(values: Values, problems: Problems): void {
  const { defaultPermissions, users, accounts, callout, resolver, operators, trustedKeys } = schema.nats
  const permissions = values.positionOf(defaultPermissions)
  if (permissions !== undefined && !values.has(users)) {
    problems.remarkAt(permissions, 'these permissions have no effect: they are for those of `users` who have none')
  }
  const list = values.positionOf(users)
  const hasOthers = (values.get(accounts)?.users.length ?? 0) > 0 || values.has(callout)
  if (list !== undefined && values.get(users)?.length === 0 && !hasOthers) {
    problems.remarkAt(list, 'users is empty, which is as good as none: nobody needs to log in')
  }
  const source = values.positionOf(resolver)
  if (source !== undefined && !values.has(operators) && !values.has(trustedKeys)) {
    problems.remarkAt(source, 'a resolver has no effect without an operator or trusted_keys')
  }
}

function objectionTo(values: Values): string | undefined {
  const { user, password, token, users } = schema.nats
  if ((values.has(user) || values.has(password)) && values.has(token)) return 'Cannot have a user/pass and token'
  if (!values.has(users)) return undefined
  if (values.has(user)) return 'Can not have a single user/pass and a users array'
  return values.has(token) ? 'Can not have a token and a users array' : undefined
}

/** What is wrong with the first that is there already, if any is. */
function duplicateAmong(users: readonly NatsUser[], names: Set<string>): string | undefined {
  for (const user of users) {
    const name = nameOf(user)
    if (names.has(name)) return `Duplicate ${'nkey' in user ? 'nkey' : 'user'} ${JSON.stringify(name)} detected`
    names.add(name)
  }
  return undefined
}

function checkNames(
  users: readonly NatsUser[],
  names: Set<string>,
  { problems, position }: { problems: Problems; position: Position },
): void {
  for (const user of users) {
    const duplicate = duplicateAmong([user], names)
    if (duplicate !== undefined) problems.errorAt(position, duplicate)
  }
}

export function nameOf(user: NatsUser): string {
  return 'nkey' in user ? user.nkey : user.user
}
