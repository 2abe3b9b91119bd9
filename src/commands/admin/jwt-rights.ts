import { readFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type AccountClaims,
  type ClaimsOf,
  CONNECTION_TYPES,
  decodeJwt,
  definitionOf,
  limit,
  type OperatorOptions,
  obstacleAmong,
  permissionsOf,
  problemsOf,
  rightsFromTemplate,
  type UserClaims,
  type UserRights,
} from '#auth'
import { ConfigError } from '#kit'
import type { Rights } from './rights.ts'

/** A JWT that has a line for itself, in a credentials file or alone. */
const JWT_LINE = /^\s*([\w-]+\.[\w-]+\.[\w-]+)\s*$/m

/**
 * What the user may do whose JWT is in `file`. What its account adds comes from the JWT of that, where `operator` has
 * it. Rejects with a `ConfigError` for a file without such a JWT.
 */
export async function rightsOfCredentials(
  file: string,
  operator: OperatorOptions | undefined,
  nowMs: number,
): Promise<Rights> {
  const jwt = JWT_LINE.exec(await textOf(file))?.[1]
  if (jwt === undefined) throw new ConfigError(`There is no JWT in "${file}"`)
  const user = decoded(jwt, 'user', `"${file}"`)
  const key = user.issuerAccount || user.issuer
  const accountJwt = operator && (await accountJwtOf(key, operator))
  const account = accountJwt === undefined ? undefined : decoded(accountJwt, 'account', `account ${key}`)
  if (account !== undefined) return rightsOfClaims(user, account, nowMs)
  const rights = rightsOfClaims(user, undefined, nowMs)
  return { ...rights, notes: [...rights.notes, `${whereIsAccount(operator)} ${ACCOUNT_ADDS}`] }
}

function rightsOfClaims(user: UserClaims, account: AccountClaims | undefined, nowMs: number): Rights {
  const scope = account?.signingKeys.get(user.issuer)
  const rights = account && scope ? filledIn(scope.template, user, account) : user.rights
  const defaults = account && permissionsOf(account.defaultPermissions)
  return {
    user: user.subject,
    name: user.name || undefined,
    by: 'a JWT',
    account: user.issuerAccount || user.issuer,
    definition: account && definitionOf(account, { isKnown: () => true, isActivated: () => true }),
    connectionTypes: connectionTypesOf(rights),
    permissions: permissionsOf(rights.permissions) ?? defaults,
    limits: { maxSubscriptions: limit(rights.subscriptions), maxPayloadBytes: limit(rights.payload) },
    notes: [
      ...objections(user, account, nowMs).map((objection) => `It is not let in: ${objection}.`),
      ...conditions(rights),
      ...(user.expiresAt === 0 ? [] : [`Its JWT is good until ${new Date(user.expiresAt * 1000).toISOString()}.`]),
      ...(scope === undefined ? [] : [`Its rights are those of signing key ${scope.key}.`]),
    ],
  }
}

const ACCOUNT_ADDS = 'Default permissions, limits and the rights of a scoped signing key may come from there.'

function whereIsAccount(operator: OperatorOptions | undefined): string {
  switch (operator?.resolver.kind) {
    case undefined:
      return 'The JWT of its account is not at hand: -c names a configuration that knows it.'
    case 'memory':
      return 'It is not let in: the JWT of its account is not in resolver_preload.'
    case 'directory':
      return 'The JWT of its account is not in the folder of the resolver, where nsc push brings it.'
    case 'url':
      return 'The JWT of its account is at the URL of the resolver, which is not asked here.'
  }
}

/** Why it would not be let in, as far as that can be said without a connection. */
function objections(user: UserClaims, account: AccountClaims | undefined, nowMs: number): string[] {
  const problem = obstacleAmong(problemsOf(user, nowMs), true)
  const found = problem === undefined ? [] : [problem.text]
  if (account === undefined) return found
  const accountProblem = obstacleAmong(problemsOf(account, nowMs), true)
  if (accountProblem !== undefined) found.push(`its account's ${accountProblem.text}`)
  if (user.issuer !== account.subject && !account.signingKeys.has(user.issuer)) {
    found.push(`it was signed by ${user.issuer}, which is no key of its account`)
  }
  const revokedAt = Math.max(account.revocations.get(user.subject) ?? 0, account.revocations.get('*') ?? 0)
  if (revokedAt >= user.issuedAt) found.push('it was revoked')
  if (user.rights.isBearer && account.limits.disallowsBearer) found.push('its account allows no bearer tokens')
  return found
}

function conditions({ networks, times, timesLocation, isBearer }: UserRights): string[] {
  const ranges = times.map(({ start, end }) => `${start} to ${end}`)
  const zone = timesLocation === '' ? '' : ` (${timesLocation})`
  return [
    ...(networks.length === 0 ? [] : [`It may come from ${networks.join(', ')} only.`]),
    ...(ranges.length === 0 ? [] : [`It may be connected from ${ranges.join(', ')} only${zone}.`]),
    ...(isBearer ? ['Nothing needs to be signed: who has the JWT is let in.'] : []),
  ]
}

function filledIn(template: UserRights, user: UserClaims, account: AccountClaims): UserRights {
  try {
    return rightsFromTemplate(template, user, account)
  } catch (error) {
    throw new ConfigError(`The template of its signing key does not fit: ${(error as Error).message}`, { cause: error })
  }
}

/** Those that exist: the others open no door. */
function connectionTypesOf({ connectionTypes }: UserRights): Rights['connectionTypes'] {
  const named = connectionTypes.map((type) => type.toUpperCase())
  return named.length === 0 ? undefined : CONNECTION_TYPES.filter((type) => named.includes(type))
}

async function accountJwtOf(key: string, { preload, resolver }: OperatorOptions): Promise<string | undefined> {
  const preloaded = preload[key]
  if (preloaded !== undefined || resolver.kind !== 'directory') return preloaded
  try {
    return (await readFile(path.join(resolver.folder, `${key}.jwt`), 'utf8')).trim()
  } catch {
    return undefined
  }
}

function decoded<Type extends 'user' | 'account'>(jwt: string, type: Type, where: string): ClaimsOf<Type> {
  const result = decodeJwt(jwt, type)
  if (!result.ok) throw new ConfigError(`The JWT of ${where} cannot be used: ${result.reason}`)
  return result.claims
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`Cannot read "${file}": ${(error as Error).message}`, { cause: error })
  }
}
