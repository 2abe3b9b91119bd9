/** Bitwarden's CSV, as its apps export it: logins and notes alone, and not all of these. */
import { FIELD_TYPE } from '../../model/item.ts'
import { writeCsvRow } from '../import/csv.ts'
import type { ClearItem, ClearVault } from './source.ts'

const COLUMNS = [
  ...(['folder', 'favorite', 'type', 'name', 'notes', 'fields', 'reprompt', 'archivedDate'] as const),
  ...(['login_uri', 'login_username', 'login_password', 'login_totp'] as const),
] as const

/** The file's text; what it leaves out is added to the vault's omissions. */
export function csv({ folders, items, omissions }: ClearVault): string {
  const folderNames = new Map(folders.map(({ id, name }) => [id, name]))
  const rows = items.flatMap(({ item, passkeys }) => {
    const cells = cellsOf(item, folderNames.get(item.folderId ?? '') ?? '')
    if (cells === undefined) omissions.add('no-columns', item.name)
    else if (losesSomething(item, passkeys.length)) omissions.add('not-in-table', item.name)
    return cells === undefined ? [] : [cells]
  })
  return [COLUMNS, ...rows].map((row) => `${writeCsvRow(row)}\r\n`).join('')
}

function cellsOf(item: ClearItem['item'], folder: string): string[] | undefined {
  if (item.type !== 'login' && item.type !== 'secureNote') return undefined
  const login = item.type === 'login' ? item.login : undefined
  const uris = login?.uris.flatMap(({ uri }) => uri ?? []) ?? []
  return [
    ...[folder, item.isFavorite ? '1' : '', login ? 'login' : 'note', item.name, item.notes ?? ''],
    item.fields.map(({ name, value }) => `${name ?? ''}: ${value ?? ''}`).join('\n'),
    ...[item.asksPassword ? '1' : '0', item.archivedDate ?? ''],
    // A row within a cell: the apps read several URIs so.
    ...[writeCsvRow(uris), login?.username ?? '', login?.password ?? '', login?.totp ?? ''],
  ]
}

function losesSomething(item: ClearItem['item'], passkeys: number): boolean {
  const isPlain = ({ type, value }: (typeof item.fields)[number]) =>
    type === FIELD_TYPE.text && !/[\r\n]|: /.test(value ?? '')
  const hasMatches = item.type === 'login' && item.login.uris.some(({ match }) => match !== null)
  return passkeys > 0 || hasMatches || item.passwordHistory.length > 0 || !item.fields.every(isPlain)
}
