import type { Api } from '../api/client.ts'
import { isObject, type JsonObject, objectsOf } from '../api/json.ts'
import { getSend } from '../api/sends.ts'
import { getFolder, getItem } from '../api/vault.ts'
import type { Bytes } from '../crypto/bytes.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import type { Attachment } from '../model/attachment.ts'
import { decodeFolder, type Folder } from '../model/folder.ts'
import type { Item } from '../model/item.ts'
import { summaryOf } from '../model/item-summary.ts'
import type { Notification, Noun } from '../model/notification.ts'
import { decodeSend, type Send, type SendDraft } from '../model/send.ts'
import type { Session } from '../session/session.ts'
import type { SessionState, Unlocked } from '../session/state.ts'
import { Cell } from '../state/cell.ts'
import * as attachments from './attachments.ts'
import { type Change, Changes } from './changes.ts'
import { Locked } from './errors.ts'
import * as folders from './folders.ts'
import * as items from './items.ts'
import { Recent, type RecentChange } from './recent.ts'
import { Records } from './records.ts'
import { SearchTexts } from './search-texts.ts'
import { removeSend, removeSendPassword, type SaveSendOptions, saveSend } from './sends.ts'
import { isNotThere, type ListedItem, type Surroundings } from './surroundings.ts'
import { Sync, type SyncStatus } from './sync.ts'
import { ALL, NEW, Writes } from './writes.ts'

const GET = { item: getItem, folder: getFolder, send: getSend }

export interface VaultOptions {
  readonly api: Api
  readonly session: Pick<Session, 'state' | 'adopt'>
}

/**
 * What the user has, decrypted while the vault is open, and what they do to it. It opens and closes with the session by
 * itself. What was loaded stays when the server is away; what is to be written then rejects with `Unreachable`, and nothing
 * is changed. What needs the user key rejects with `Locked` when it is not there.
 */
export class Vault {
  /** All but those of organizations, whose keys this client does not have. In no order. */
  readonly items: Cell<readonly ListedItem[]>
  readonly folders: Cell<readonly Folder[]>
  readonly sends: Cell<readonly Send[]>
  /** As the server says it. */
  readonly profile = new Cell<JsonObject | null>(null)
  readonly status: Cell<SyncStatus>
  /** Why the newest state could not be had; null when it could. */
  readonly problem: Cell<Error | null>
  /** By item: what other devices did a moment ago. */
  readonly recent: Cell<ReadonlyMap<string, RecentChange>>
  /** For `findItems`; empty until `prepareSearch` is called. */
  readonly searchTexts: Cell<ReadonlyMap<string, string>>
  readonly #session: VaultOptions['session']
  readonly #surroundings: Surroundings
  readonly #sync: Sync
  readonly #changes: Changes
  readonly #searchTexts: SearchTexts
  readonly #recent = new Recent()
  /** Items that were changed here and whose new state comes with a sync. */
  readonly #ownChanges = new Set<string>()
  /** Another tab of this browser has changed much, which is fetched: that is no news. */
  #isOfOtherTab = false
  #userId: string | undefined
  /** That which the records are open with. */
  #userKey: SymmetricKey | undefined
  readonly #stopListening: () => void

  constructor({ api, session }: VaultOptions) {
    const holdings = {
      item: new Records<ListedItem>(async (wire, key) => ({ ...(await summaryOf(wire, key)), id: String(wire.id) })),
      folder: new Records<Folder>(decodeFolder),
      send: new Records<Send>(decodeSend),
    }
    this.#session = session
    this.#surroundings = {
      ...{ api, holdings, writes: new Writes(), owner: () => this.#owner() },
      fetchAfter: (ids) => {
        for (const id of ids) this.#ownChanges.add(id)
        void this.#sync.run()
      },
    }
    this.#sync = new Sync({ api, hasContent: () => this.profile.value !== null, prepare: () => this.#prepare() })
    this.#changes = new Changes({ holdings, sync: this.#sync, fetch: (change) => this.#fetch(change) })
    this.#searchTexts = new SearchTexts(holdings.item)
    this.searchTexts = this.#searchTexts.texts
    this.items = holdings.item.shown
    this.folders = holdings.folder.shown
    this.sends = holdings.send.shown
    this.status = this.#sync.status
    this.problem = this.#sync.problem
    this.recent = this.#recent.changes
    this.#stopListening = session.state.listen((state) => this.#follow(state))
    this.#follow(session.state.value)
  }

  close(): void {
    this.#stopListening()
    this.#forget()
  }

  /** See `Sync.run`. */
  sync(): Promise<void> {
    return this.#sync.run()
  }

  /** To be called when somebody begins to search: addresses and notes are decrypted then. Resolves when all are. */
  async prepareSearch(): Promise<void> {
    return this.#searchTexts.prepare(this.#owner().userKey)
  }

  /** The whole item. Rejects with `Gone`. */
  open(id: string): Promise<Item> {
    return items.openItem(this.#surroundings, id)
  }

  /**
   * Creates an item that has no id, and changes one that has; resolves with its id. Rejects with a `Conflict` when another
   * device has changed it since it was opened, and with a `DamagedError`.
   */
  save(item: Item): Promise<string> {
    return items.saveItem(this.#surroundings, item)
  }

  /** Into the trash. */
  trash(ids: readonly string[]): Promise<void> {
    return items.trash(this.#surroundings, ids)
  }

  /** For good. */
  remove(ids: readonly string[]): Promise<void> {
    return items.remove(this.#surroundings, ids)
  }

  /** Out of the trash. */
  restore(ids: readonly string[]): Promise<void> {
    return items.restore(this.#surroundings, ids)
  }

  archive(ids: readonly string[]): Promise<void> {
    return items.archive(this.#surroundings, ids)
  }

  unarchive(ids: readonly string[]): Promise<void> {
    return items.unarchive(this.#surroundings, ids)
  }

  favorite(ids: readonly string[], isFavorite: boolean): Promise<void> {
    return items.favorite(this.#surroundings, ids, isFavorite)
  }

  /** Into a folder; null: into none. */
  move(ids: readonly string[], folderId: string | null): Promise<void> {
    return items.move(this.#surroundings, ids, folderId)
  }

  /** Creates a folder that has no id, and gives one that has another name; resolves with its id. */
  saveFolder(folder: { readonly id: string | null; readonly name: string }): Promise<string> {
    return folders.saveFolder(this.#surroundings, folder)
  }

  /** What is in it is in no folder then. */
  removeFolder(id: string): Promise<void> {
    return folders.removeFolder(this.#surroundings, id)
  }

  /** Creates a Send that has no id, and changes one that has; resolves with its id. Rejects with a `DamagedError`. */
  saveSend(send: SendDraft | Send, options?: SaveSendOptions): Promise<string> {
    return saveSend(this.#surroundings, send, options)
  }

  removeSend(id: string): Promise<void> {
    return removeSend(this.#surroundings, id)
  }

  removeSendPassword(id: string): Promise<void> {
    return removeSendPassword(this.#surroundings, id)
  }

  /** Those of an item that was opened. */
  attachmentsOf(item: Item): Promise<readonly Attachment[]> {
    return attachments.attachmentsOf(this.#surroundings, item)
  }

  upload(itemId: string, file: attachments.NamedFile, options?: attachments.TransferOptions): Promise<void> {
    return attachments.upload(this.#surroundings, { itemId, file }, options)
  }

  /** The content, decrypted. Rejects with a `DecryptionError`, and with `Gone`. */
  download(itemId: string, attachmentId: string, options?: attachments.TransferOptions): Promise<Bytes> {
    return attachments.download(this.#surroundings, { itemId, attachmentId }, options)
  }

  removeAttachment(itemId: string, attachmentId: string): Promise<void> {
    return attachments.removeOne(this.#surroundings, { itemId, attachmentId })
  }

  /** What the hub tells. What a locked vault misses is found out when it is opened. */
  async applyEvent(notification: Notification): Promise<void> {
    if (this.#session.state.value.kind !== 'unlocked') return
    const { api, holdings, writes } = this.#surroundings
    const isOwn = notification.contextId === api.device.identifier
    const { kind } = notification
    if (kind === 'organizations') return this.#sync.run({ isForced: true })
    if (kind === 'account') return this.#accountChanged(isOwn)
    if (kind === 'removed') return this.#removed(notification.noun, notification.id)
    if (kind !== 'changed') return
    const { noun, id, revisionMs } = notification
    if (isOwn) await writes.whenFree([id, NEW[noun]])
    if (holdings[noun].revisionMs(id) < revisionMs) this.#changes.add({ noun, id, revisionMs, isOwn })
  }

  async #accountChanged(isOwn: boolean): Promise<void> {
    if (isOwn) await this.#surroundings.writes.whenFree([ALL])
    this.#isOfOtherTab = isOwn
    await this.#sync.run()
    this.#isOfOtherTab = false
  }

  async #fetch({ noun, id, isOwn }: Change): Promise<void> {
    const { api, holdings } = this.#surroundings
    const records = holdings[noun]
    const change = records.has(id) ? 'changed' : 'created'
    const askedAt = records.mark()
    const wire = await GET[noun](api, id).catch((error: unknown) => {
      if (isNotThere(error)) return null
      throw error
    })
    if (wire === null || !isReadable(wire)) return this.#removed(noun, id)
    const news = await records.put([wire], askedAt)
    if (noun === 'item' && !isOwn) this.#recent.note(news, change)
  }

  async #removed(noun: Noun, id: string): Promise<void> {
    const { holdings } = this.#surroundings
    holdings[noun].remove(id)
    if (noun === 'item') this.#recent.forget(id)
    if (noun === 'folder') await folders.emptyFolder(holdings, id)
  }

  /** Takes what is of now, so that what is asked for now is judged by it. */
  #prepare(): (snapshot: JsonObject) => Promise<void> {
    const { item, folder, send } = this.#surroundings.holdings
    const isNews = this.profile.value !== null && !this.#isOfOtherTab
    const askedAt = { item: item.mark(), folder: folder.mark(), send: send.mark() }
    const own = new Set(this.#ownChanges)
    return async (snapshot) => {
      this.#session.adopt(snapshot)
      const [{ created, changed }] = await Promise.all([
        item.replace(objectsOf(snapshot.ciphers).filter(isReadable), askedAt.item),
        folder.replace(objectsOf(snapshot.folders), askedAt.folder),
        send.replace(objectsOf(snapshot.sends), askedAt.send),
      ])
      this.profile.value = isObject(snapshot.profile) ? snapshot.profile : {}
      for (const id of own) this.#ownChanges.delete(id)
      if (!isNews) return
      this.#recent.note(
        changed.filter((id) => !own.has(id)),
        'changed',
      )
      this.#recent.note(created, 'created')
    }
  }

  #follow(state: SessionState): void {
    if (state.kind === 'unlocked') this.#open(state)
    else if (state.kind === 'locked') this.#lock()
    else this.#forget()
  }

  #open({ userId, userKey }: Unlocked): void {
    // Something else of the account is another: its address.
    if (userKey === this.#userKey) return
    if (userId === this.#userId) this.#lock()
    else this.#forget()
    this.#userId = userId
    this.#userKey = userKey
    this.#sync.start()
    for (const records of Object.values(this.#surroundings.holdings)) void records.open(userKey)
    void this.#sync.run()
  }

  /** What is encrypted stays, for the next time it is opened. */
  #lock(): void {
    this.#userKey = undefined
    this.#sync.stop({ forgets: false })
    this.#changes.clear()
    this.#recent.clear()
    this.#searchTexts.lock()
    for (const records of Object.values(this.#surroundings.holdings)) records.lock()
  }

  #forget(): void {
    this.#lock()
    this.#sync.stop({ forgets: true })
    this.#ownChanges.clear()
    for (const records of Object.values(this.#surroundings.holdings)) records.clear()
    this.profile.value = null
    this.#userId = undefined
  }

  #owner(): Unlocked {
    const state = this.#session.state.value
    if (state.kind !== 'unlocked') throw new Locked()
    return state
  }
}

const isReadable = ({ organizationId }: JsonObject): boolean => organizationId == null
