import type { item as english } from '../en/item.ts'

export const item: typeof english = {}
