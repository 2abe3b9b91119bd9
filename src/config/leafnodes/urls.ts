import type { SolicitedUrl } from '#doors/nats'
import { deepType } from '../authorization/deep-type.ts'
import { type ConfigValue, formatPosition, goFormat, InvalidValue, stringIn } from '../language/index.ts'
import type { ConfigSource, SettingType } from '../types/setting-type.ts'
import { text } from '../types/text.ts'
import { formatGoUrl, type GoUrl, parseGoUrl } from './go-url.ts'

/** The port of leaf nodes where a URL names none, whatever its scheme. */
export const LEAF_PORT = 7422

/** `urls` of a remote, as written: what nats-server only finds out when it connects is left to `leafUrl`. */
export const remoteUrls = deepType<readonly GoUrl[], string | readonly string[]>({
  description: 'URL or list of URLs',
  fromConfig(value, source) {
    if (value.kind === 'string') return [parsed(value.value)]
    if (value.kind === 'array') return listedUrls(value.items, source)
    throw new InvalidValue(`Expected remote leafnode url to be an array or string, got ${goFormat(value)}`)
  },
  fromProgram(given, source) {
    const urls = [given].flat()
    if (!urls.every((url) => typeof url === 'string')) throw new InvalidValue(`${source.name} must be a list of URLs`)
    return urls.map(parsed)
  },
})

function listedUrls(items: readonly ConfigValue[], { problems }: ConfigSource): readonly GoUrl[] | undefined {
  const seen = new Set<string>()
  const errorsBefore = problems.errors.length
  const urls = items.flatMap((item) => {
    const text = stringIn(item, item.position)
    if (seen.has(text)) {
      problems.warningAt(item.position, shown(text), 'Duplicate leafnode entry detected')
      return []
    }
    seen.add(text)
    try {
      return [parsed(text)]
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      problems.errorAt(item.position, error.message)
      return []
    }
  })
  return problems.errors.length > errorsBefore ? undefined : urls
}

function parsed(text: string): GoUrl {
  try {
    return parseGoUrl(text.trim())
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidValue(`error parsing leafnode url${hidden(text) ?? ` [${JSON.stringify(text.trim())}]`}`)
  }
}

/** Where it could hold a password nothing of a text is shown that is no URL. */
function hidden(text: string): string | undefined {
  return text.includes('@') ? ', which is not shown here, for it may hold a password' : undefined
}

function shown(text: string): string {
  try {
    return formatGoUrl(parseGoUrl(text.trim()))
  } catch {
    return hidden(text) === undefined ? text : 'url'
  }
}

/** For messages: as nats-server prints a list of them, with the port that it adds at its start. */
export function formatUrls(urls: readonly GoUrl[], defaultPort = ''): string {
  return `[${urls.map((url) => JSON.stringify(formatGoUrl(url, defaultPort))).join(' ')}]`
}

export function isWebSocket({ scheme }: Pick<GoUrl, 'scheme'>): boolean {
  return scheme.startsWith('ws')
}

/**
 * What a link is made by. To nats-server any other scheme than those of WebSocket is TCP, and an empty host is this
 * machine. Throws `InvalidValue` for what cannot be reached.
 */
export function leafUrl(url: GoUrl): SolicitedUrl {
  const port = url.port === '' ? LEAF_PORT : Number(url.port)
  const name = formatGoUrl(url)
  if (url.host === '')
    throw new InvalidValue(`leafnode url ${JSON.stringify(name)} has no host: write nats://host:port`)
  if (port === 0 || port > 65535) throw new InvalidValue(`leafnode url ${JSON.stringify(name)} has no usable port`)
  const { scheme, user, password } = url
  return {
    scheme: scheme.startsWith('wss') ? 'wss' : isWebSocket(url) ? 'ws' : scheme === 'tls' ? 'tls' : 'nats',
    host: url.host.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: url.path.replace(/\/+$/, ''),
    user: user || undefined,
    password: user ? password : undefined,
  }
}

const CLUSTER_URLS =
  'one or several URLs separated by commas, as nats://user:password@host:7422, or with tls, ws or wss'

/** Of a setting that is one text. As strict as a setting of our own can be; messages show nothing of it. */
export const clusterUrls: SettingType<string> = text(
  '`nats://user:password@host:7422`, or with `tls`, `ws` or `wss`; several separated by commas',
  (urls, source) => {
    try {
      clusterUrlsIn(urls)
      return urls
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof InvalidValue)) throw error
      throw new InvalidValue(`${source.name} must be ${CLUSTER_URLS}`)
    }
  },
)

/** The URLs of such a text. Throws `RangeError` or `InvalidValue`, whose messages may repeat secrets. */
export function clusterUrlsIn(urls: string): readonly SolicitedUrl[] {
  return urls.split(',').map((one) => {
    const url = parseGoUrl(one.trim())
    if (!/^(?:nats|tls|wss?)$/.test(url.scheme)) throw new RangeError('scheme')
    return leafUrl(url)
  })
}

/** Behind a complaint of nats-server's, which has no place. */
export function atPlace(line: string, position: ConfigSource['position'] | undefined): string {
  return position === undefined ? line : `${line} (${formatPosition(position)})`
}
