import { ConfigError } from '#kit'
import { type AccountClaims, decodeJwt, hasNoRights, type OperatorClaims, type ScopeClaim } from '../jwt/index.ts'
import { isPublicKey } from '../nkeys.ts'
import type { OperatorOptions } from '../options.ts'

/** Whom a server in operator mode believes. */
export interface Trust {
  /** Whether accounts that `issuer` signed count. */
  isTrusted(issuer: string): boolean
  /** Whether users of an account that `issuer` signed have to be signed by signing keys. */
  isStrict(issuer: string): boolean
  /** Whether users of the account may come in. */
  admits(account: string): boolean
  readonly systemAccount: string | undefined
  /** The first, which has a say about the JWTs in a directory; `undefined` when only keys are trusted. */
  readonly operator: OperatorClaims | undefined
  readonly operatorCount: number
}

/**
 * Throws a `ConfigError`, in nats-server's words, for what cannot be. `serverVersion` is `major.minor.patch`, held against
 * the version that operators ask for; `undefined`: any is good.
 */
export function trustOf(options: OperatorOptions, serverVersion: string | undefined): Trust {
  const operators = options.operators.map((token) => {
    const decoded = decodeJwt(token, 'operator')
    if (!decoded.ok) throw new ConfigError(`error parsing operator JWT: ${decoded.reason}`)
    return decoded.claims
  })
  const [operator] = operators
  checkSentinel(options.defaultSentinel, operators)
  if (operators.length > 0 && options.trustedKeys.length > 0) {
    throw new ConfigError("conflicting options for 'TrustedKeys' and 'TrustedOperators'")
  }
  const systemAccount = systemAccountOf(options, operators)
  for (const claims of operators) checkVersion(claims, serverVersion)

  const keys = new Set(options.trustedKeys)
  const strictKeys = new Set<string>()
  for (const { subject, signingKeys, usesSigningKeysOnly } of operators) {
    if (!usesSigningKeysOnly) keys.add(subject)
    for (const key of signingKeys) {
      keys.add(key)
      if (usesSigningKeysOnly) strictKeys.add(key)
    }
  }
  for (const key of keys) {
    if (isPublicKey(key, 'operator')) continue
    throw new ConfigError(`trusted Keys ${JSON.stringify(key)} are required to be a valid public operator nkey`)
  }
  const pinned = new Set(options.pinnedAccounts)
  for (const key of pinned) {
    if (isPublicKey(key, 'account')) continue
    throw new ConfigError(`pinned account key ${JSON.stringify(key)} is not a valid public account nkey`)
  }
  if (systemAccount !== undefined && pinned.size > 0) pinned.add(systemAccount)
  return {
    isTrusted: (issuer) => keys.has(issuer),
    isStrict: (issuer) => strictKeys.has(issuer),
    admits: (account) => pinned.size === 0 || pinned.has(account),
    systemAccount,
    operator,
    operatorCount: operators.length,
  }
}

/** What `key` may sign for an account: `undefined` when nothing, with its scope when it has one. */
export function signerOf(
  account: AccountClaims,
  key: string,
  trust: Pick<Trust, 'isStrict'>,
): { readonly scope: ScopeClaim | undefined } | undefined {
  if (key === account.subject && !trust.isStrict(account.issuer)) return { scope: undefined }
  return account.signingKeys.has(key) ? { scope: account.signingKeys.get(key) } : undefined
}

function checkSentinel(sentinel: string | undefined, operators: readonly OperatorClaims[]): void {
  if (sentinel === undefined || sentinel === '') return
  if (operators.length === 0) throw new ConfigError('default sentinel requires operators and accounts')
  const user = decodeJwt(sentinel, 'user')
  if (!user.ok) throw new ConfigError('default sentinel JWT not valid')
  const { rights, issuerAccount } = user.claims
  // Its account is not known yet: one that looks like a user of a scoped signing key may turn out to be a bearer.
  if (rights.isBearer || (issuerAccount !== '' && hasNoRights(rights))) return
  throw new ConfigError('default sentinel must be a bearer token')
}

function systemAccountOf(options: OperatorOptions, operators: readonly OperatorClaims[]): string | undefined {
  const named = operators.filter((claims) => claims.systemAccount !== '').map((claims) => claims.systemAccount)
  if (options.systemAccount !== undefined) {
    if (named.length > 0 && !named.includes(options.systemAccount)) {
      throw new ConfigError('system_account in config and operator JWT must be identical')
    }
    return options.systemAccount
  }
  const first = operators[0]?.systemAccount || undefined
  if (first === undefined && operators.length > 0 && options.resolver.kind === 'directory') {
    throw new ConfigError(
      'using nats based account resolver - the system account needs to be specified in configuration or the operator jwt',
    )
  }
  return first
}

function checkVersion({ subject, assertServerVersion: asserted }: OperatorClaims, version: string | undefined): void {
  if (asserted === '') return
  if (!/^\d+\.\d+\.\d+$/.test(asserted)) {
    throw new ConfigError(
      `operator ${subject} expects version ${asserted} got error instead: ` +
        'asserted server version must be of the form <major>.<minor>.<update>',
    )
  }
  if (version === undefined) return
  const expected = asserted.split('.').map(Number)
  const actual = version.split('.').map((part) => Number.parseInt(part, 10))
  for (const [index, name] of ['major', 'minor', 'update'].entries()) {
    const [want = 0, have = 0] = [expected[index], actual[index]]
    if (want > have) {
      throw new ConfigError(`operator ${subject} expected ${name} version ${want} > server ${name} version ${have}`)
    }
    if (want < have) return
  }
}
