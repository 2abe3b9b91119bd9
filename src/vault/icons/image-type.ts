/** How images begin; -1 is any byte. */
const SIGNATURES: readonly (readonly [type: string, bytes: readonly number[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/x-icon', [0, 0, 1, 0]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46, -1, -1, -1, -1, 0x57, 0x45, 0x42, 0x50]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/bmp', [0x42, 0x4d, -1, -1, -1, -1, 0, 0, 0, 0]],
]

/**
 * The media type that the bytes themselves tell, whatever a server or a name said; undefined for all else. SVG is none of
 * them: it is a document that can hold scripts.
 */
export function imageType(bytes: Uint8Array): string | undefined {
  return SIGNATURES.find(([, signature]) => signature.every((byte, i) => byte === -1 || byte === bytes[i]))?.[0]
}
