import { type Token, Tokenizer, TokenizerMode } from 'parse5'

/** Links of one page that are looked at. */
const MAX_LINKS = 100

/** Characters of what they may be relative to: a long one would be read again for each of them. */
const MAX_BASE = 2000

/** What stands in these elements is text, in which there are no links. */
const TEXT_ELEMENTS = new Map([
  ['title', TokenizerMode.RCDATA],
  ['textarea', TokenizerMode.RCDATA],
  ['script', TokenizerMode.SCRIPT_DATA],
  ['style', TokenizerMode.RAWTEXT],
  ['noscript', TokenizerMode.RAWTEXT],
])

/** A place where an icon may be: a URL, or a `data:` URL that is one. */
export interface IconLink {
  readonly url: URL
  /** Clients show icons with some 20 to 50 points, so on screens of today with up to 100 pixels. 0 is the best. */
  readonly rank: number
}

/**
 * Where the page at `url` says that its icons are, and where they are by custom; best first.
 *
 * A tokenizer and no parser: it takes time in proportion to the page, whatever its author does, and the head of a page
 * needs no tree.
 */
export function iconLinks(html: string, url: URL): IconLink[] {
  const links: Readonly<Record<string, string>>[] = []
  /** The first counts (HTML §4.2.3), and every link is resolved against it. */
  let base: URL | undefined
  const tokenizer = new Tokenizer(
    {},
    {
      onStartTag({ tagName, attrs }) {
        if (tagName === 'link' && links.length < MAX_LINKS) links.push(attributesOf({ attrs }))
        else if (tagName === 'base') base ??= baseOf(attributesOf({ attrs }), url)
        else if (tagName === 'body') tokenizer.pause()
        tokenizer.state = TEXT_ELEMENTS.get(tagName) ?? tokenizer.state
      },
      onEndTag({ tagName }) {
        if (tagName === 'head') tokenizer.pause()
      },
      onCharacter() {},
      onWhitespaceCharacter() {},
      onNullCharacter() {},
      onComment() {},
      onDoctype() {},
      onEof() {},
    },
  )
  tokenizer.write(html, true)
  const named = links.flatMap((link) => iconLink(link, base ?? url) ?? [])
  return [...named, ...customaryLinks(url)].sort((a, b) => a.rank - b.rank)
}

function baseOf({ href }: Readonly<Record<string, string>>, url: URL): URL | undefined {
  if (href === undefined || href.length > MAX_BASE) return undefined
  return URL.parse(href, url.href) ?? undefined
}

/** Where icons are by custom. */
export function customaryLinks(site: URL): IconLink[] {
  return [
    { url: new URL('/favicon.ico', site), rank: 6 },
    { url: new URL('/apple-touch-icon.png', site), rank: 7 },
  ]
}

function iconLink({ rel = '', href, sizes, type }: Readonly<Record<string, string>>, base: URL): IconLink | undefined {
  const relations = rel.toLowerCase().split(/\s+/)
  const isAppleTouch = relations.some((relation) => relation.startsWith('apple-touch-icon'))
  if (href === undefined || !(isAppleTouch || relations.includes('icon'))) return undefined
  const url = URL.parse(href, base.href)
  if (url === null || !['http:', 'https:', 'data:'].includes(url.protocol)) return undefined
  if (type === 'image/svg+xml' || /\.svg$/i.test(url.pathname) || href.startsWith('data:image/svg')) return undefined
  const size = largestSquare(sizes)
  if (size !== undefined) return { url, rank: rankOfSize(size) }
  if (isAppleTouch) return { url, rank: 2 }
  return { url, rank: /\.(?:png|webp|jpe?g)$/i.test(url.pathname) ? 3 : 4 }
}

/** Enough pixels, and not needlessly many. */
const rankOfSize = (pixels: number) => (pixels >= 32 && pixels <= 128 ? 0 : pixels > 128 && pixels <= 256 ? 1 : 5)

/** Of `16x16 32x32`, 32; undefined when none is a square. */
function largestSquare(sizes = ''): number | undefined {
  const squares = [...sizes.matchAll(/\b(\d{1,4})x(\d{1,4})\b/gi)].filter(([, width, height]) => width === height)
  return squares.length === 0 ? undefined : Math.max(...squares.map(([, width]) => Number(width)))
}

const attributesOf = ({ attrs }: Pick<Token.TagToken, 'attrs'>): Readonly<Record<string, string>> =>
  Object.fromEntries(attrs.map(({ name, value }) => [name, value]))
