import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Options } from '#config'
import { ConfigError, type Logger } from '#kit'
import { requestTarget } from '#net'
import { COMMON_HEADERS } from '#vault'
import { ADMIN_PAGE, headersOfPageFile, OWN_FOLDER, OWN_HEADERS, openPageFiles } from './page-files.ts'
import { foreignPolicy, ownPolicy } from './web-vault-policy.ts'

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
    ...headersOfPageFile(name, { contentType, policy }),
    ...(isOwn && OWN_HEADERS),
  })
  const files = await openPageFiles(folder, headersOf)
  if (!files.has('index.html')) throw new ConfigError(`There is no web vault in "${folder}": it has no index.html`)

  const home = `${vault.basePath}/`
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    const { path } = requestTarget(request)
    // The page looks for its parts beside itself: under other names of it they would not be found.
    if (path === vault.basePath || path === `${home}index.html`) return redirect(response, home)
    const name = path === home ? 'index.html' : path.startsWith(home) && decoded(path.slice(home.length))
    if (name === false || name === undefined || !files.has(name)) return false
    if (isOwn && name === ADMIN_PAGE) return false
    void files.send(name, request, response)
    return true
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
