import type { Clock, Timer } from '#kit'
import { decodeGenericJwt } from '../jwt/index.ts'
import type { ResolverOptions } from '../options.ts'
import { JwtFolder } from './jwt-folder.ts'
import type { AccountResolver } from './resolver.ts'

export type DirectoryOptions = Extract<ResolverOptions, { kind: 'directory' }>

/** JWTs that a `cache` keeps unless it is told how many. nats-server's. */
const CACHE_LIMIT = 1_000
const MAX_EXPIRE_INTERVAL_MS = 60_000

export interface DirectoryTools {
  readonly clock: Clock
  /** There is another JWT of the account. */
  changed(account: string, token: string): void
  /** Asks in the system account; `undefined` when nobody answers in time. */
  ask?(subject: string, payload: Buffer, timeoutMs: number): Promise<Buffer | undefined>
}

/** Keeps JWTs in a directory: all that there are, or those that were asked for lately. (`resolver { type: full | cache }`) */
export class DirectoryResolver implements AccountResolver {
  readonly keepsUpdates = true
  readonly mode: 'full' | 'cache'
  readonly allowsDelete: boolean
  readonly #options: DirectoryOptions
  readonly #tools: DirectoryTools
  readonly #folder: JwtFolder
  readonly #timer: Timer

  private constructor(options: DirectoryOptions, tools: DirectoryTools, folder: JwtFolder) {
    this.mode = options.mode
    this.allowsDelete = options.mode === 'cache' || options.allowsDelete
    this.#options = options
    this.#tools = tools
    this.#folder = folder
    const interval = Math.min(options.ttlMs > 0 ? options.ttlMs / 2 : MAX_EXPIRE_INTERVAL_MS, MAX_EXPIRE_INTERVAL_MS)
    // A file that cannot be removed now is tried again.
    this.#timer = tools.clock.every(interval, () => void folder.expire().catch(() => undefined))
  }

  /** Rejects with a `ConfigError` when the directory cannot be used. */
  static async open(options: DirectoryOptions, tools: DirectoryTools): Promise<DirectoryResolver> {
    const isCache = options.mode === 'cache'
    const folder = await JwtFolder.open({
      folder: options.folder,
      limit: options.limit || (isCache ? CACHE_LIMIT : 0),
      evicts: isCache,
      ttlMs: isCache ? options.ttlMs : 0,
      now: () => tools.clock.now(),
    })
    return new DirectoryResolver(options, tools, folder)
  }

  get hash(): Buffer {
    return this.#folder.hash
  }

  async fetch(account: string): Promise<string> {
    const token = (await this.#folder.load(account))?.trim()
    if (token) return token
    const { ask } = this.#tools
    // Who has all of them has nobody to ask: the other servers are none of a cluster of ours.
    if (this.mode === 'full' || ask === undefined) throw new Error('account jwt not found')
    const { fetchTimeoutMs } = this.#options
    const subject = `$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`
    const answer = await ask.call(this.#tools, subject, Buffer.alloc(0), fetchTimeoutMs)
    if (answer === undefined) throw new Error('fetching jwt timed out')
    if (answer.length === 0) throw new Error('account jwt not found')
    const found = answer.toString('utf8').trim()
    await this.#folder.saveIfNewer(account, found)
    return found
  }

  /** As it lies in the directory; `undefined`: not there. */
  lookup(account: string): Promise<string | undefined> {
    return this.#folder.load(account)
  }

  async save(account: string, token: string): Promise<void> {
    if (await this.#folder.save(account, token)) this.#tools.changed(account, token)
  }

  /** For those that are there from the start. */
  async preload(account: string, token: string): Promise<void> {
    await this.#folder.saveIfNewer(account, token)
  }

  /** Whether there was one. */
  delete(account: string): Promise<boolean> {
    return this.#folder.remove(account, this.mode === 'full' && !this.#options.deletesHard)
  }

  /** All that have not expired, one after the other. */
  async *all(): AsyncGenerator<readonly [account: string, token: string]> {
    for (const account of this.#folder.keys()) {
      const token = await this.#folder.peek(account)
      if (token === undefined || token === '') continue
      const decoded = decodeGenericJwt(token.trim())
      const expiresAt = decoded.ok ? decoded.claims.expiresAt : 0
      if (expiresAt === 0 || expiresAt * 1000 >= this.#tools.clock.now()) yield [account, token]
    }
  }

  async reload(): Promise<void> {
    for (const account of await this.#folder.reload()) {
      const token = (await this.#folder.load(account))?.trim()
      if (token) this.#tools.changed(account, token)
    }
  }

  async close(): Promise<void> {
    this.#timer.cancel()
    // Waits for what is being written.
    await this.#folder.expire().catch(() => undefined)
  }
}
