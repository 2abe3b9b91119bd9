import type { LeafnodesOptions, LeafRemoteOptions } from '#config'
import type { Account, Broker } from '#core'
import { type LeafDoor, LeafRemote } from '#doors/nats'
import { ConfigError } from '#kit'
import { type ClientTlsSettings, formatAddress, readClientTls, type WebSocketCompression } from '#net'
import type { ReloadStep } from '../reload/reload-step.ts'
import type { Authority } from './authority.ts'

export interface LeafRemotesTools {
  readonly door: LeafDoor
  readonly broker: Broker
  readonly authority: Pick<Authority, 'operator'>
  readonly compression: WebSocketCompression
}

export type LeafRemotesOptions = Pick<LeafnodesOptions, 'remotes' | 'reconnectMs'>

/** A remote with what its files say. */
interface Entry {
  readonly options: LeafRemoteOptions
  /** Exchanged by a reload; the link that there is does not mind. */
  tls: () => Promise<ClientTlsSettings>
  readonly remote: LeafRemote
}

/** Links to the `remotes` of `leafnodes {}`, and to whichever others there are. */
export class LeafRemotes {
  readonly #tools: LeafRemotesTools
  readonly #entries = new Map<string, Entry>()
  readonly #others = new Set<LeafRemote>()
  #reconnectMs = 1_000

  constructor(tools: LeafRemotesTools) {
    this.#tools = tools
  }

  /**
   * Reads what is in files. Those that stay as they are keep their links. Rejects with a `ConfigError`; nothing has
   * changed then.
   */
  async prepare({ remotes, reconnectMs }: LeafRemotesOptions): Promise<ReloadStep> {
    const next = new Map<string, Pick<Entry, 'options' | 'tls'>>()
    for (const options of remotes) next.set(JSON.stringify(options), { options, tls: await tlsOf(options) })
    return {
      install: () => {
        this.#reconnectMs = reconnectMs
        for (const [key, { remote }] of this.#entries) {
          if (next.has(key)) continue
          this.#entries.delete(key)
          remote.close()
        }
        for (const [key, { options, tls }] of next) this.#install(key, options, tls)
      },
      undo: async () => {},
    }
  }

  /**
   * One besides those of the configuration, for as long as the server runs, over which `covers` are announced instead of
   * what they cover. `onLink` is told of its link, and of its end. Rejects with a `ConfigError`.
   */
  async add(
    options: LeafRemoteOptions,
    hooks: Pick<ConstructorParameters<typeof LeafRemote>[1], 'covers' | 'onLink'>,
  ): Promise<LeafRemote> {
    const remote = new LeafRemote(options, { ...this.#remoteTools(await tlsOf(options)), ...hooks })
    this.#others.add(remote)
    remote.start()
    return remote
  }

  /** To be called when accounts may be others: a link belongs to one that there is. */
  recheck(): void {
    for (const { remote } of this.#entries.values()) this.#recheck(remote)
    for (const remote of this.#others) this.#recheck(remote)
  }

  /** Ends the links and tries to make no more. */
  close(): void {
    for (const { remote } of this.#entries.values()) remote.close('Server Shutdown')
    for (const remote of this.#others) remote.close('Server Shutdown')
    this.#entries.clear()
    this.#others.clear()
  }

  #recheck(remote: LeafRemote): void {
    const { link, options } = remote
    if (link !== undefined && this.#tools.broker.find(options.account) !== link.account) remote.drop('Missing Account')
  }

  #install(key: string, options: LeafRemoteOptions, tls: Entry['tls']): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.tls = tls
      return
    }
    const entry: Entry = {
      options,
      tls,
      remote: new LeafRemote(
        options,
        this.#remoteTools(() => entry.tls()),
      ),
    }
    this.#entries.set(key, entry)
    entry.remote.start()
  }

  #remoteTools(tls: Entry['tls']) {
    const { door, compression } = this.#tools
    return {
      door,
      compression,
      tls,
      reconnectMs: () => this.#reconnectMs,
      account: (name: string) => this.#account(name),
    }
  }

  /** With operators it may have to be asked for first. */
  async #account(name: string): Promise<Account | undefined> {
    const { authority, broker } = this.#tools
    await authority.operator?.lookUpAccount(name)
    return broker.find(name)
  }
}

/** Files are read now, so that what is wrong with them is found at once; the system's authorities only when they are needed. */
async function tlsOf({ tls, urls }: LeafRemoteOptions): Promise<Entry['tls']> {
  if (tls === undefined) {
    let defaults: Promise<ClientTlsSettings> | undefined
    return () => (defaults ??= readClientTls())
  }
  try {
    const settings = await readClientTls(tls)
    return async () => settings
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`leafnode remote ${formatAddress(urls[0]!)}: ${error.message}`, { cause: error })
  }
}
