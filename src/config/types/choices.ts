import { InvalidValue, integerIn, stringIn } from '../language/index.ts'
import { integer } from './integer.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'
import { text } from './text.ts'

/** From the fewest events to the most. */
export const LOG_LEVELS = ['off', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const LOG_LEVEL_NAMES = LOG_LEVELS.join(', ')

export const logLevel = text<LogLevel>(LOG_LEVELS.map((level) => `\`${level}\``).join(', '), (text, source) => {
  const [name = '', ...modules] = text.toLowerCase().split(',')
  const level = LOG_LEVELS.find((level) => level === name.trim())
  if (level === undefined) throw new InvalidValue(mustBe(source, `one of ${LOG_LEVEL_NAMES}`, text))
  // Vaultwarden's modules, as in `info,vaultwarden::api=debug`, are not ours.
  if (modules.length > 0) source.warn(`${source.name}: levels of single modules have no effect, only "${level}" counts`)
  return level
})

/** Which requests of the web listeners get a line in the log. */
export type LoggedRequests = 'none' | 'errors' | 'all'

export const loggedRequests = text<LoggedRequests>('`none`, `errors` or `all`', (text, source) => {
  const word = text.trim().toLowerCase()
  if (word === 'none' || word === 'errors' || word === 'all') return word
  throw new InvalidValue(mustBe(source, 'none, errors or all', text))
})

/** Who may speak NATS on the web listener: programs on this machine, everybody, nobody. */
export type NatsAccess = 'local' | 'all' | 'off'

export const natsAccess: SettingType<NatsAccess> = {
  description: '`"local"` (programs on this machine), `true` (everybody) or `false`',
  fromText: accessFrom,
  fromConfig(value, source) {
    if (value.kind === 'boolean') return value.value ? 'all' : 'off'
    return accessFrom(stringIn(value), source)
  },
  fromProgram: accessFrom,
}

function accessFrom(text: string, source: Source): NatsAccess {
  switch (String(text).toLowerCase()) {
    case 'local':
      return 'local'
    case 'all':
    case 'true':
      return 'all'
    case 'off':
    case 'false':
      return 'off'
    default:
      throw new InvalidValue(mustBe(source, '"local", true or false', text))
  }
}

/** What becomes of a connection that takes nothing before the write deadline. `standard` is what `default` means. */
function writeTimeoutOr(standard: 'close' | 'retry'): SettingType<'close' | 'retry'> {
  return text<'close' | 'retry'>('`"default"`, `"close"` or `"retry"`', (text) => {
    if (text === 'default') return standard
    if (text === 'close' || text === 'retry') return text
    throw new InvalidValue("write_timeout must be 'default', 'close' or 'retry'")
  })
}

/** Clients are closed by default, links between servers are not. */
export const writeTimeout = writeTimeoutOr('close')
export const linkWriteTimeout = writeTimeoutOr('retry')

/** How the connection to the mail server is encrypted. */
export const smtpSecurity = text<'starttls' | 'force_tls' | 'off'>(
  '`starttls`, `force_tls` or `off`',
  (word, source) => {
    if (word === 'starttls' || word === 'force_tls' || word === 'off') return word
    throw new InvalidValue(mustBe(source, 'starttls, force_tls or off', word))
  },
)

/** HTTP statuses that send a client elsewhere with its method kept, or with a GET that it was anyway. */
export type RedirectCode = 301 | 302 | 307 | 308

const anyNumber = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

export const redirectCode: SettingType<RedirectCode> = {
  description: '`301`, `302`, `307` or `308`',
  fromText(text, source) {
    const code = anyNumber.fromText(text, source)
    return code === undefined ? undefined : redirectCodeOf(code, source)
  },
  fromConfig: (value, source) => redirectCodeOf(Number(integerIn(value)), source),
  fromProgram: redirectCodeOf,
}

function redirectCodeOf(code: number, source: Source): RedirectCode {
  if (code === 301 || code === 302 || code === 307 || code === 308) return code
  throw new InvalidValue(mustBe(source, '301, 302, 307 or 308', code))
}
