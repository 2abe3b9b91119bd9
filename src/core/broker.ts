import { Account } from './account.ts'
import type { AccountDefinition } from './account-definition.ts'

/** The account of everybody who names none, as in nats-server. */
export const DEFAULT_ACCOUNT = '$G'

/** The account in which nats-server speaks of itself. */
export const SYSTEM_ACCOUNT = '$SYS'

/** All accounts of one server. */
export class Broker {
  readonly #accounts = new Map<string, Account>()
  readonly #random: (below: number) => number

  /** `random` answers a whole number from 0 up to, not including, its argument: which member of a queue group is next. */
  constructor(random: (below: number) => number) {
    this.#random = random
  }

  /** The account of that name; made when it is asked for first. Names come from the configuration, never from clients. */
  account(name: string): Account {
    let account = this.#accounts.get(name)
    if (account === undefined) {
      account = new Account(name, this.#random)
      this.#accounts.set(name, account)
    }
    return account
  }

  /** `undefined`: nobody asked for it so far, and it is not defined. */
  find(name: string): Account | undefined {
    return this.#accounts.get(name)
  }

  /** Adds these accounts or gives them new definitions. What is subscribed follows at once. */
  define(definitions: readonly AccountDefinition[]): void {
    for (const definition of definitions) this.account(definition.name).definition = definition
  }

  /** The account and what it exports are gone. Those who are in it are the caller's to send away. */
  forget(name: string): void {
    this.#accounts.delete(name)
  }

  /** Those that were asked for so far. */
  accounts(): IterableIterator<Account> {
    return this.#accounts.values()
  }
}
