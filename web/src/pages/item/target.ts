import type { Route } from '../route.ts'
import { EDITABLE_TYPES, type EditableType } from './types.ts'

/** What of which item an address leads to. */
export type ItemTarget =
  | { readonly kind: 'view' | 'edit' | 'clone'; readonly id: string }
  | { readonly kind: 'new'; readonly type: EditableType }

/** `#/item/<id>`, `#/item/<id>/edit`, `#/item/<id>/clone`, `#/item/new/<type>`; `undefined` for others. */
export function itemTarget({ page, path }: Pick<Route, 'page' | 'path'>): ItemTarget | undefined {
  const [id, what] = path
  if (page !== 'item' || id === undefined) return undefined
  if (id === 'new') return { kind: 'new', type: EDITABLE_TYPES.find((type) => type === what) ?? 'login' }
  return { kind: what === 'edit' || what === 'clone' ? what : 'view', id }
}
