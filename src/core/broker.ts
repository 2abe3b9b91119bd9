import { type Clock, systemClock } from '#kit'
import { Account, type AccountTools } from './account.ts'
import type { AccountDefinition } from './account-definition.ts'
import { SYSTEM_ACCOUNT } from './account-names.ts'
import { linkImports } from './imports.ts'

export interface BrokerTimes {
  readonly clock?: Clock
  /** Milliseconds, with fractions, since whenever. */
  monotonicMs?(): number
}

const monotonicNow = () => performance.now()

/** All accounts of one server. */
export class Broker {
  readonly #accounts = new Map<string, Account>()
  /** By the name of the exporter. */
  readonly #importers = new Map<string, Set<Account>>()
  readonly #tools: AccountTools
  /** The name of the account in which the server speaks of itself. */
  systemAccount = SYSTEM_ACCOUNT

  /**
   * `random` answers a whole number from 0 up to, not including, its argument: which member of a queue group is next.
   * `clock` says how long an answer of another account's service is waited for, `monotonicMs` how long it took.
   */
  constructor(
    random: (below: number) => number,
    { clock = systemClock, monotonicMs = monotonicNow }: BrokerTimes = {},
  ) {
    this.#tools = { random, clock, monotonicMs, isSystemAccount: (name) => name === this.systemAccount }
  }

  /** The account of that name; made when it is asked for first. Names come from the configuration, never from clients. */
  account(name: string): Account {
    let account = this.#accounts.get(name)
    if (account === undefined) {
      account = new Account(name, this.#tools)
      this.#accounts.set(name, account)
    }
    return account
  }

  /** `undefined`: nobody asked for it so far, and it is not defined. */
  find(name: string): Account | undefined {
    return this.#accounts.get(name)
  }

  /**
   * Adds these accounts or gives them new definitions; others stay as they are. What they import and what is imported of
   * them is linked anew, subscriptions included, between two messages. What cannot be (see `checkDefinitions`) is left
   * out.
   */
  define(definitions: readonly AccountDefinition[]): void {
    const changed = definitions.map((definition) => {
      const account = this.account(definition.name)
      this.#noteImports(account, definition)
      account.define(definition)
      return account
    })
    this.#link(changed)
  }

  /**
   * The account, its imports and its exports are gone; one of that name that is asked for later is another. Those who
   * are in it are the caller's to send away.
   */
  forget(name: string): void {
    const account = this.#accounts.get(name)
    if (account === undefined) return
    this.#accounts.delete(name)
    this.#noteImports(account, undefined)
    account.define(undefined)
    this.#link([account])
    for (const other of this.#accounts.values()) {
      other.forgetRequestsOf(account)
      account.forgetRequestsOf(other)
    }
  }

  /** Those that were asked for so far. */
  accounts(): IterableIterator<Account> {
    return this.#accounts.values()
  }

  /** Links the imports of these accounts and of all that import from them. */
  #link(changed: readonly Account[]): void {
    const concerned = new Set(changed)
    for (const { name } of changed) for (const importer of this.#importers.get(name) ?? []) concerned.add(importer)
    for (const account of concerned) account.link(linkImports(account.definition, (name) => this.#accounts.get(name)))
  }

  #noteImports(importer: Account, definition: AccountDefinition | undefined): void {
    for (const { account } of importer.definition?.imports ?? []) {
      const importers = this.#importers.get(account)
      importers?.delete(importer)
      if (importers?.size === 0) this.#importers.delete(account)
    }
    for (const { account } of definition?.imports ?? []) {
      const importers = this.#importers.get(account) ?? new Set()
      this.#importers.set(account, importers.add(importer))
    }
  }
}
