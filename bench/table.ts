export interface Column {
  readonly heading: string
  /** One for each row; NaN where there is none. */
  readonly values: readonly number[]
  readonly digits: number
  readonly unit?: string
  /** Whether the first row's value over the second's says something. Default true. */
  readonly hasRatio?: boolean
}

/** With two rows, a third has the ratio of the first to the second. */
export function printTable(title: string, rows: readonly string[], columns: readonly Column[]): void {
  const isComparison = rows.length === 2 && columns.some(({ hasRatio = true }) => hasRatio)
  const names = isComparison ? [...rows, 'ratio'] : rows
  const width = Math.max(...names.map((name) => name.length))
  const cells = columns.map(({ heading, values, digits, unit = '', hasRatio = true }) => {
    const format = { minimumFractionDigits: digits, maximumFractionDigits: digits }
    const texts = values.map((value) => (Number.isNaN(value) ? '–' : value.toLocaleString('en', format) + unit))
    if (isComparison) texts.push(hasRatio ? `${(values[0]! / values[1]!).toFixed(2)} x` : '')
    const cellWidth = Math.max(heading.length, ...texts.map((text) => text.length))
    return [heading, ...texts].map((text) => text.padStart(cellWidth))
  })
  console.log(`\n${title}`)
  for (const [i, name] of ['', ...names].entries()) {
    console.log(`  ${[name.padEnd(width), ...cells.map((column) => column[i]!)].join('   ')}`)
  }
}
