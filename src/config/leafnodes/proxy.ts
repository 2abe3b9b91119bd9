import type { LeafProxy } from '#doors/nats'
import { deepType } from '../authorization/deep-type.ts'
import { goType, InvalidValue, readMap, stringIn } from '../language/index.ts'
import { duration } from '../types/duration.ts'
import { mustBe } from '../types/setting-type.ts'
import { formatGoUrl, type GoUrl, parseGoUrl } from './go-url.ts'
import { isWebSocket } from './urls.ts'

const MAX_INT32 = 2 ** 31 - 1
const timeout = duration({ minMs: -MAX_INT32, maxMs: MAX_INT32 })

/** `proxy` of a remote, as written: without a `url` the rest is not looked at. */
export const proxy = deepType<LeafProxy, LeafProxy>({
  description: '`{ url, username, password, timeout }`',
  fromConfig(value, source) {
    if (value.kind !== 'map') throw new InvalidValue(`Expected proxy to be a map, got ${goType(value)}`)
    const { problems } = source
    const given = { url: '', username: '', password: '', timeoutMs: 0 }
    const called = 'proxy timeout'
    readMap(
      value,
      {
        url: (entry) => {
          given.url = stringIn(entry.value)
        },
        username: (entry) => {
          given.username = stringIn(entry.value)
        },
        password: (entry) => {
          given.password = stringIn(entry.value)
        },
        timeout: ({ value, keyPosition }) => {
          const warn = (reason: string) => problems.warningAt(keyPosition, called, reason)
          given.timeoutMs = timeout.fromConfig(value, { ...source, name: called, position: keyPosition, warn })!
        },
      },
      problems,
    )
    return given
  },
  fromProgram(given, source) {
    const { url, username = '', password = '', timeoutMs = 0 } = given
    const isRight = [url, username, password].every((text) => typeof text === 'string') && Number.isInteger(timeoutMs)
    if (!isRight) throw new InvalidValue(mustBe(source, '{ url, username, password, timeoutMs }', '…'))
    return { url, username, password, timeoutMs }
  },
})

/** How a proxy goes together with the URLs behind it, in nats-server's words. */
export function problemsOfProxy(
  { url: text, username = '', password = '', timeoutMs = 0 }: LeafProxy,
  { urls, hasTls }: { urls: readonly GoUrl[]; hasTls: boolean },
): { readonly error?: string; readonly warnings: readonly string[] } {
  const warnings: string[] = []
  let url: GoUrl
  try {
    url = parseGoUrl(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const reason = text.includes('@') ? 'it is not shown here, for it may hold a password' : error.message
    return { error: `invalid proxy URL: parse ${JSON.stringify(text.includes('@') ? '…' : text)}: ${reason}`, warnings }
  }
  const { scheme, host, port } = url
  if (scheme !== 'http' && scheme !== 'https') {
    return { error: `proxy URL scheme must be http or https, got: ${scheme}`, warnings }
  }
  if (host === '' && port === '') return { error: 'proxy URL must specify a host', warnings }
  if (timeoutMs < 0) return { error: 'proxy timeout must be >= 0', warnings }
  if ((username === '') !== (password === '')) {
    return { error: 'proxy username and password must both be specified or both be empty', warnings }
  }
  const secure = urls.find((url) => url.scheme === 'wss')
  if (secure !== undefined && !hasTls) {
    const words = `proxy is configured but remote URL ${formatGoUrl(secure)} requires TLS and no TLS configuration is provided`
    return {
      error: `${words}. When using proxy with TLS endpoints, ensure TLS is properly configured for the leafnode remote`,
      warnings,
    }
  }
  if (urls.length === 0 || urls.every(isWebSocket)) return { warnings }
  if (!urls.some(isWebSocket)) {
    warnings.push(
      'proxy configuration will be ignored: proxy settings only apply to WebSocket connections (ws:// or wss://), but ' +
        'all configured URLs use TCP connections (nats://)',
    )
  } else {
    warnings.push(
      'proxy configuration will only be used for WebSocket URLs: proxy settings do not apply to TCP connections (nats://)',
    )
  }
  return { warnings }
}
