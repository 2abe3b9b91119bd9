import { isPublicKey, type NkeyUser, type PasswordUser } from '#auth'
import { DEFAULT_ACCOUNT, type Permissions } from '#core'
import {
  booleanIn,
  type ConfigEntry,
  type ConfigMap,
  type ConfigValue,
  goFormat,
  InvalidValue,
  type Position,
  type Problems,
  readMap,
  stringIn,
} from '../language/index.ts'
import { remarkUnusable } from '../types/secret.ts'
import { checkedConnectionTypes, connectionTypesIn } from './connection-types.ts'
import { deepType } from './deep-type.ts'
import { permissionsIn, problemOfPermissions, withResponses } from './permissions.ts'

export type NatsUser = PasswordUser | NkeyUser

/** What a program may write for one: without an account it is in `$G`, and without a password that is empty. */
export type GivenUser =
  | (Omit<PasswordUser, 'account' | 'password'> & { readonly account?: string; readonly password?: string })
  | (Omit<NkeyUser, 'account'> & { readonly account?: string })

/** `users` of `authorization {}`: in the config file they all are in `$G`. */
export const users = deepType<readonly NatsUser[], readonly GivenUser[]>({
  description: 'list of users, see below',
  fromConfig: (value, { problems }) => usersIn(value, { problems, account: DEFAULT_ACCOUNT }),
  fromProgram(given, source) {
    if (!Array.isArray(given)) throw new InvalidValue(`${source.name} must be a list of users`)
    return given.map((user, index) => checkedUser(user, `${source.name}[${index}]`))
  },
})

/** The users of one list. Throws `InvalidValue` for what is no list. */
export function usersIn(value: ConfigValue, { problems, account }: UsersContext): readonly NatsUser[] {
  if (value.kind !== 'array') {
    throw new InvalidValue(`Expected users field to be an array, got ${goFormat(value)}`)
  }
  return value.items.flatMap((item) => {
    if (item.kind === 'map') return userIn(item, { problems, account }) ?? []
    problems.errorAt(item.position, `Expected user entry to be a map/struct, got ${goFormat(item)}`)
    return []
  })
}

interface UsersContext {
  readonly problems: Problems
  readonly account: string
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

function userIn(map: ConfigMap, { problems, account }: UsersContext): NatsUser | undefined {
  const errorsBefore = problems.errors.length
  const rights: Writable<Pick<PasswordUser, 'account' | 'permissions' | 'connectionTypes'>> = { account }
  let [nkey, user, password] = ['', '', '']
  let last: Position = map.position
  const name = ({ value }: ConfigEntry) => {
    user = stringIn(value)
  }
  const secret = ({ value, keyPosition }: ConfigEntry) => {
    password = stringIn(value)
    remarkUnusable(password, { problems, position: keyPosition })
  }
  const permissions = (entry: ConfigEntry) => {
    rights.permissions = permissionsIn(entry, problems)
  }
  const connectionTypes = (entry: ConfigEntry) => {
    rights.connectionTypes = connectionTypesIn(entry)
  }
  readMap(
    map,
    {
      nkey: ({ value }) => {
        nkey = stringIn(value)
      },
      user: name,
      username: name,
      pass: secret,
      password: secret,
      permission: permissions,
      permissions,
      authorization: permissions,
      allowed_connection_types: connectionTypes,
      connection_types: connectionTypes,
      clients: connectionTypes,
      proxy_required: (entry) => refuseProxyRequired(entry, problems),
    },
    problems,
  )
  for (const { keyPosition } of map.entries.values()) last = keyPosition
  if (problems.errors.length > errorsBefore) return undefined
  const wrong = problemOfIdentity({ nkey, user, password })
  if (wrong !== undefined) {
    problems.errorAt(last, wrong)
    return undefined
  }
  return nkey === '' ? { user, password, ...rights } : { nkey, ...rights }
}

/** Such a user may come only through a proxy that signs for it. */
export function refuseProxyRequired({ key, keyPosition, value }: ConfigEntry, problems: Problems): void {
  if (booleanIn(value)) problems.refuseAt(keyPosition, `${key} is`)
}

function problemOfIdentity({ nkey, user, password }: Record<'nkey' | 'user' | 'password', string>): string | undefined {
  if (nkey === '' && user === '') return 'User entry requires a user'
  if (nkey === '') return undefined
  if (!isPublicKey(nkey, 'user')) return 'Not a valid public nkey for a user'
  if (user !== '' || password !== '') return 'Nkey users do not take usernames or passwords'
  return undefined
}

/** One that a program gives. `name` is what messages call it. */
function checkedUser(given: GivenUser, name: string): NatsUser {
  const {
    nkey = '',
    user = '',
    password = '',
    account = DEFAULT_ACCOUNT,
    permissions,
    connectionTypes,
  }: Partial<PasswordUser & NkeyUser> = given
  if ([nkey, user, password, account].some((text) => typeof text !== 'string')) {
    throw new InvalidValue(`${name} must have texts for nkey, user, password and account`)
  }
  const identity = problemOfIdentity({ nkey, user, password })
  if (identity !== undefined) throw new InvalidValue(`${name}: ${identity}`)
  const rights = {
    account,
    permissions: checkedPermissions(permissions, whoIs({ nkey, user })),
    connectionTypes: checkedConnectionTypes(connectionTypes),
  }
  return nkey === '' ? { user, password, ...rights } : { nkey, ...rights }
}

function whoIs({ nkey, user }: { nkey: string; user: string }): string {
  return nkey === '' ? `user ${JSON.stringify(user)}` : `nkey ${JSON.stringify(nkey)}`
}

function checkedPermissions(permissions: Permissions | undefined, who: string): Permissions | undefined {
  if (permissions === undefined) return undefined
  const wrong = problemOfPermissions(permissions)
  if (wrong !== undefined) throw new InvalidValue(`invalid permissions for ${who}: ${wrong}`)
  return withResponses(permissions)
}
