import type { Api } from '../api/client.ts'
import type { JsonObject } from '../api/json.ts'
import type { Bytes } from '../crypto/bytes.ts'
import type { Attachment } from '../model/attachment.ts'
import type { Folder } from '../model/folder.ts'
import type { Item } from '../model/item.ts'
import type { Notification } from '../model/notification.ts'
import type { Send, SendDraft } from '../model/send.ts'
import type { Session } from '../session/session.ts'
import type { SessionState, Unlocked } from '../session/state.ts'
import type { Cell } from '../state/cell.ts'
import * as attachments from './attachments.ts'
import { Contents } from './contents.ts'
import { Locked } from './errors.ts'
import * as folders from './folders.ts'
import * as items from './items.ts'
import type { RecentChange } from './recent.ts'
import { removeSend, removeSendPassword, type SaveSendOptions, saveSend } from './sends.ts'
import type { ListedItem, Surroundings } from './surroundings.ts'
import type { SyncStatus } from './sync.ts'

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
  readonly profile: Cell<JsonObject | null>
  readonly status: Cell<SyncStatus>
  /** Why the newest state could not be had; null when it could. */
  readonly problem: Cell<Error | null>
  /** By item: what other devices did a moment ago. */
  readonly recent: Cell<ReadonlyMap<string, RecentChange>>
  /** For `findItems`; empty until `prepareSearch` is called. */
  readonly searchTexts: Cell<ReadonlyMap<string, string>>
  readonly #session: VaultOptions['session']
  readonly #contents: Contents
  readonly #surroundings: Surroundings
  readonly #stopListening: () => void

  constructor({ api, session }: VaultOptions) {
    const contents = new Contents({ api, adopt: (sync) => session.adopt(sync) })
    const { holdings, writes } = contents
    const owner = () => this.#owner()
    this.#session = session
    this.#contents = contents
    this.#surroundings = { api, holdings, writes, owner, fetchAfter: (ids) => contents.fetchAfter(ids) }
    this.items = holdings.item.shown
    this.folders = holdings.folder.shown
    this.sends = holdings.send.shown
    this.profile = contents.profile
    this.status = contents.sync.status
    this.problem = contents.sync.problem
    this.recent = contents.recent.changes
    this.searchTexts = contents.searchTexts.texts
    this.#stopListening = session.state.listen((state) => this.#follow(state))
    this.#follow(session.state.value)
  }

  close(): void {
    this.#stopListening()
    this.#contents.forget()
  }

  /**
   * Resolves when everything is there that has changed, or when it is clear that it cannot be had now: see `problem`. It
   * never rejects. `isOwn`: it is this browser that has changed it, as by an import; then nothing of it is `recent`.
   */
  sync({ isOwn = false }: { readonly isOwn?: boolean } = {}): Promise<void> {
    return isOwn ? this.#contents.syncOwn() : this.#contents.sync.run()
  }

  /** To be called when somebody begins to search: addresses and notes are decrypted then. Resolves when all are. */
  async prepareSearch(): Promise<void> {
    return this.#contents.searchTexts.prepare(this.#owner().userKey)
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

  /** What the hub tells. */
  applyEvent(notification: Notification): Promise<void> {
    return this.#contents.applyEvent(notification)
  }

  #follow(state: SessionState): void {
    if (state.kind === 'unlocked') this.#contents.open(state)
    else if (state.kind === 'locked') this.#contents.lock()
    else this.#contents.forget()
  }

  #owner(): Unlocked {
    const state = this.#session.state.value
    if (state.kind !== 'unlocked') throw new Locked()
    return state
  }
}
