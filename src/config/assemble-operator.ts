import { resolve } from 'node:path'
import { type OperatorOptions, type ResolverOptions, trustOf } from '#auth'
import { ConfigError } from '#kit'
import { urlResolver } from './authorization/resolver.ts'
import { InvalidValue } from './language/index.ts'
import { schema } from './settings/schema.ts'
import type { Surroundings } from './types/setting-type.ts'
import type { Choice } from './values.ts'

interface OperatorContext {
  readonly surroundings: Surroundings
  readonly error: (line: string) => void
  /** What else is configured, and does not go together with operators. */
  readonly has: { readonly accounts: boolean; readonly users: boolean; readonly callout: boolean }
}

/** `undefined` when nobody is trusted whose JWTs could be shown. (`spec/nats.md` §4.6) */
export function operatorOptions(
  choose: Choice,
  { surroundings, error, has }: OperatorContext,
): OperatorOptions | undefined {
  const { nats } = schema
  const operators = choose(nats.operators) ?? []
  const trustedKeys = choose(nats.trustedKeys)
  const defaultSentinel = choose(nats.defaultSentinel)
  const preload = choose(nats.preload)
  const [only, ...others] = operators
  const alone = others.length === 0 ? only?.claims : undefined
  const systemAccount = choose(nats.systemAccount) ?? (alone?.systemAccount || undefined)
  const resolver = withTls(choose(nats.resolver) ?? resolverOf(alone?.accountServerUrl))

  if (only === undefined) {
    if (defaultSentinel !== undefined) error('default sentinel requires operators and accounts')
  } else {
    if (resolver === undefined) error('operators require an account resolver to be configured')
    if (has.accounts) error('operators do not allow Accounts to be configured directly')
    if (has.users) error('operators do not allow users to be configured directly')
    if (has.callout) error('operators do not allow authorization callouts to be configured directly')
  }
  if (resolver?.kind === 'url' && Object.keys(preload).length > 0) {
    error('resolver preloads only available for writeable resolver types MEM/DIR/CACHE_DIR')
  }
  if (only === undefined && trustedKeys.length === 0) return undefined
  const options = {
    operators: operators.map(({ jwt }) => jwt),
    trustedKeys,
    systemAccount,
    resolver: resolver ?? { kind: 'memory' },
    preload,
    defaultSentinel,
    pinnedAccounts: choose(nats.pinnedAccounts),
  }
  try {
    trustOf(options, undefined)
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    error(cause.message)
  }
  return options

  function withTls(resolver: ResolverOptions | undefined): ResolverOptions | undefined {
    const tls = choose(nats.resolverTls)
    if (resolver?.kind !== 'url' || tls === undefined) return resolver
    const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(surroundings.cwd, path))
    const files = { caFile: absolute(tls.caFile), certFile: absolute(tls.certFile), keyFile: absolute(tls.keyFile) }
    return { ...resolver, tls: { ...tls, ...files } }
  }
}

/** Tools that publish accounts put them below this path. */
function resolverOf(accountServerUrl = ''): ResolverOptions | undefined {
  if (accountServerUrl === '') return undefined
  try {
    return urlResolver(`${accountServerUrl}/accounts`)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    return undefined
  }
}
