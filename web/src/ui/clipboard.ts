/** How long a secret stays in the clipboard. ms */
const CLEARED_AFTER_MS = 30_000

let clearing: ReturnType<typeof setTimeout> | undefined

/**
 * Copies a text. A secret is taken out of the clipboard again after half a minute, if it is still there: where the browser
 * does not let this page look, nothing is taken out, because it could be somebody else's. Rejects when the browser does not
 * allow copying.
 */
export async function copyText(text: string, { secret = false }: { readonly secret?: boolean } = {}): Promise<void> {
  clearTimeout(clearing)
  await navigator.clipboard.writeText(text)
  if (secret) clearing = setTimeout(() => void clearIfStillThere(text), CLEARED_AFTER_MS)
}

async function clearIfStillThere(text: string) {
  // Only the page in front may touch the clipboard.
  if (!document.hasFocus()) {
    window.addEventListener('focus', () => void clearIfStillThere(text), { once: true })
    return
  }
  try {
    const permission = await navigator.permissions.query({ name: 'clipboard-read' as PermissionName })
    if (permission.state !== 'granted') return
    if ((await navigator.clipboard.readText()) === text) await navigator.clipboard.writeText('')
  } catch {
    // Firefox and Safari know no such permission, and would ask for each look.
  }
}
