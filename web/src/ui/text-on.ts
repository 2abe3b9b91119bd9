/** Relative luminance at which black and white are read equally well. WCAG 2.2: (L + 0.05)² = 1.05 · 0.05 */
const MIDDLE = 0.179

/** The colour of text on one that somebody else has chosen (`#rrggbb`); undefined for what is no colour. */
export function textOn(color: string): '#000' | '#fff' | undefined {
  const [, ...channels] = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(color) ?? []
  if (channels.length === 0) return undefined
  const [red, green, blue] = channels.map((hex) => linear(Number.parseInt(hex, 16) / 255)) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > MIDDLE ? '#000' : '#fff'
}

const linear = (channel: number) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4)
