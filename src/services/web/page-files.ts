/** Files of built pages: Belfry's own and those of other web vaults, and what their answers carry. */
import { fileURLToPath } from 'node:url'
import { ConfigError } from '#kit'
import { StaticFiles } from '#net'
import { COMMON_HEADERS } from '#vault'

/** Belfry's own, built: beside the compiled program in the package, and where a checkout builds it. */
export const OWN_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../web/dist' : '../../web', import.meta.url),
)

/** A page that is served to nobody under its own name, but at `/admin/`. */
export const ADMIN_PAGE = 'admin.html'

/** Rejects with a `ConfigError` when the folder cannot be read. */
export async function openPageFiles(
  folder: string,
  headersOf: (name: string, contentType: string) => Record<string, string>,
) {
  try {
    return await StaticFiles.open(folder, { headersOf })
  } catch (error) {
    throw new ConfigError(`Cannot use the web vault in "${folder}": ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Names with a digest of what is in them, as bundlers give them: webpack's long hexadecimal ones anywhere, and Vite's eight
 * characters in its folder. Of the latter a word of eight letters is none.
 */
const HAS_DIGEST = /(?:^|[./-])[\da-f]{16,}(?:\.\w+)+$|^assets\/(?:.*\/)?[^/]*-(?=[\w-]*[\dA-Z])[\w-]{8}(?:\.\w+)+$/

const YEAR_SECONDS = 31_536_000

/** Everything else is asked for again each time, and mostly answered with 304: there is one way to be out of date less. */
const cacheControl = (name: string) =>
  HAS_DIGEST.test(name) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'public, no-cache'

/** A page of somebody else that opens it in a window gets no hold of that window, and so cannot lead it anywhere. */
export const OWN_HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin' }

/** An SVG image that is opened by itself is a page; it gets to load nothing and to run nothing. */
const IMAGE_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"

/** What a file of pages is answered with; `policy` is the Content-Security-Policy of all but images. */
export function headersOfPageFile(
  name: string,
  { contentType, policy }: { readonly contentType: string; readonly policy: string },
): Record<string, string> {
  const headers: Record<string, string> = { ...COMMON_HEADERS, 'Cache-Control': cacheControl(name) }
  const isImage = contentType.startsWith('image/')
  // The desktop app shows them on pages that are not of our origin.
  if (isImage) delete headers['Cross-Origin-Resource-Policy']
  headers['Content-Security-Policy'] = isImage ? IMAGE_POLICY : policy
  // Pages that speak to security keys for the apps, which show them in frames and pop-ups of all kinds.
  if (name.endsWith('connector.html')) {
    delete headers['Content-Security-Policy']
    delete headers['X-Frame-Options']
  }
  return headers
}
