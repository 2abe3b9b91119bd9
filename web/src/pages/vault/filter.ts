import type { Filter } from '../../vault/search.ts'
import { EDITABLE_TYPES } from '../item/types.ts'
import { hrefOf, type Route } from '../route.ts'

const PLAIN = ['favorites', 'no-folder', 'archive', 'trash'] as const

/** `#/vault`, `#/vault/favorites`, `#/vault/type/login`, `#/vault/folder/<id>`. What is none of them shows everything. */
export function filterOf({ path: [kind, which] }: Pick<Route, 'path'>): Filter {
  if (kind === 'folder' && which !== undefined) return { kind, folderId: which }
  const type = EDITABLE_TYPES.find((one) => one === which)
  if (kind === 'type' && type !== undefined) return { kind, type }
  return { kind: PLAIN.find((one) => one === kind) ?? 'all' }
}

/** The address that shows it. */
export function filterHref(filter: Filter): string {
  return hrefOf('vault', ...filterPath(filter))
}

export function filterPath(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'all':
      return []
    case 'type':
      return ['type', filter.type]
    case 'folder':
      return ['folder', filter.folderId]
    default:
      return [filter.kind]
  }
}

/** Two filters with one key show the same. */
export const filterKey = (filter: Filter): string => filterPath(filter).join('/')
