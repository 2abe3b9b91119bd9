import { t } from '../../i18n/index.ts'
import type { MenuItem } from '../../ui/menu.ts'
import type { ListedItem } from '../../vault/surroundings.ts'
import type { ItemActions } from './item-actions.ts'

export interface ItemMenuOptions {
  readonly actions: ItemActions
  readonly canClone: boolean
  readonly onclone: () => void
  /** Asks for a folder. */
  readonly onmove: () => void
  /** It is not there any more. */
  readonly ongone?: () => void
}

/** What can be done with an item in its present state, besides looking at it. */
export function itemMenu(
  item: ListedItem,
  { actions, canClone, onclone, onmove, ongone }: ItemMenuOptions,
): MenuItem[] {
  const words = t().item
  const items = [item]
  const leave = async (work: Promise<boolean>) => {
    if (await work) ongone?.()
  }
  if (item.deletedDate !== null) {
    return [
      { label: words.restore, icon: 'restore', onselect: () => void actions.restore(items) },
      {
        ...{ label: words.deleteForever, icon: 'trash', danger: true, divided: true },
        onselect: () => void leave(actions.remove(items)),
      },
    ]
  }
  const isArchived = item.archivedDate !== null
  return [
    ...(canClone ? [{ label: words.clone, icon: 'copy', onselect: onclone } as const] : []),
    { label: t().vault.selection.move, icon: 'move', onselect: onmove },
    {
      ...{ label: isArchived ? words.unarchive : words.archive, icon: isArchived ? 'restore' : 'archive' },
      onselect: () => void (isArchived ? actions.unarchive(items) : actions.archive(items)),
    },
    {
      ...{ label: words.trash, icon: 'trash', danger: true, divided: true },
      onselect: () => void leave(actions.trash(items)),
    },
  ]
}
