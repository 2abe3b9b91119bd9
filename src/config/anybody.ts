import type { ServerAuthorization } from '#auth'
import { DEFAULT_ACCOUNT } from '#core'
import type { NatsOptions } from './options.ts'

/**
 * Who has an account only for watching the server, and no `authorization {}`, does not mean to lock out everybody else:
 * nats-server then has a user in `$G` for those who show nothing.
 */
export function openToAnybody({ authorization, accounts, systemAccount }: NatsOptions): ServerAuthorization {
  const named = accounts.filter(({ name }) => name !== DEFAULT_ACCOUNT)
  const hasOnlySystemAccount = named.length === 1 && named[0]?.name === systemAccount
  const { operator, noAuthUser, users = [] } = authorization
  if (!hasOnlySystemAccount || operator !== undefined || noAuthUser !== undefined) return authorization
  let name = 'nats-anybody'
  while (users.some(({ user }) => user === name)) name += '_'
  // Who guesses its password gets no more than who shows nothing.
  const anybody = { user: name, password: name, account: DEFAULT_ACCOUNT }
  return { ...authorization, noAuthUser: name, isNoAuthUserImplied: true, users: [...users, anybody] }
}
