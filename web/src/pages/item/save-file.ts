import type { Bytes } from '../../crypto/bytes.ts'

/** As long as slow browsers take to begin with it. ms */
const KEPT_MS = 60_000

/** Has the browser store a file under that name where it stores downloads. */
export function saveFile(content: Bytes, name: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}
