import type { ItemType } from '../model/item.ts'
import type { ListedItem } from './surroundings.ts'

/** What a list shows. But for the last two, nothing that is in the archive or in the trash. */
export type Filter =
  | { readonly kind: 'all' }
  | { readonly kind: 'favorites' }
  | { readonly kind: 'type'; readonly type: ItemType }
  | { readonly kind: 'folder'; readonly folderId: string }
  | { readonly kind: 'no-folder' }
  | { readonly kind: 'archive' }
  | { readonly kind: 'trash' }

export interface Query {
  readonly filter: Filter
  /** Words that must all be somewhere in an item. Default: none. */
  readonly text?: string | undefined
  /** What else items are found by: `Vault.searchTexts`. */
  readonly texts?: ReadonlyMap<string, string> | undefined
  /** The order of names. */
  readonly collator: Intl.Collator
}

/** Those that are asked for, by name. Hot: after each key that is pressed. */
export function findItems(items: readonly ListedItem[], { filter, text = '', texts, collator }: Query): ListedItem[] {
  const words = normalized(text).split(/\s+/).filter(Boolean)
  const isFound = (item: ListedItem) => {
    if (words.length === 0) return true
    const shown = shownTextOf(item)
    const rest = texts?.get(item.id) ?? ''
    return words.every((word) => shown.includes(word) || rest.includes(word))
  }
  const found = items.filter((item) => isIn(item, filter) && isFound(item))
  const { compare } = collator
  return found.sort((a, b) => compare(a.name, b.name) || compare(a.subtitle, b.subtitle) || (a.id < b.id ? -1 : 1))
}

/** Whether a filter shows an item. */
export function isIn(item: ListedItem, filter: Filter): boolean {
  if (filter.kind === 'trash') return item.deletedDate !== null
  if (item.deletedDate !== null) return false
  if (filter.kind === 'archive') return item.archivedDate !== null
  if (item.archivedDate !== null) return false
  switch (filter.kind) {
    case 'all':
      return true
    case 'favorites':
      return item.isFavorite
    case 'type':
      return item.type === filter.type
    case 'folder':
      return item.folderId === filter.folderId
    case 'no-folder':
      return item.folderId === null
  }
}

// It goes with what it is of: nobody holds the items of a vault that is locked.
const shownTexts = new WeakMap<ListedItem, string>()

function shownTextOf(item: ListedItem): string {
  const known = shownTexts.get(item)
  if (known !== undefined) return known
  const text = normalized(`${item.name}\n${item.subtitle}`)
  shownTexts.set(item, text)
  return text
}

/** Without case and accents: whoever types `cafe` means `Café`, too. */
export function normalized(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
}
