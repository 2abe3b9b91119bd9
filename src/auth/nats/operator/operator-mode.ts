import { type Clock, ConfigError, type Logger, type Timer } from '#kit'
import type { Judge } from '../delegated-login.ts'
import { type AccountClaims, decodeJwt, problemsOf } from '../jwt/index.ts'
import type { CalloutOptions, OperatorOptions } from '../options.ts'
import { Accounts, type AccountsTools } from './accounts.ts'
import { ClaimsRequests } from './claims-requests.ts'
import { DirectoryResolver } from './directory-resolver.ts'
import { OperatorLogin } from './login.ts'
import { type AccountResolver, MemoryResolver } from './resolver.ts'
import { signerOf, type Trust, trustOf } from './trust.ts'
import { UrlResolver } from './url-resolver.ts'

/** How often the JWT of a system account is looked for that has none yet, in milliseconds. */
const STAND_IN_INTERVAL_MS = 1_000

export interface OperatorTools extends AccountsTools {
  readonly clock: Clock
  readonly logger: Logger
  /** For accounts whose JWT says that a service decides who may come in. */
  calloutFor?(options: CalloutOptions): Judge
  /** Asks in the system account: how a directory of type `cache` gets what it does not have. */
  ask?(subject: string, payload: Buffer, timeoutMs: number): Promise<Buffer | undefined>
  /** `server` in answers in the system account; default: empty. */
  stamp?(): object
  /** `major.minor.patch` of the nats-server that this one is like; default: as new as any operator asks for. */
  readonly serverVersion?: string | undefined
}

export interface OperatorMode extends Judge {
  /** `undefined`: nobody asked for the account so far. */
  accountClaims(account: string): AccountClaims | undefined
  /** The JWT itself; `undefined` also for an account that has none yet. */
  accountJwt(account: string): string | undefined
  /** The same, but asks the resolver for those that are not known; `undefined`: there is none that is good. Never rejects. */
  lookUpAccount(account: string): Promise<AccountClaims | undefined>
  /** What `key` may sign for an account: `undefined` when nothing, with its scope when it has one. */
  signerOf(account: AccountClaims, key: string): ReturnType<typeof signerOf>
  /** Public key. */
  readonly systemAccount: string | undefined
  /**
   * Answers a message that was published to one of the subjects `$SYS.REQ.CLAIMS.*`, `$SYS.REQ.ACCOUNT.*.CLAIMS.*` and
   * `$SYS.ACCOUNT.*.CLAIMS.UPDATE` in the system account; `undefined`: not at all. Where several messages are the answer
   * (`PACK`), all but the last go to `tell`. Never rejects.
   */
  answer(subject: string, payload: Buffer, tell?: (answer: Buffer) => void): Promise<Buffer | undefined>
  /** Looks at what the resolver has anew. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** Starts operator mode. (`spec/nats.md` §4.6) Rejects with a `ConfigError` for what cannot be. */
export async function openOperatorMode(options: OperatorOptions, tools: OperatorTools): Promise<OperatorMode> {
  const { clock, logger } = tools
  const nowMs = () => clock.now()
  const trust = trustOf(options, tools.serverVersion)
  checkPreload(options, tools)
  const resolver = await openResolver(options, trust, {
    ...tools,
    changed: (account, token) => {
      const reason = accounts.update(account, token)
      if (reason !== undefined) logger.error({ account, reason }, 'update of an account failed')
    },
  })
  const accounts: Accounts = new Accounts({ trust, resolver, tools })
  const requests = new ClaimsRequests({
    trust,
    accounts,
    directory: resolver instanceof DirectoryResolver ? resolver : undefined,
    logger,
    nowMs,
    stamp: () => tools.stamp?.() ?? {},
  })
  const login = new OperatorLogin({
    trust,
    accounts,
    defaultSentinel: options.defaultSentinel,
    nowMs,
    calloutFor: tools.calloutFor?.bind(tools),
  })
  let standIn: Timer | undefined
  const close = async () => {
    standIn?.cancel()
    accounts.close()
    await resolver.close()
  }
  try {
    // As nats-server does, to see whether anybody is there.
    if (resolver instanceof UrlResolver) await resolver.fetch('').catch(asConfigError(''))
    standIn = await loadSystemAccount(trust, accounts, options, tools)
  } catch (error) {
    await close()
    throw error
  }
  if (options.operators.length > 0 && trust.systemAccount === undefined) {
    logger.warn({}, 'Trusted Operators should utilize a System Account')
  }
  return {
    login: login.login,
    recheck: (request, principal) => login.recheck(request, principal),
    accountClaims: (account) => accounts.claims(account),
    accountJwt: (account) => accounts.token(account),
    lookUpAccount: (account) => accounts.get(account).catch(() => undefined),
    signerOf: (account, key) => signerOf(account, key, trust),
    systemAccount: trust.systemAccount,
    answer: (subject, payload, tell) => requests.answer(subject, payload, tell),
    reload: async () => resolver.reload?.(),
    close,
  }
}

function checkPreload({ preload, resolver }: OperatorOptions, { clock, logger }: OperatorTools): void {
  const tokens = Object.entries(preload)
  if (tokens.length > 0 && resolver.kind === 'url') {
    throw new ConfigError('resolver preloads only available for writeable resolver types MEM/DIR/CACHE_DIR')
  }
  for (const [account, token] of tokens) {
    const decoded = decodeJwt(token.trim(), 'account')
    if (!decoded.ok) throw new ConfigError(`preload account error for ${JSON.stringify(account)}: ${decoded.reason}`)
    const problems = problemsOf(decoded.claims, clock.now())
    if (!problems.some(({ kind }) => kind !== 'warning')) continue
    logger.warn({ account, problems: problems.map(({ text }) => text) }, 'a preloaded account has validation issues')
  }
}

async function openResolver(
  { resolver, preload }: OperatorOptions,
  trust: Trust,
  tools: Pick<OperatorTools, 'clock' | 'ask' | 'logger'> & { changed(account: string, token: string): void },
): Promise<AccountResolver> {
  if (resolver.kind === 'url') return new UrlResolver(resolver)
  const tokens = Object.entries(preload).map(([account, token]) => [account, token.trim()] as const)
  if (resolver.kind === 'memory') return new MemoryResolver(Object.fromEntries(tokens))
  const { operator } = trust
  if (operator === undefined || (operator.usesSigningKeysOnly && operator.signingKeys.length === 0)) {
    throw new ConfigError('Could not start resolver: no operator key found')
  }
  const directory = await DirectoryResolver.open(resolver, tools)
  for (const [account, token] of tokens) await directory.preload(account, token).catch(asConfigError('preload: '))
  const { folder, mode } = resolver
  tools.logger.info({ folder }, `managing ${mode === 'full' ? 'all' : 'some'} jwt in exclusive directory`)
  return directory
}

/**
 * Without its system account a server does not start, unless the JWT may still come: its resolver may be filled by who
 * logs in to that very account. One stands in for it then, whose users its own key signs.
 */
async function loadSystemAccount(
  trust: Trust,
  accounts: Accounts,
  { resolver }: OperatorOptions,
  { clock, logger }: OperatorTools,
): Promise<Timer | undefined> {
  const { systemAccount, operator, operatorCount } = trust
  if (systemAccount === undefined) return undefined
  try {
    await accounts.get(systemAccount)
    return undefined
  } catch (error) {
    if (operator === undefined || operatorCount !== 1 || resolver.kind === 'memory') {
      return asConfigError("Can't set system account: ")(error)
    }
  }
  logger.info({ account: systemAccount }, 'using bootstrapping system account')
  accounts.standIn(bareAccount(systemAccount, operator.subject))
  const timer = clock.every(STAND_IN_INTERVAL_MS, () => {
    if (accounts.isStandIn(systemAccount)) void accounts.refresh(systemAccount)
    else timer.cancel()
  })
  return timer
}

function bareAccount(subject: string, issuer: string): AccountClaims {
  const nothing = { allow: [], deny: [] }
  return {
    type: 'account',
    version: 2,
    id: '',
    issuer,
    subject,
    audience: '',
    name: '',
    issuedAt: 0,
    expiresAt: 0,
    notBefore: 0,
    tags: [],
    exports: [],
    imports: [],
    limits: {
      subscriptions: -1,
      data: -1,
      payload: -1,
      imports: -1,
      exports: -1,
      allowsWildcardExports: true,
      disallowsBearer: false,
      connections: -1,
      leafNodes: -1,
    },
    signingKeys: new Map(),
    revocations: new Map(),
    defaultPermissions: { publish: nothing, subscribe: nothing, responses: undefined },
    mappings: new Map(),
    authorization: { authUsers: [], allowedAccounts: [], xkey: '' },
    description: '',
    infoUrl: '',
  }
}

function asConfigError(lead: string): (error: unknown) => never {
  return (error) => {
    throw new ConfigError(lead + (error as Error).message, { cause: error })
  }
}
