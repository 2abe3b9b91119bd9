/** Where the JWTs of accounts come from. */
export interface AccountResolver {
  /** Whether `CLAIMS.UPDATE` changes what it has, and not only accounts that are in use. */
  readonly keepsUpdates: boolean
  /** The JWT of an account, by its public key. Rejects with an `Error` whose message says why there is none. */
  fetch(account: string): Promise<string>
  /** Looks at what it has anew, and tells of what is other. */
  reload?(): Promise<void>
  close(): Promise<void>
}

/** Accounts that are known from the start. */
export class MemoryResolver implements AccountResolver {
  readonly keepsUpdates = false
  readonly #tokens: ReadonlyMap<string, string>

  constructor(tokens: Readonly<Record<string, string>>) {
    this.#tokens = new Map(Object.entries(tokens))
  }

  async fetch(account: string): Promise<string> {
    const token = this.#tokens.get(account)
    if (token === undefined) throw new Error('account missing')
    return token
  }

  async close(): Promise<void> {}
}
