/** What of a CSV file cannot be read, and in which line. */
export class CsvError extends Error {
  override name = 'CsvError'
  /** From 1. */
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

export interface Row {
  /** Where it begins, from 1: a quoted cell may have several lines. */
  readonly line: number
  readonly cells: readonly string[]
}

/** More than any server takes, and no more than a page can hold. */
const MOST_ROWS = 100_000
const MOST_CELLS = 1_000

/** Some programs begin their files with it. */
const BYTE_ORDER_MARK = '\uFEFF'

/** What a cell or a line ends with. */
const SEPARATOR = /[,\r\n]/g

/**
 * The rows of a CSV file, without those that are empty. RFC 4180, and lines may end as they like.
 * Throws a `CsvError` for a quote in the wrong place, and for more than 100,000 rows or 1,000 cells in one.
 */
export function readCsv(text: string): Row[] {
  const rows: Row[] = []
  let at = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0
  let line = 1
  let row = { line, cells: [] as string[] }

  const quoted = (): string => {
    const start = ++at
    for (;;) {
      const end = text.indexOf('"', at)
      if (end === -1) throw new CsvError(row.line, 'A quoted cell does not end')
      at = end + 1
      if (text[at] !== '"') {
        if (at < text.length && !/[,\r\n]/.test(text[at]!)) throw new CsvError(line, 'Text behind a quoted cell')
        const cell = text.slice(start, end)
        line += linesIn(cell)
        return cell.replaceAll('""', '"')
      }
      at++
    }
  }
  // A quote in the middle of one is a quote: there is nothing else that it could mean.
  const bare = (): string => {
    SEPARATOR.lastIndex = at
    const start = at
    at = SEPARATOR.exec(text)?.index ?? text.length
    return text.slice(start, at)
  }

  while (at < text.length) {
    row.cells.push(text[at] === '"' ? quoted() : bare())
    const separator = text[at++]
    if (separator === ',') {
      // Nothing behind the last comma is a cell, too.
      if (at === text.length) row.cells.push('')
      else continue
    }
    if (row.cells.length > MOST_CELLS) throw new CsvError(row.line, `More than ${MOST_CELLS} cells`)
    if (row.cells.some((cell) => cell !== '')) rows.push(row)
    if (rows.length > MOST_ROWS) throw new CsvError(line, `More than ${MOST_ROWS} rows`)
    if (separator === '\r' && text[at] === '\n') at++
    row = { line: ++line, cells: [] }
  }
  return rows
}

/** One row as it stands in a file: cells are quoted where they must be. */
export function writeCsvRow(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')
}

const linesIn = (cell: string): number => cell.match(/\r\n|\r|\n/g)?.length ?? 0
