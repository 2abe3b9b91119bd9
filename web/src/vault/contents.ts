import type { Api } from '../api/client.ts'
import { isObject, type JsonObject, objectsOf } from '../api/json.ts'
import { getSend } from '../api/sends.ts'
import { getFolder, getItem } from '../api/vault.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { decodeFolder, type Folder } from '../model/folder.ts'
import { summaryOf } from '../model/item-summary.ts'
import type { Notification, Noun } from '../model/notification.ts'
import { decodeSend, type Send } from '../model/send.ts'
import type { Session } from '../session/session.ts'
import type { Unlocked } from '../session/state.ts'
import { Cell } from '../state/cell.ts'
import { type Change, Changes } from './changes.ts'
import { emptyFolder } from './folders.ts'
import { Recent } from './recent.ts'
import { Records } from './records.ts'
import { SearchTexts } from './search-texts.ts'
import { type Holdings, isNotThere, type ListedItem } from './surroundings.ts'
import { Sync } from './sync.ts'
import { ALL, NEW, Writes } from './writes.ts'

const GET = { item: getItem, folder: getFolder, send: getSend }

export interface ContentsOptions {
  readonly api: Api
  /** Is told what the account's keys are by now. */
  readonly adopt: Session['adopt']
}

/** What a vault holds, and how it is kept as new as the server's: by syncs, and by what the hub tells. */
export class Contents {
  readonly holdings: Holdings = {
    item: new Records<ListedItem>(async (wire, key) => ({ ...(await summaryOf(wire, key)), id: String(wire.id) })),
    folder: new Records<Folder>(decodeFolder),
    send: new Records<Send>(decodeSend),
  }
  readonly profile = new Cell<JsonObject | null>(null)
  readonly writes = new Writes()
  readonly recent = new Recent()
  readonly searchTexts = new SearchTexts(this.holdings.item)
  readonly sync: Sync
  readonly #options: ContentsOptions
  readonly #changes: Changes
  /** Items that were changed here and whose new state comes with a sync. */
  readonly #ownChanges = new Set<string>()
  /** Syncs under way of what this browser has done: what they bring is no news. */
  #ownSyncs = 0
  #userId: string | undefined
  /** That which the records are open with. */
  #userKey: SymmetricKey | undefined

  constructor(options: ContentsOptions) {
    this.#options = options
    const { api } = options
    this.sync = new Sync({ api, hasContent: () => this.profile.value !== null, prepare: () => this.#prepare() })
    this.#changes = new Changes({
      holdings: this.holdings,
      sync: this.sync,
      fetch: (change) => this.#fetch(change),
    })
  }

  open({ userId, userKey }: Unlocked): void {
    // Something else of the account is another: its address.
    if (userKey === this.#userKey) return
    if (userId === this.#userId) this.lock()
    else this.forget()
    this.#userId = userId
    this.#userKey = userKey
    this.sync.start()
    for (const records of Object.values(this.holdings)) void records.open(userKey)
    void this.sync.run()
  }

  /** What is encrypted stays, for the next time it is opened. */
  lock(): void {
    this.#userKey = undefined
    this.sync.stop({ forgets: false })
    this.#changes.clear()
    this.recent.clear()
    this.searchTexts.lock()
    for (const records of Object.values(this.holdings)) records.lock()
  }

  forget(): void {
    this.lock()
    this.sync.stop({ forgets: true })
    this.#ownChanges.clear()
    for (const records of Object.values(this.holdings)) records.clear()
    this.profile.value = null
    this.#userId = undefined
  }

  /** What the server has done to many items here, without saying what they are now. */
  fetchAfter(ids: readonly string[]): void {
    for (const id of ids) this.#ownChanges.add(id)
    void this.sync.run()
  }

  /** What a locked vault misses is found out when it is opened. */
  async applyEvent(notification: Notification): Promise<void> {
    if (this.#userKey === undefined) return
    const isOwn = notification.contextId === this.#options.api.device.identifier
    const { kind } = notification
    if (kind === 'organizations') return this.sync.run({ isForced: true })
    if (kind === 'account') return this.#accountChanged(isOwn)
    if (kind === 'removed') return this.#removed(notification.noun, notification.id)
    if (kind !== 'changed') return
    const { noun, id, revisionMs } = notification
    if (isOwn) await this.writes.whenFree([id, NEW[noun]])
    if (this.holdings[noun].revisionMs(id) < revisionMs) this.#changes.add({ noun, id, revisionMs, isOwn })
  }

  /** Fetches what this browser has done in another way than by its own vault: by an import, or in another tab. */
  async syncOwn(): Promise<void> {
    this.#ownSyncs++
    await this.sync.run()
    this.#ownSyncs--
  }

  async #accountChanged(isOwn: boolean): Promise<void> {
    if (!isOwn) return this.sync.run()
    await this.writes.whenFree([ALL])
    await this.syncOwn()
  }

  async #fetch({ noun, id, isOwn }: Change): Promise<void> {
    const records = this.holdings[noun]
    const change = records.has(id) ? 'changed' : 'created'
    const key = this.#userKey
    const askedAt = records.mark()
    const wire = await GET[noun](this.#options.api, id).catch((error: unknown) => {
      if (isNotThere(error)) return null
      throw error
    })
    if (wire === null || !isReadable(wire)) return this.#removed(noun, id)
    const news = await records.put([wire], askedAt)
    if (noun === 'item' && !isOwn && key === this.#userKey) this.recent.note(news, change)
  }

  async #removed(noun: Noun, id: string): Promise<void> {
    this.holdings[noun].remove(id)
    if (noun === 'item') this.recent.forget(id)
    if (noun === 'folder') await emptyFolder(this.holdings, id)
  }

  /** Takes what is of now, so that what is asked for now is judged by it. */
  #prepare(): (snapshot: JsonObject) => Promise<void> {
    const { item, folder, send } = this.holdings
    const isNews = this.profile.value !== null && this.#ownSyncs === 0
    const key = this.#userKey
    const askedAt = { item: item.mark(), folder: folder.mark(), send: send.mark() }
    const own = new Set(this.#ownChanges)
    return async (snapshot) => {
      this.#options.adopt(snapshot)
      this.profile.value = isObject(snapshot.profile) ? snapshot.profile : {}
      const [{ created, changed }] = await Promise.all([
        item.replace(objectsOf(snapshot.ciphers).filter(isReadable), askedAt.item),
        folder.replace(objectsOf(snapshot.folders), askedAt.folder),
        send.replace(objectsOf(snapshot.sends), askedAt.send),
      ])
      if (key !== this.#userKey) return
      for (const id of own) this.#ownChanges.delete(id)
      if (!isNews) return
      const others = changed.filter((id) => !own.has(id))
      this.recent.note(others, 'changed')
      this.recent.note(created, 'created')
    }
  }
}

const isReadable = ({ organizationId }: JsonObject): boolean => organizationId == null
