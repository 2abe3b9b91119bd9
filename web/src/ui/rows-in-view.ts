/** Rows of one height in a window that is scrolled. All lengths in px. */
export interface View {
  readonly count: number
  readonly rowHeight: number
  readonly scrollTop: number
  readonly height: number
}

/** So many more on both sides that quick scrolling shows no gap. */
const OVERSCAN = 8

/**
 * The rows to be drawn, as indices in order: those in view, some around them, and the one that has the keyboard, wherever
 * it is, because an element that is gone has no focus.
 */
export function rowsInView({ count, rowHeight, scrollTop, height }: View, active: number): readonly number[] {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight) - OVERSCAN))
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN)
  const rows = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index)
  if (active < 0 || active >= count) return rows
  if (active < first) return [active, ...rows]
  return active >= end ? [...rows, active] : rows
}

/** Where to scroll so that a row is seen as a whole: as little as possible. */
export function scrollTopFor(row: number, { rowHeight, scrollTop, height }: View): number {
  const top = row * rowHeight
  if (top < scrollTop) return top
  return Math.max(scrollTop, top + rowHeight - height)
}

/** The row that a key leads to from another; `undefined` when it is none of those that lead anywhere. */
export function rowAfterKey(key: string, row: number, { count, rowHeight, height }: View): number | undefined {
  const page = Math.max(1, Math.floor(height / rowHeight) - 1)
  const to = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: count - 1,
  }[key]
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, to))
}
