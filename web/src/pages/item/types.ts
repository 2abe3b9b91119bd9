import type { ItemType } from '../../model/item.ts'

/** What there is a form for. */
export type EditableType = Exclude<ItemType, 'unknown'>

/** In the order in which they are offered. */
export const EDITABLE_TYPES = ['login', 'card', 'identity', 'secureNote', 'sshKey'] as const satisfies EditableType[]
