import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '#kit'
import { decodeGenericJwt, MAX_JWT_LENGTH } from '../jwt/index.ts'
import { isPublicKey } from '../nkeys.ts'

const EXTENSION = '.jwt'
const HASH_BYTES = 32
const FOLDER_MODE = 0o750
const FILE_MODE = 0o640
/** What a write left that did not come to its end. */
const TEMPORARY = /^\.[A-Z2-7]{56}\.[0-9a-f]+\.tmp$/

export interface JwtFolderOptions {
  readonly folder: string
  /** JWTs kept; 0: any number. */
  readonly limit: number
  /** Whether the one that was used least lately makes room for another at the limit. */
  readonly evicts: boolean
  /** Milliseconds after its last use at which a JWT goes; 0: it goes when it expires. */
  readonly ttlMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface Entry {
  /** SHA-256 of the file. */
  readonly hash: Buffer
  /** Milliseconds since the epoch. */
  readonly goesAtMs: number
}

/**
 * JWTs of accounts as files `<public key>.jwt`, as nats-server and its tools keep them. The folder is this server's
 * alone. One thing is done at a time; a file is there as a whole or not at all.
 */
export class JwtFolder {
  readonly #options: JwtFolderOptions
  /** Those that were used least lately come first. */
  readonly #entries = new Map<string, Entry>()
  /** Of all files: equal folders have equal sums, whatever the order. */
  readonly #sum = Buffer.alloc(HASH_BYTES)
  #last: Promise<unknown> = Promise.resolve()

  private constructor(options: JwtFolderOptions) {
    this.#options = options
  }

  /** Makes the folder when it is missing. Rejects with a `ConfigError` when it cannot be used. */
  static async open(options: JwtFolderOptions): Promise<JwtFolder> {
    const folder = new JwtFolder(options)
    try {
      await mkdir(options.folder, { recursive: true, mode: FOLDER_MODE })
      await folder.reload()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new ConfigError(`cannot use the resolver's directory "${options.folder}": ${code}`, { cause: error })
    }
    return folder
  }

  /** XOR of the SHA-256 of all files: what servers compare to find out whether they have the same. */
  get hash(): Buffer {
    return Buffer.from(this.#sum)
  }

  /** In alphabetical order. */
  keys(): readonly string[] {
    return [...this.#entries.keys()].sort()
  }

  /** `undefined`: there is none. Rejects when the file cannot be read. */
  load(account: string): Promise<string | undefined> {
    return this.#inTurn(() => this.#load(account))
  }

  /** The same, but that is no use of it. */
  peek(account: string): Promise<string | undefined> {
    return this.#inTurn(() => this.#read(account))
  }

  /** Whether that changed something. Rejects with an `Error` that says why it cannot be saved. */
  save(account: string, token: string): Promise<boolean> {
    return this.#inTurn(() => this.#save(account, token))
  }

  /** The same, but keeps what it has when that is of a later time. */
  saveIfNewer(account: string, token: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const existing = decodeGenericJwt((await this.#load(account)) ?? '')
      const coming = decodeGenericJwt(token)
      if (!coming.ok) throw new Error(coming.reason)
      if (coming.claims.subject !== account) throw new Error('jwt subject nkey and provided nkey do not match')
      if (existing.ok) {
        const { id, issuedAt } = existing.claims
        if (id === coming.claims.id || issuedAt > coming.claims.issuedAt) return false
      }
      return this.#save(account, token)
    })
  }

  /** Whether there was one. `isKept`: under another name, where nobody looks for it. */
  remove(account: string, isKept: boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      const file = this.#fileOf(account)
      try {
        await (isKept ? rename(file, `${file}.deleted`) : rm(file))
      } catch (error) {
        if (isMissing(error)) return false
        throw error
      }
      this.#untrack(account)
      return true
    })
  }

  /** Removes those whose time has come. */
  expire(): Promise<void> {
    return this.#inTurn(async () => {
      const nowMs = this.#options.now()
      for (const [account, { goesAtMs }] of this.#entries) {
        if (goesAtMs > nowMs) continue
        await rm(this.#fileOf(account), { force: true })
        this.#untrack(account)
      }
    })
  }

  /** Looks at the files anew. Which of them are new or other than they were. */
  reload(): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const { folder } = this.#options
      const before = new Map(this.#entries)
      this.#entries.clear()
      this.#sum.fill(0)
      const changed: string[] = []
      for (const name of await readdir(folder)) {
        if (TEMPORARY.test(name)) await rm(path.join(folder, name), { force: true })
        const account = path.basename(name, EXTENSION)
        if (name === account || !isPublicKey(account, 'account')) continue
        const token = await this.#read(account)
        if (token === undefined) continue
        const hash = this.#track(account, token)
        if (!before.get(account)?.hash.equals(hash)) changed.push(account)
      }
      return changed
    })
  }

  async #load(account: string): Promise<string | undefined> {
    const token = await this.#read(account)
    if (token !== undefined) this.#touch(account)
    return token
  }

  async #read(account: string): Promise<string | undefined> {
    const file = this.#fileOf(account)
    try {
      if ((await stat(file)).size > MAX_JWT_LENGTH) throw new Error(`"${file}" is too large for a JWT`)
      return await readFile(file, 'utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async #save(account: string, token: string): Promise<boolean> {
    if (token === '') throw new Error('invalid JWT')
    const file = this.#fileOf(account)
    const { limit, evicts } = this.#options
    const existing = this.#entries.get(account)
    if (existing !== undefined) {
      this.#touch(account)
      if (existing.hash.equals(hashOf(token))) return false
    } else if (limit > 0 && this.#entries.size >= limit) {
      if (!evicts) throw new Error('jwt store is full')
      const least = this.#entries.keys().next().value as string
      await rm(this.#fileOf(least), { force: true })
      this.#untrack(least)
    }
    const temporary = path.join(this.#options.folder, `.${account}.${randomBytes(6).toString('hex')}.tmp`)
    const handle = await open(temporary, 'wx', FILE_MODE)
    try {
      await handle.writeFile(token)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    this.#track(account, token)
    return true
  }

  #track(account: string, token: string): Buffer {
    this.#untrack(account)
    const hash = hashOf(token)
    this.#entries.set(account, { hash, goesAtMs: this.#goesAtMs(token) })
    this.#toggle(hash)
    return hash
  }

  #untrack(account: string): void {
    const entry = this.#entries.get(account)
    if (entry !== undefined) this.#toggle(entry.hash)
    this.#entries.delete(account)
  }

  /** It was used just now. */
  #touch(account: string): void {
    const entry = this.#entries.get(account)
    const { ttlMs, now } = this.#options
    if (entry === undefined) return
    this.#entries.delete(account)
    this.#entries.set(account, ttlMs === 0 ? entry : { ...entry, goesAtMs: now() + ttlMs })
  }

  #goesAtMs(token: string): number {
    const { ttlMs, now } = this.#options
    if (ttlMs > 0) return now() + ttlMs
    const decoded = decodeGenericJwt(token)
    return decoded.ok && decoded.claims.expiresAt > 0 ? decoded.claims.expiresAt * 1000 : Number.POSITIVE_INFINITY
  }

  #toggle(hash: Buffer): void {
    for (const [index, byte] of hash.entries()) this.#sum[index] = (this.#sum[index] as number) ^ byte
  }

  #fileOf(account: string): string {
    // A key has only letters and digits, so it leads nowhere else.
    if (!isPublicKey(account, 'account')) throw new Error('invalid public key')
    return path.join(this.#options.folder, account + EXTENSION)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
