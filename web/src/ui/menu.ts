import type { IconName } from './icons.ts'

/** One line of a menu. */
export interface MenuItem {
  readonly label: string
  readonly icon?: IconName
  /** Either it does something, or it leads somewhere. */
  readonly onselect?: () => void
  readonly href?: string
  readonly danger?: boolean
  readonly disabled?: boolean
  /** One of several of which some are chosen. */
  readonly checked?: boolean
  /** A line above it divides it from those before. */
  readonly divided?: boolean
}

/** Edges in px, as `getBoundingClientRect` has them. */
interface Box {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

const GAP_PX = 4
const MARGIN_PX = 8

/**
 * Where a menu goes: below what opened it, above where there is no room below, and within the window in any case.
 * All in px of the window.
 */
export function placeMenu(
  opener: Box,
  menu: { readonly width: number; readonly height: number },
  { align, ...view }: { readonly width: number; readonly height: number; readonly align: 'start' | 'end' },
): { readonly top: number; readonly left: number } {
  const below = opener.bottom + GAP_PX
  const above = opener.top - GAP_PX - menu.height
  const fitsBelow = below + menu.height <= view.height - MARGIN_PX
  const left = align === 'start' ? opener.left : opener.right - menu.width
  return {
    top: fitsBelow || above < MARGIN_PX ? within(below, menu.height, view.height) : above,
    left: within(left, menu.width, view.width),
  }
}

const within = (start: number, size: number, room: number) =>
  Math.max(MARGIN_PX, Math.min(start, room - size - MARGIN_PX))
