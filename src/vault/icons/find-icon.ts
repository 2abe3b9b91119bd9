import { isIP } from 'node:net'
import { BlockedError, type GetAnswer, type GuardedGet } from '#net'
import { customaryLinks, type IconLink, iconLinks } from './icon-links.ts'
import { imageType } from './image-type.ts'

/** As Vaultwarden (spec/vault.md §7.2). Bytes. */
const MAX_PAGE = 384 * 1024
const MAX_IMAGE = 5 * 1024 * 1024

/** Places tried for one site. */
const MAX_TRIES = 5

/** The smallest image worth showing. Bytes. */
const MIN_IMAGE = 67

const PAGE_HEADERS = { Accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.5' }
const IMAGE_HEADERS = { Accept: 'image/png,image/webp,image/x-icon,image/*;q=0.8,*/*;q=0.5' }
/** Many sites show nothing to what does not call itself so. */
const USER_AGENT = 'Mozilla/5.0 (compatible; Belfry; site icons)'

export interface FindOptions {
  readonly get: GuardedGet
  /** For each request. */
  readonly timeoutMs: number
  /** Ends the search, which rejects then. */
  readonly signal: AbortSignal
}

/**
 * The icon of a site, by the links of its page or where icons are by custom; undefined when it has none. Rejects with a
 * `BlockedError` when the site, or what it names, must not be asked.
 */
export async function findIcon(host: string, options: FindOptions): Promise<Buffer | undefined> {
  const page = await findPage(host, options)
  const links = page === undefined ? customaryLinks(new URL(`https://${host}`)) : iconLinks(String(page.body), page.url)
  for (const link of links.slice(0, MAX_TRIES)) {
    const image = await imageAt(link, options)
    if (image !== undefined) return image
    options.signal.throwIfAborted()
  }
  return undefined
}

/** The first of the site's addresses at which there is a page. */
async function findPage(host: string, options: FindOptions): Promise<GetAnswer | undefined> {
  for (const name of namesOf(host)) {
    for (const scheme of ['https', 'http']) {
      const page = await tryGet(new URL(`${scheme}://${name}`), MAX_PAGE, PAGE_HEADERS, options)
      if (page !== undefined) return page
      options.signal.throwIfAborted()
    }
  }
  return undefined
}

/** A host, and where else its site may be: below no `login.` or the like, or with `www.` before it. */
function namesOf(host: string): string[] {
  if (isIP(host) !== 0) return [host]
  const labels = host.split('.')
  if (labels.length > 2) return [host, labels.slice(-2).join('.')]
  return labels.length === 2 ? [host, `www.${host}`] : [host]
}

async function imageAt({ url }: IconLink, options: FindOptions): Promise<Buffer | undefined> {
  const bytes = url.protocol === 'data:' ? dataOf(url) : await download(url, options)
  const isImage = bytes !== undefined && bytes.length >= MIN_IMAGE && imageType(bytes) !== undefined
  return isImage ? bytes : undefined
}

async function download(url: URL, options: FindOptions): Promise<Buffer | undefined> {
  const answer = await tryGet(url, MAX_IMAGE, IMAGE_HEADERS, options)
  return answer === undefined || answer.isCut ? undefined : answer.body
}

/** The bytes of a `data:` URL in base64, as icons are. */
function dataOf({ href }: URL): Buffer | undefined {
  const [, base64] = /^data:image\/[\w.+-]+(?:;[\w=.-]+)*;base64,(.*)$/i.exec(href) ?? []
  return base64 === undefined ? undefined : Buffer.from(decodeURIComponentSafely(base64), 'base64')
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Undefined where there is nothing; what is forbidden is no matter of trying the next place. */
async function tryGet(
  url: URL,
  maxBytes: number,
  headers: Readonly<Record<string, string>>,
  { get, timeoutMs, signal }: FindOptions,
): Promise<GetAnswer | undefined> {
  try {
    const answer = await get(url, { maxBytes, timeoutMs, signal, headers: { ...headers, 'User-Agent': USER_AGENT } })
    return answer.status === 200 ? answer : undefined
  } catch (error) {
    if (error instanceof BlockedError) throw error
    return undefined
  }
}
