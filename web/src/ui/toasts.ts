import { Cell } from '../state/cell.ts'

export interface Toast {
  readonly id: number
  readonly text: string
  readonly kind: 'info' | 'success' | 'error'
  /** Something that can be done about it, as "Undo" is. */
  readonly action?: { readonly label: string; readonly onselect: () => void }
}

/** What `Toasts.svelte` shows, the oldest first. */
export const toasts = new Cell<readonly Toast[]>([])

/** Errors stay for longer: they are read, not only noticed. */
const SHOWN_MS = { info: 5_000, success: 4_000, error: 10_000 }
const MOST_SHOWN = 3

let lastId = 0

/** Says something in passing, at the edge of the page. Whoever must answer is asked by a dialog. */
export function toast(text: string, { kind = 'success', action }: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  const id = ++lastId
  // Said again at once, it is not shown twice.
  const others = toasts.value.filter((shown) => shown.text !== text)
  toasts.value = [...others, { id, text, kind, ...(action && { action }) }].slice(-MOST_SHOWN)
  if (action === undefined) setTimeout(() => dismissToast(id), SHOWN_MS[kind])
  else setTimeout(() => dismissToast(id), SHOWN_MS.error)
}

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

export function dismissToasts(): void {
  toasts.value = []
}
