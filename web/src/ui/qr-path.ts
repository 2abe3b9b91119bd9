/** Light modules around the code. ISO/IEC 18004 §5.3.8: four. */
const QUIET_ZONE = 4

/** A QR code as the path of its dark modules in a square of `modules` by `modules`. Loads what draws it. */
export async function qrPath(text: string): Promise<{ readonly path: string; readonly modules: number }> {
  const { encode } = await import('uqr')
  const { data, size } = encode(text, { border: QUIET_ZONE })
  // Each row's runs of dark modules, one rectangle each.
  const path = data
    .flatMap((row, y) =>
      [
        ...row
          .map((dark) => (dark ? '1' : '0'))
          .join('')
          .matchAll(/1+/g),
      ].map(({ 0: run, index }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
    )
    .join('')
  return { path, modules: size }
}
