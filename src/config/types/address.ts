import { type ConfigValue, goType, InvalidValue, integerIn } from '../language/index.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'

/** What to listen on. */
export interface HostAndPort {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

/**
 * A TCP port. Kept as 0 for any free one, which the config language writes -1: there 0 means not given, as in
 * nats-server.
 */
export const port: SettingType<number> = {
  description: 'port, 1 to 65535; any free one: `-1` in the file, `0` elsewhere',
  fromText(text, source) {
    if (!/^-?\d+$/.test(text)) throw new InvalidValue(mustBe(source, 'a port number', text))
    return portNumber(Number(text), source)
  },
  fromConfig: (value, source) => portInConfig(Number(integerIn(value)), source),
  fromProgram: portNumber,
}

/** What `:4222` asks for, in so many words. */
const EVERY_INTERFACE = '0.0.0.0'

/** The address of a listener that `false` turns off. */
export function addressOrOff(preset: HostAndPort): SettingType<HostAndPort | false> {
  const fromBoolean = (isOn: boolean) => isOn && preset
  return {
    description: '`"host:port"`, a port, or `false`',
    fromText(text, source) {
      if (/^(?:true|false)$/i.test(text)) return fromBoolean(text.toLowerCase() === 'true')
      const [, bracketed, plain, digits] = /^(?:(?:\[([^[\]\s]*)\]|([^:[\]\s]*)):)?(-?\d+)$/.exec(text) ?? []
      if (digits === undefined) throw new InvalidValue(mustBe(source, '"host:port", a port, true or false', text))
      const host = bracketed ?? plain
      // Outside the config language port 0 is any free one, not one that is not given.
      return {
        host: host === undefined ? preset.host : host || EVERY_INTERFACE,
        port: portNumber(Number(digits), source),
      }
    },
    fromConfig(value, source) {
      if (value.kind === 'boolean') return fromBoolean(value.value)
      return { ...preset, ...listenIn(value, source) }
    },
    fromProgram(value, source) {
      if (value === false) return false
      if (typeof value?.host !== 'string') throw new InvalidValue(mustBe(source, '{ host, port } or false', value))
      return { host: value.host, port: portNumber(value.port, source) }
    },
  }
}

/** The value of `listen`: `host:port`, or only a port. Parts that are not given are absent. */
export function listenIn(value: ConfigValue, source: Source): Partial<HostAndPort> {
  if (value.kind === 'integer') return withPort({}, Number(value.value), source)
  if (value.kind === 'string') return hostAndPort(value.value, source)
  throw new InvalidValue(`expected port or host:port, got ${goType(value)}`)
}

function hostAndPort(text: string, source: Source): Partial<HostAndPort> {
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? []
  if (bracketed === undefined && !/^[^:[\]]*:[^:]*$/.test(text)) {
    throw new InvalidValue(`could not parse address string ${JSON.stringify(text)}`)
  }
  if (!/^[+-]?\d+$/.test(port)) throw new InvalidValue(`could not parse port ${JSON.stringify(port)}`)
  return withPort({ host: (bracketed ?? plain) || EVERY_INTERFACE }, Number(port), source)
}

function withPort(address: Partial<HostAndPort>, value: number, source: Source): Partial<HostAndPort> {
  const port = portInConfig(value, source)
  return port === undefined ? address : { ...address, port }
}

function portInConfig(value: number, source: Source): number | undefined {
  return value === 0 ? undefined : portNumber(value, source)
}

function portNumber(value: number, source: Source): number {
  if (value === -1) return 0
  if (Number.isInteger(value) && value >= 0 && value <= 65535) return value
  throw new InvalidValue(mustBe(source, 'a port from -1 to 65535', value))
}
