import { FIELD_TYPE, type Field, type Item, type LoginUri, newItem } from '../../model/item.ts'
import { nameOrDashes } from './bitwarden-item.ts'
import { CsvError, type Row, readCsv } from './csv.ts'
import { type CsvFormat, columnName, csvFormatOf, type Meaning } from './csv-formats.ts'
import { type Import, ImportError, type ImportedItem, type Remark } from './import.ts'

/** Columns whose values are better not seen over a shoulder. */
const SECRET_COLUMN = /password|secret|\bpin\b|\bcvv\b|key|code/i

/** Throws an `ImportError` for what is no CSV, or holds no passwords. `now`: when what is archived was archived. */
export function readCsvImport(text: string, now: Date): Import {
  const [header, ...rows] = rowsOf(text)
  const format = header && csvFormatOf(header.cells)
  if (!format) throw new ImportError('unknown-format')
  const table = new Table(format, header.cells, now)
  for (const row of rows) table.read(row)
  return table.end()
}

function rowsOf(text: string): Row[] {
  try {
    return readCsv(text)
  } catch (cause) {
    if (cause instanceof CsvError) throw new ImportError('not-csv', { line: cause.line, cause })
    throw cause
  }
}

/** The cells of one row, by what they mean. */
class Cells {
  readonly #values = new Map<Meaning, string[]>()
  /** Of columns that mean nothing known: by their name. */
  readonly others: { readonly name: string; readonly value: string }[] = []

  add(meaning: Meaning | undefined, name: string, value: string): void {
    if (value === '') return
    if (meaning === undefined) this.others.push({ name, value })
    else this.#values.set(meaning, [...(this.#values.get(meaning) ?? []), value])
  }

  text(meaning: Meaning): string | null {
    return this.#values.get(meaning)?.join('\n') ?? null
  }

  texts(meaning: Meaning): readonly string[] {
    return this.#values.get(meaning) ?? []
  }

  flag(meaning: Meaning): boolean {
    return !/^(|0|false|no)$/i.test(this.text(meaning) ?? '')
  }
}

class Table {
  readonly #format: CsvFormat
  readonly #header: readonly string[]
  readonly #now: Date
  readonly #folders: string[] = []
  readonly #items: ImportedItem[] = []
  readonly #remarks: Remark[] = []
  readonly #unused = new Set<string>()

  constructor(format: CsvFormat, header: readonly string[], now: Date) {
    this.#format = format
    this.#header = header
    this.#now = now
  }

  read({ line, cells }: Row): void {
    // Some cell has a comma in it and is not quoted: nobody knows which.
    if (cells.length > this.#header.length && cells.slice(this.#header.length).some((cell) => cell !== '')) {
      this.#remarks.push({ where: { line }, what: 'cells', names: [] })
      return
    }
    const read = new Cells()
    for (const [index, name] of this.#header.entries()) {
      const value = cells[index] ?? ''
      const meaning = this.#format.columns.get(columnName(name))
      if (meaning === 'nothing' && value !== '') this.#unused.add(name)
      read.add(meaning, name.trim(), value)
    }
    this.#items.push({ item: itemOf(read, this.#now), folder: this.#folderOf(read.text('folder')) })
  }

  end(): Import {
    const { format } = this.#format
    const unused = this.#unused.size > 0 ? [{ where: null, what: 'columns', names: [...this.#unused] } as const] : []
    const folders = this.#folders.map((name) => ({ id: null, name }))
    return { format, folders, items: this.#items, remarks: [...unused, ...this.#remarks] }
  }

  #folderOf(cell: string | null): number | null {
    const path = (cell ?? '').replaceAll('\\', '/').replace(/^\/+/, '')
    // KeePassXC's own folder, which holds all others.
    const name = this.#format.format === 'keepassxc' ? path.replace(/^Root(\/|$)/, '') : path
    if (name.trim() === '') return null
    const known = this.#folders.indexOf(name)
    return known === -1 ? this.#folders.push(name) - 1 : known
  }
}

function itemOf(cells: Cells, now: Date): Item {
  const uris = urisOf(cells)
  const isNote = /^note$/i.test(cells.text('type') ?? '')
  const item = newItem(
    nameOrDashes(cells.text('name') ?? siteOf(uris[0]?.uri ?? '')),
    isNote
      ? { type: 'secureNote', secureNote: { rest: { type: 0 } } }
      : {
          type: 'login',
          login: {
            ...{ username: cells.text('username'), password: cells.text('password'), totp: cells.text('totp') },
            ...{ uris, passkeys: [], passwordRevisionDate: null, rest: {} },
          },
        },
  )
  // A note has no place for what a login has.
  const strays: Field[] = isNote ? loginFields(cells, uris) : []
  const others = cells.others.map(({ name, value }) => fieldOf(name, value, SECRET_COLUMN.test(name)))
  return {
    ...item,
    notes: cells.text('notes'),
    isFavorite: cells.flag('favorite'),
    asksPassword: cells.flag('reprompt'),
    archivedDate: dateOf(cells.text('archivedDate')) ?? (cells.flag('archived') ? now.toISOString() : null),
    fields: [...fieldsOf(cells.text('fields') ?? ''), ...strays, ...others],
  }
}

function loginFields(cells: Cells, uris: readonly LoginUri[]): Field[] {
  const visible = [...cells.texts('username').map((text) => fieldOf('username', text))]
  const hidden = (['password', 'totp'] as const).flatMap((name) =>
    cells.texts(name).map((text) => fieldOf(name, text, true)),
  )
  return [...visible, ...hidden, ...uris.map(({ uri }) => fieldOf('uri', uri ?? ''))]
}

/** Those of a Bitwarden file stand in one cell, as a row of their own. */
function urisOf(cells: Cells): LoginUri[] {
  const texts = [
    ...cells.texts('uris').flatMap(cellsOfRow),
    ...cells.texts('uri').flatMap((cell) => cell.split(/[\r\n]+/)),
  ]
  return texts.filter((text) => text.trim() !== '').map((text) => ({ uri: appUri(text.trim()), match: null, rest: {} }))
}

function cellsOfRow(row: string): readonly string[] {
  try {
    return readCsv(row).flatMap(({ cells }) => cells)
  } catch {
    return [row]
  }
}

const ANDROID = /^android:\/\/.*@([^/]+)\/?$/

/** Chrome has apps' key hashes in their URIs; the vault's apps know them by their names. */
const appUri = (uri: string): string => uri.replace(ANDROID, 'androidapp://$1')

/** What a login of that URI may be called. */
function siteOf(uri: string): string | null {
  const url = URL.parse(uri)
  return url && url.hostname !== '' ? url.hostname.replace(/^www\./, '') : null
}

/**
 * Fields as a Bitwarden file has them, `name: value` in a line each. A line without a colon belongs to the value above it:
 * the apps write values of several lines so.
 */
function fieldsOf(cell: string): Field[] {
  const fields: { name: string; value: string }[] = []
  for (const line of cell.split(/\r\n|\r|\n/)) {
    // The last one, as the apps take it.
    const colon = line.lastIndexOf(': ')
    const above = fields.at(-1)
    if (colon !== -1) fields.push({ name: line.slice(0, colon), value: line.slice(colon + 2) })
    else if (above) above.value += `\n${line}`
    else if (line !== '') fields.push({ name: '', value: line })
  }
  return fields.map(({ name, value }) => fieldOf(name, value.replace(/\n+$/, '')))
}

function fieldOf(name: string, value: string, isHidden = false): Field {
  return { name, value, type: isHidden ? FIELD_TYPE.hidden : FIELD_TYPE.text, linkedId: null, rest: {} }
}

function dateOf(text: string | null): string | null {
  const date = new Date(text ?? '')
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
