import { randomBytes } from 'node:crypto'
import {
  type Authenticator,
  type AuthenticatorTools,
  authTimeoutMs,
  type CalloutTools,
  createCallout,
  LoginFailures,
  type OperatorMode,
  type OperatorOptions,
  openOperatorMode,
  slowedDown,
} from '#auth'
import type { NatsOptions } from '#config'
import {
  type AccountDefinition,
  type Broker,
  DEFAULT_ACCOUNT,
  emptyAccount,
  RequestClient,
  SYSTEM_ACCOUNT,
} from '#core'
import { PROTOCOL_VERSION, type ServerIdentity } from '#doors/nats'
import type { Clock, Logger } from '#kit'
import { withSystemServices } from '#ops'
import { boundedLog, FAILURES } from '../bounded-log.ts'
import { inSteps, type ReloadStep } from '../reload/reload-step.ts'

export interface AuthorityTools {
  readonly broker: Broker
  readonly clock: Clock
  readonly logger: Logger
  readonly identity: ServerIdentity
  /** Asked before the configuration is. */
  readonly others?: AuthenticatorTools['others']
  /** What the connections of an account may do is another by now. */
  changed(account: string): void
  /** `server` in what is said in the system account. */
  stamp(): object
}

export type AuthorityOptions = Pick<
  NatsOptions,
  'host' | 'serverTags' | 'authorization' | 'accounts' | 'systemAccount' | 'tls'
>

/** What is in force once its `step` is installed. */
export interface PreparedAuthority {
  /** What the authenticators of the listeners ask. */
  readonly tools: AuthenticatorTools
  /** In operator mode: asks for the JWT of an account that nobody's login has asked for. Never rejects. */
  readonly hasAccount?: ((name: string) => Promise<boolean>) | undefined
  readonly step: ReloadStep
}

/** Operator mode with what it was opened for. */
interface OpenedOperator {
  readonly options: string
  readonly mode: OperatorMode
  /** From now on what it says of accounts counts. */
  install(): void
}

/**
 * Accounts, and whom the authenticators of the listeners ask, for as long as the server runs: a reload exchanges what is
 * other and keeps the rest, with what it remembers.
 */
export class Authority {
  readonly #tools: AuthorityTools
  readonly #failures: LoginFailures
  readonly #requests: RequestClient
  #operator: OpenedOperator | undefined
  /** Names of the accounts that the configuration defines. */
  #defined: ReadonlySet<string> = new Set()

  constructor(tools: AuthorityTools) {
    const { broker, clock } = tools
    this.#tools = tools
    this.#failures = new LoginFailures({ clock })
    this.#requests = new RequestClient({ broker, clock, randomBytes })
  }

  /** The same, for logins that others judge: who fails again and again waits for the answer. */
  slowedDown(authenticator: Authenticator, maxDelayMs: () => number): Authenticator {
    return slowedDown(authenticator, { failures: this.#failures, maxDelayMs })
  }

  get operator(): OperatorMode | undefined {
    return this.#operator?.mode
  }

  /** Rejects with a `ConfigError` for what is wrong with JWTs and folders; nothing has changed then. */
  async prepare(options: AuthorityOptions): Promise<PreparedAuthority> {
    const { authorization, accounts, systemAccount } = options
    let operator: OpenedOperator | undefined
    const step = await inSteps(async (add) => {
      operator = await this.#prepareOperator(options, add)
      const system = operator?.mode.systemAccount ?? systemAccount ?? SYSTEM_ACCOUNT
      const install = () => {
        this.#tools.broker.systemAccount = system
        // In operator mode a JWT says what the system account is.
        const own = operator?.mode.systemAccount === undefined ? [DEFAULT_ACCOUNT, system] : [DEFAULT_ACCOUNT]
        this.#define(withAccounts(accounts, own).map((one) => withSystemServices(one, system)))
      }
      add({ install, undo: async () => {} })
    })
    const { callout } = authorization
    const { others } = this.#tools
    const mode = operator?.mode
    return {
      step,
      hasAccount: mode && (async (name) => (await mode.lookUpAccount(name)) !== undefined),
      tools: {
        others,
        failures: this.#failures,
        operator: operator?.mode,
        callout: callout && createCallout(callout, this.#calloutTools(options, accounts)),
      },
    }
  }

  async close(): Promise<void> {
    await this.#operator?.mode.close()
  }

  /** What is open already goes on, unless it would be another one. */
  async #prepareOperator(
    options: AuthorityOptions,
    add: (step: ReloadStep) => void,
  ): Promise<OpenedOperator | undefined> {
    const { operator } = options.authorization
    const before = this.#operator
    if (operator !== undefined && before?.options === JSON.stringify(operator)) {
      add({ install: () => void before.mode.reload(), undo: async () => {} })
      return before
    }
    const next = operator && (await this.#openOperator(operator, options))
    const install = () => {
      this.#operator = next
      next?.install()
      void before?.mode.close()
    }
    add({ install, undo: async () => next?.mode.close() })
    return next
  }

  /** What it defines before it is installed waits: it may come to nothing. */
  async #openOperator(operator: OperatorOptions, options: AuthorityOptions): Promise<OpenedOperator> {
    const { broker, clock, logger, changed, stamp } = this.#tools
    const systemAccount = operator.systemAccount ?? SYSTEM_ACCOUNT
    let waiting: Map<string, AccountDefinition> | undefined = new Map()
    const mode = await openOperatorMode(operator, {
      clock,
      // Strangers cause lines with every account that they make up.
      logger: boundedLog(logger, clock, FAILURES),
      ask: async (subject, payload, timeoutMs) => {
        const answer = await this.#requests.request(systemAccount, { subject, payload }, timeoutMs)
        return answer?.payload
      },
      stamp,
      define: (definition) => {
        if (waiting === undefined) broker.define([withSystemServices(definition, systemAccount)])
        else waiting.set(definition.name, definition)
      },
      forget: (account) => {
        if (waiting === undefined) broker.forget(account)
        else waiting.delete(account)
      },
      changed,
      isInUse: (account) => (broker.find(account)?.connectionCount ?? 0) > 0,
      calloutFor: (callout) =>
        createCallout(callout, {
          ...this.#calloutTools(options, []),
          operator: {
            accountClaims: (name) => mode.lookUpAccount(name),
            signerOf: (account, key) => mode.signerOf(account, key),
          },
        }),
    })
    return {
      options: JSON.stringify(operator),
      mode,
      install: () => {
        const definitions = [...(waiting?.values() ?? [])]
        broker.define(definitions.map((one) => withSystemServices(one, systemAccount)))
        waiting = undefined
      },
    }
  }

  #calloutTools(options: AuthorityOptions, accounts: readonly AccountDefinition[]): CalloutTools {
    const { clock, identity } = this.#tools
    const names = new Set([DEFAULT_ACCOUNT, ...accounts.map(({ name }) => name)])
    return {
      clock,
      server: { ...identity, host: options.host, tags: options.serverTags, version: PROTOCOL_VERSION },
      ask: (account, request, timeoutMs) => this.#requests.request(account, request, timeoutMs),
      timeoutMs: authTimeoutMs({ main: options.authorization, tlsTimeoutMs: options.tls?.timeoutMs }),
      hasAccount: (name) => names.has(name),
    }
  }

  /** Those that are no more are forgotten: whoever is in one of them is sent away by the recheck that follows. */
  #define(definitions: readonly AccountDefinition[]): void {
    const { broker } = this.#tools
    const names = new Set(definitions.map(({ name }) => name))
    for (const name of this.#defined.difference(names)) broker.forget(name)
    broker.define(definitions)
    this.#defined = names
  }
}

/** With those that are there whether or not anybody defines them. */
function withAccounts(accounts: readonly AccountDefinition[], own: readonly string[]): readonly AccountDefinition[] {
  const missing = own.filter((name) => !accounts.some((one) => one.name === name))
  return [...missing.map(emptyAccount), ...accounts]
}
