import { t } from '../../i18n/index.ts'
import { confirm } from '../../ui/confirm.ts'
import { toast } from '../../ui/toasts.ts'
import { Gone, Locked } from '../../vault/errors.ts'
import type { ListedItem } from '../../vault/surroundings.ts'
import type { Vault } from '../../vault/vault.ts'
import { errorText } from '../error-text.ts'

type Items = readonly ListedItem[]

/**
 * What is done to items from a list, a menu or the item itself, with what is asked before and said after. Each resolves
 * with whether it was done; what went wrong was said.
 */
export class ItemActions {
  readonly #vault: Vault
  readonly #askPassword: () => Promise<boolean>

  /** `askPassword`: for items that ask for it. */
  constructor(vault: Vault, askPassword: () => Promise<boolean>) {
    this.#vault = vault
    this.#askPassword = askPassword
  }

  /** Whether all of them may be looked into: asks for the password where one of them does. */
  async mayOpen(items: Items): Promise<boolean> {
    return !items.some(({ asksPassword }) => asksPassword) || this.#askPassword()
  }

  /** Into the trash; it is not asked about, but can be undone. */
  async trash(items: Items): Promise<boolean> {
    const ids = idsOf(items)
    return this.#do(items, async () => {
      await this.#vault.trash(ids)
      const undo = () => void this.#run(() => this.#vault.restore(ids))
      toast(t().vault.done.trashed(ids.length), { action: { label: t().common.undo, onselect: undo } })
    })
  }

  async remove(items: Items): Promise<boolean> {
    const words = t().vault.askDelete
    const question = { title: words.title(items.length), text: words.text, action: words.action, danger: true }
    if (!(await confirm(question))) return false
    return this.#do(items, async () => {
      await this.#vault.remove(idsOf(items))
      toast(t().vault.done.deleted(items.length))
    })
  }

  restore(items: Items): Promise<boolean> {
    return this.#do(items, async () => {
      await this.#vault.restore(idsOf(items))
      toast(t().vault.done.restored(items.length))
    })
  }

  archive(items: Items): Promise<boolean> {
    const ids = idsOf(items)
    return this.#do(items, async () => {
      await this.#vault.archive(ids)
      const undo = () => void this.#run(() => this.#vault.unarchive(ids))
      toast(t().vault.done.archived(ids.length), { action: { label: t().common.undo, onselect: undo } })
    })
  }

  unarchive(items: Items): Promise<boolean> {
    return this.#do(items, async () => {
      await this.#vault.unarchive(idsOf(items))
      toast(t().vault.done.unarchived(items.length))
    })
  }

  move(items: Items, folderId: string | null): Promise<boolean> {
    return this.#do(items, async () => {
      await this.#vault.move(idsOf(items), folderId)
      toast(t().vault.done.moved(items.length))
    })
  }

  /** It shows and changes nothing that is protected. */
  favorite(items: Items, isFavorite: boolean): Promise<boolean> {
    return this.#run(() => this.#vault.favorite(idsOf(items), isFavorite))
  }

  async #do(items: Items, work: () => Promise<void>): Promise<boolean> {
    return (await this.mayOpen(items)) && this.#run(work)
  }

  async #run(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      sayError(error)
      return false
    }
  }
}

/** Says what went wrong with an item. */
export function sayError(error: unknown): void {
  // Whoever is asked for the password sees that it is locked.
  if (error instanceof Locked) return
  toast(error instanceof Gone ? t().item.gone.title : errorText(error), { kind: 'error' })
}

const idsOf = (items: Items): string[] => items.map(({ id }) => id)
