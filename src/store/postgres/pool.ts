import type { Duplex } from 'node:stream'
import pg from 'pg'
import type { Clock, Logger } from '#kit'
import type { PostgresOptions } from '../options.ts'
import { DatabaseUnavailable } from '../unavailable.ts'
import { describeAddress, type PostgresAddress } from './address.ts'
import { connectionTo } from './connection.ts'
import { isAway, isHindered, isLost, isUnstorable, reasonOf, UnstorableValue } from './failure.ts'
import { Outages } from './outages.ts'
import { sessionSetup } from './session-setup.ts'

/** How much longer than the server we give it for a statement, before the connection is taken for dead. */
const ANSWER_GRACE_MS = 5_000

export interface PoolTools {
  readonly address: PostgresAddress
  /** See `instanceMark`. */
  readonly mark: number
  readonly clock: Clock
  readonly logger: Logger
  /** See `StoreTools`. */
  readonly onOutage: (sinceMs: number) => void
}

/**
 * The connections of one store, in the form in which Kysely's driver asks for them. One that breaks costs what is asked on it and goes;
 * the next caller gets another, so nobody has to do anything when PostgreSQL is back.
 */
export class PostgresPool {
  /** Kysely wants to see them for cancelling queries, which nobody here does. */
  readonly options = {}
  readonly #address: PostgresAddress
  readonly #pool: pg.Pool
  readonly #clients = new WeakMap<pg.PoolClient, PooledClient>()
  readonly #clock: Clock
  readonly #outages: Outages
  /** Callers that have a connection or wait for one. */
  #callers = 0
  #closing: { readonly promise: Promise<void>; resolve(): void } | undefined
  #ended: Promise<void> | undefined

  /** Throws the file system's error when a certificate's file cannot be read. */
  constructor(options: PostgresOptions, { address, mark, clock, logger, onOutage }: PoolTools) {
    this.#address = address
    this.#clock = clock
    this.#outages = new Outages({ clock, ping: () => this.#ping(), onOver: onOutage })
    this.#pool = new pg.Pool({
      Client: TidyClient,
      ...connectionTo(address),
      ...(options.statementTimeoutMs > 0 && { query_timeout: options.statementTimeoutMs + ANSWER_GRACE_MS }),
      max: options.maxConnections,
      min: options.minConnections,
      connectionTimeoutMillis: options.acquireTimeoutMs,
      idleTimeoutMillis: options.idleTimeoutMs,
      onConnect: async (client) => void (await client.query(sessionSetup(options, mark))),
    })
    // The driver has nobody else to tell, and an `error` event without a listener ends the process.
    this.#pool.on('error', (error) =>
      logger.warn({ database: describeAddress(address), reason: reasonOf(error) }, 'idle database connection lost'),
    )
    this.#pool.on('connect', (client) => {
      client.on('error', () => undefined)
      this.#clients.set(client, new PooledClient(client, this))
    })
  }

  /** Rejects with DatabaseUnavailable when there is no connection to be had in time. */
  async connect(): Promise<PooledClient> {
    if (this.#closing) throw new Error('The store is closed')
    this.#callers++
    const sinceMs = this.now()
    try {
      return this.#clients.get(await this.#acquire())!
    } catch (error) {
      this.callerIsDone()
      // One that has no place to spare is not away, and to ask it more would not help.
      if (isAway(error)) this.onLost(sinceMs)
      throw this.unavailable(error)
    }
  }

  /** A connection beside the pool, which the caller ends. */
  async connectBeside(): Promise<pg.Client> {
    if (this.#closing) throw new Error('The store is closed')
    const { password } = this.#pool.options
    const client = new TidyClient({ ...this.#pool.options, ...(password !== undefined && { password }) })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      throw this.unavailable(error)
    }
  }

  /** Resolves when everybody who asked for a connection before has given it back. */
  async settle(): Promise<void> {
    this.#closing ??= Promise.withResolvers()
    this.#outages.close()
    if (this.#callers === 0) this.#closing.resolve()
    await this.#closing.promise
  }

  /** Ends the connections, too. */
  async end(): Promise<void> {
    await this.settle()
    this.#ended ??= this.#pool.end()
    await this.#ended
  }

  /** For `PooledClient`. */
  callerIsDone(): void {
    this.#callers--
    if (this.#callers === 0) this.#closing?.resolve()
  }

  /** For `PooledClient`: the database could not be reached, with what was asked at that time. */
  onLost(sinceMs: number): void {
    this.#outages.begin(sinceMs)
  }

  /** For `PooledClient`. Milliseconds since the Unix epoch. */
  now(): number {
    return this.#clock.now()
  }

  unavailable(cause: unknown): DatabaseUnavailable {
    const database = describeAddress(this.#address)
    return new DatabaseUnavailable(`The database ${database} cannot be reached: ${reasonOf(cause)}`, { cause })
  }

  async #ping(): Promise<void> {
    const client = await this.connect()
    try {
      await client.query('SELECT 1')
    } finally {
      client.release()
    }
  }

  async #acquire(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      if (this.#address.sslMode !== 'prefer' || !/does not support SSL/.test(`${error}`)) throw error
      // So will every other connection be.
      this.#pool.options.ssl = false
      return await this.#pool.connect()
    }
  }
}

/** Ends when it cannot connect; the driver's own leaves a connection open that the server asks a password on in vain. */
class TidyClient extends pg.Client {
  override connect(): Promise<this>
  override connect(callback: (error: Error) => void): void
  override connect(callback?: (error: Error) => void): Promise<this> | undefined {
    if (callback === undefined) {
      return new Promise((resolve, reject) => this.connect((error) => (error ? reject(error) : resolve(this))))
    }
    super.connect((error: Error | null) => {
      // Not `end`, which waits for an answer.
      if (error) (this as unknown as { connection: { stream: Duplex } }).connection.stream.destroy()
      callback(error as Error)
    })
    return undefined
  }
}

/** A connection that somebody has for a while. */
export class PooledClient {
  readonly #client: pg.PoolClient
  readonly #pool: PostgresPool
  #isBroken = false

  constructor(client: pg.PoolClient, pool: PostgresPool) {
    this.#client = client
    this.#pool = pool
  }

  /**
   * Rejects with DatabaseUnavailable when the connection is lost, the answer does not come in time, or the server cannot do
   * it as things are, and with UnstorableValue for what there is no column for.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what the rows are is for the caller to know, as it is in the driver.
  async query<Row extends pg.QueryResultRow = any>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<pg.QueryResult<Row>> {
    // Behind a statement that is not answered the driver would only let others wait.
    if (this.#isBroken) throw this.#pool.unavailable(new Error('the connection broke before'))
    const sinceMs = this.#pool.now()
    try {
      return await this.#client.query(text, [...values])
    } catch (error) {
      if (isLost(error)) {
        this.#isBroken = true
        this.#pool.onLost(sinceMs)
        throw this.#pool.unavailable(error)
      }
      if (isHindered(error)) throw this.#pool.unavailable(error)
      // It quotes what is in the row: vault contents belong into no log.
      if (error instanceof pg.DatabaseError) error.detail = undefined
      throw isUnstorable(error) ? new UnstorableValue(reasonOf(error), { cause: error }) : error
    }
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#isBroken)
    this.#pool.callerIsDone()
  }
}
