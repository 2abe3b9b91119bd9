import { InvalidValue, stringIn } from '../language/index.ts'
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
