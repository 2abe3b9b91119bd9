import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Options } from '#config'
import { ConfigError, type Logger } from '#kit'
import { requestTarget, StaticFiles } from '#net'
import { COMMON_HEADERS } from '#vault'
import { foreignPolicy, ownPolicy } from './web-vault-policy.ts'

/** Belfry's own, built: beside the compiled program in the package, and where a checkout builds it. */
const OWN_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../web/dist' : '../web', import.meta.url),
)

/** Takes what is a page of the web vault, or a part of one; `false` when it is not, and nothing was answered. */
export type WebVault = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * The files of a built web vault, below the path of DOMAIN: those of a folder, or our own, which are missing in a checkout that
 * was not built; that brings a warning. `undefined` when there is none. Rejects with a `ConfigError` when the folder cannot be
 * read or has no `index.html`.
 */
export async function openWebVault(
  { web, vault }: Options,
  logger: Logger,
  ownFolder = OWN_FOLDER,
): Promise<WebVault | undefined> {
  if (web.webVault === undefined) return undefined
  const isOwn = web.webVault.folder === undefined
  const folder = web.webVault.folder ?? ownFolder
  if (isOwn && !existsSync(`${folder}/index.html`)) {
    logger.warn({ folder }, 'the web vault is not built, so none is served: "npm start" builds it')
    return undefined
  }
  const policy = isOwn ? ownPolicy(web.webVault) : foreignPolicy(web.webVault, vault.icons.service)
  const headersOf = (name: string, contentType: string) => ({
    ...headersOfFile(name, { contentType, policy }),
    ...(isOwn && OWN_HEADERS),
  })
  const files = await openFiles(folder, headersOf)
  if (!files.has('index.html')) throw new ConfigError(`There is no web vault in "${folder}": it has no index.html`)

  const home = `${vault.basePath}/`
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    const { path } = requestTarget(request)
    // The page looks for its parts beside itself: under other names of it they would not be found.
    if (path === vault.basePath || path === `${home}index.html`) return redirect(response, home)
    const name = path === home ? 'index.html' : path.startsWith(home) && decoded(path.slice(home.length))
    if (name === false || name === undefined || !files.has(name)) return false
    void files.send(name, request, response)
    return true
  }
}

async function openFiles(folder: string, headersOf: (name: string, contentType: string) => Record<string, string>) {
  try {
    return await StaticFiles.open(folder, { headersOf })
  } catch (error) {
    throw new ConfigError(`Cannot use the web vault in "${folder}": ${(error as Error).message}`, { cause: error })
  }
}

function redirect(response: ServerResponse, location: string): true {
  response.writeHead(303, { ...COMMON_HEADERS, Location: location, 'Content-Length': 0 }).end()
  return true
}

/** `undefined` for what names no file in any spelling: a slash within a name, or what is no UTF-8. */
function decoded(path: string): string | undefined {
  if (/%2f/i.test(path)) return undefined
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
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
const OWN_HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin' }

/** An SVG image that is opened by itself is a page; it gets to load nothing and to run nothing. */
const IMAGE_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"

function headersOfFile(
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
