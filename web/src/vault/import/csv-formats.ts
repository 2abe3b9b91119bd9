/** What the columns of tables with passwords mean, by the program that wrote them. */
import type { ImportFormat } from './import.ts'

export type Meaning =
  | 'name'
  | 'uri'
  | 'username'
  | 'password'
  | 'totp'
  | 'notes'
  | 'folder'
  | 'favorite'
  | 'archived'
  /** Of a Bitwarden file alone. */
  | 'uris'
  | 'type'
  | 'fields'
  | 'reprompt'
  | 'archivedDate'
  /** Of no use in a vault. */
  | 'nothing'

export interface CsvFormat {
  readonly format: ImportFormat
  /** Columns without which a file is not of this program. */
  readonly needs: readonly string[]
  /** Whether such a file has no other columns: the names of these are anybody's. */
  readonly isWhole?: true
  /** By the column's name in small letters. What stands in other columns becomes fields of the item. */
  readonly columns: ReadonlyMap<string, Meaning>
}

const meanings = (columns: Readonly<Record<string, Meaning>>) => new Map(Object.entries(columns))

/** Those with the most particular columns first. */
export const CSV_FORMATS: readonly CsvFormat[] = [
  {
    format: 'bitwarden-csv',
    needs: ['type', 'name', 'login_uri', 'login_username', 'login_password'],
    columns: meanings({
      ...{ folder: 'folder', collections: 'folder', favorite: 'favorite', type: 'type', name: 'name', notes: 'notes' },
      ...{ fields: 'fields', reprompt: 'reprompt', archiveddate: 'archivedDate' },
      ...{ login_uri: 'uris', login_username: 'username', login_password: 'password', login_totp: 'totp' },
    }),
  },
  {
    format: 'firefox',
    needs: ['url', 'username', 'password', 'guid', 'timecreated'],
    columns: meanings({
      ...{ url: 'uri', username: 'username', password: 'password', formactionorigin: 'nothing', guid: 'nothing' },
      ...{ timecreated: 'nothing', timelastused: 'nothing', timepasswordchanged: 'nothing' },
    }),
  },
  {
    format: 'keepassxc',
    needs: ['group', 'title', 'username', 'password', 'url', 'notes'],
    columns: meanings({
      ...{ group: 'folder', title: 'name', username: 'username', password: 'password', url: 'uri', notes: 'notes' },
      ...{ totp: 'totp', icon: 'nothing', 'last modified': 'nothing', created: 'nothing' },
    }),
  },
  {
    format: '1password',
    needs: ['title', 'url', 'username', 'password', 'otpauth', 'favorite', 'archived'],
    columns: meanings({
      ...{ title: 'name', url: 'uri', username: 'username', password: 'password', otpauth: 'totp', notes: 'notes' },
      ...{ favorite: 'favorite', archived: 'archived' },
    }),
  },
  {
    format: 'safari',
    needs: ['title', 'url', 'username', 'password', 'notes', 'otpauth'],
    isWhole: true,
    columns: meanings({
      ...{ title: 'name', url: 'uri', username: 'username', password: 'password', notes: 'notes', otpauth: 'totp' },
    }),
  },
  {
    format: 'chrome',
    needs: ['name', 'url', 'username', 'password'],
    isWhole: true,
    columns: meanings({
      ...{ name: 'name', url: 'uri', username: 'username', password: 'password', note: 'notes' },
    }),
  },
  {
    format: 'other-csv',
    needs: ['password'],
    columns: meanings({
      ...{ name: 'name', title: 'name', account: 'name' },
      ...{ url: 'uri', uri: 'uri', website: 'uri', 'web site': 'uri', urls: 'uri', login_uri: 'uri', link: 'uri' },
      ...{ username: 'username', 'user name': 'username', user: 'username', login: 'username' },
      ...{ password: 'password', notes: 'notes', note: 'notes', comments: 'notes', notesplain: 'notes' },
      ...{ totp: 'totp', otpauth: 'totp', otp: 'totp', folder: 'folder', group: 'folder', grouping: 'folder' },
      ...{ favorite: 'favorite', fav: 'favorite', archived: 'archived', extra: 'notes' },
    }),
  },
]

/** The program that wrote a table with these columns, or else none. */
export function csvFormatOf(header: readonly string[]): CsvFormat | undefined {
  const names = new Set(header.map(columnName))
  return CSV_FORMATS.find(
    ({ needs, columns, isWhole }) =>
      needs.every((name) => names.has(name)) && (!isWhole || [...names].every((name) => columns.has(name))),
  )
}

export const columnName = (header: string): string => header.trim().toLowerCase()
