import type { ServerAuthorization, SimpleAuthorization } from '#auth'
import type { schema } from './settings/schema.ts'
import type { Choice } from './values.ts'

type SimpleSettings = Pick<typeof schema.nats, 'user' | 'password' | 'token' | 'authTimeoutMs' | 'noAuthUser'>

export interface SimpleContext {
  /** Of the server, whose users `no_auth_user` may name. */
  readonly main: ServerAuthorization
  readonly error: (line: string) => void
}

/** What a listener, or the server for all, asks of clients without a list of users. */
export function simpleAuthorization(
  choose: Choice,
  settings: SimpleSettings,
  { main, error }: SimpleContext,
): SimpleAuthorization {
  const user = choose(settings.user)
  const password = choose(settings.password)
  const noAuthUser = choose(settings.noAuthUser)
  if (noAuthUser !== undefined) checkNoAuthUser(noAuthUser, { main, error })
  // Nobody would be asked for it, and nats-server lets everybody in. Beside users it is what files call a variable.
  if (password !== undefined && user === undefined && !hasLogins(main)) {
    error('authorization has a password, but no user')
  }
  const timeoutMs = choose(settings.authTimeoutMs)
  // 0 is what a number is that nobody gave.
  return {
    user,
    password: user === undefined ? undefined : password,
    token: choose(settings.token),
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    noAuthUser,
  }
}

function hasLogins({ users = [], nkeyUsers = [], operator }: ServerAuthorization): boolean {
  return users.length + nkeyUsers.length > 0 || operator !== undefined
}

function checkNoAuthUser(name: string, { main, error }: SimpleContext): void {
  const { users = [], nkeyUsers = [], operator } = main
  const isThere = users.some(({ user }) => user === name) || nkeyUsers.some(({ nkey }) => nkey === name)
  if (operator !== undefined && operator.operators.length > 0) {
    error('no_auth_user not compatible with Trusted Operator')
  } else if (users.length + nkeyUsers.length === 0) {
    error(`no_auth_user: "${name}" present, but users/nkeys are not defined`)
  } else if (!isThere) {
    error(`no_auth_user: "${name}" not present as user or nkey in authorization block or account configuration`)
  }
}
