import { DEFAULT_ACCOUNT } from '#core'
import { deepType } from '../authorization/deep-type.ts'
import {
  type ConfigEntry,
  type ConfigMap,
  formatPosition,
  goFormat,
  goType,
  InvalidValue,
  type Position,
  readMap,
} from '../language/index.ts'
import { nearest } from '../nearest.ts'
import type { ConfigSource, ProgramSource, SettingType } from '../types/setting-type.ts'
import { problemsOfProxy } from './proxy.ts'
import { type GivenRemote, REMOTE_FIELDS, type RemoteSettings } from './remote-fields.ts'
import { formatUrls } from './urls.ts'

/** One as it is configured. Only those of a config file stand anywhere. */
export interface ConfiguredRemote {
  readonly given: RemoteSettings
  /** Where it begins. */
  readonly position?: Position | undefined
  readonly tlsPosition?: Position | undefined
}

const OPTIONS = Object.keys(REMOTE_FIELDS) as (keyof RemoteSettings)[]

/** `remotes` of `leafnodes {}`. (spec: nats §5.6) */
export const remotes = deepType<readonly ConfiguredRemote[], readonly GivenRemote[]>({
  description: 'list of remotes, see below',
  fromConfig(value, source) {
    if (value.kind !== 'array') {
      throw new InvalidValue(`Expected remotes field to be an array, got ${goType(value)}`)
    }
    const names = new Set<string>()
    return value.items.flatMap((item) => {
      if (item.kind === 'map') return remoteIn(item, { source, names }) ?? []
      const wanted = 'Expected remote leafnode entry to be a map/struct'
      source.problems.errorAt(item.position, `${wanted}, got ${goFormat(item)}`)
      return []
    })
  },
  fromProgram(given, source) {
    if (!Array.isArray(given)) throw new InvalidValue(`${source.name} must be a list of remotes`)
    return given.map((remote, index) => givenRemote(remote, { ...source, name: `${source.name}[${index}]` }))
  },
})

function remoteIn(
  map: ConfigMap,
  { source, names }: { source: ConfigSource; names: Set<string> },
): ConfiguredRemote | undefined {
  const { problems } = source
  const errorsBefore = problems.errors.length
  const given: Record<string, unknown> = {}
  const positions: Partial<Record<string, Position>> = {}
  const fields = OPTIONS.flatMap((option) => {
    const { keys, type } = REMOTE_FIELDS[option]
    const read = (entry: ConfigEntry) => {
      const { key: name, keyPosition: position } = entry
      positions[option] = position
      const warn = (reason: string) => problems.warningAt(position, name, reason)
      given[option] = (type as SettingType<unknown>).fromConfig(entry.value, { ...source, name, position, warn })
      if (given.credentialsFile !== undefined && given.nkeySeed !== undefined) throw bothKinds()
    }
    return keys.map((key) => [key, read] as const)
  })
  readMap(map, Object.fromEntries(fields), problems)
  if (problems.errors.length > errorsBefore) return undefined
  const [position = map.position, ...others] = [...map.entries.values()].map(({ keyPosition }) => keyPosition)
  const proxyPosition = positions.proxy ?? position
  const remote = { given: given as RemoteSettings, position, tlsPosition: positions.tls }
  const { error, warnings } = proxyProblems(remote)
  for (const warning of warnings) problems.warning(`${formatPosition(proxyPosition)}: ${warning}`)
  if (error !== undefined) {
    problems.errorAt(proxyPosition, error)
    return undefined
  }
  if (!remote.given.urls?.length) problems.remarkAt(position, 'a remote without url, which connects to nothing')
  const { id, shown } = nameOf(remote)
  if (names.has(id)) problems.errorAt(others.at(-1) ?? position, `duplicate remote ${shown}`)
  names.add(id)
  return remote
}

function bothKinds(): InvalidValue {
  return new InvalidValue('Remote leafnode can not have both creds and nkey defined')
}

function proxyProblems({ given: { proxy, urls = [], tls } }: ConfiguredRemote): ReturnType<typeof problemsOfProxy> {
  if (!proxy?.url) return { warnings: [] }
  return problemsOfProxy(proxy, { urls, hasTls: tls !== undefined })
}

/**
 * What tells a remote from others, and the same as nats-server shows it. There a URL without a port is another one than
 * with the default port, until the port is filled in at its start.
 */
export function nameOf(
  { given: { urls = [], account = DEFAULT_ACCOUNT, credentialsFile, nkeySeed } }: ConfiguredRemote,
  defaultPort = '',
): { readonly id: string; readonly shown: string } {
  const withPort = urls.map((url) => ({ ...url, port: url.port || defaultPort }))
  const login = credentialsFile !== undefined ? `, credentials=${JSON.stringify(credentialsFile)}` : ''
  const secret = nkeySeed !== undefined ? ', nkey="[REDACTED]"' : ''
  return {
    id: JSON.stringify([withPort, account, credentialsFile, nkeySeed]),
    shown: `urls=${formatUrls(withPort)}, account=${JSON.stringify(account)}${login}${secret}`,
  }
}

function givenRemote(remote: GivenRemote, source: ProgramSource): ConfiguredRemote {
  const { name } = source
  if (typeof remote !== 'object' || remote === null) throw new InvalidValue(`${name} must be a map of options`)
  const given: Record<string, unknown> = {}
  for (const [option, value] of Object.entries(remote)) {
    if (value === undefined) continue
    if (!isOption(option)) {
      const near = nearest(option, OPTIONS)
      const hint = near === undefined ? '' : ` (did you mean "${near}"?)`
      throw new InvalidValue(`unknown option "${name}.${option}"${hint}`)
    }
    const type = REMOTE_FIELDS[option].type as SettingType<unknown>
    given[option] = type.fromProgram(value, { ...source, name: `${name}.${option}` })
  }
  if (given.credentialsFile !== undefined && given.nkeySeed !== undefined) throw bothKinds()
  const configured: ConfiguredRemote = { given: given as RemoteSettings }
  const { error, warnings } = proxyProblems(configured)
  if (error !== undefined) throw new InvalidValue(`${name}: ${error}`)
  if (!configured.given.urls?.length) throw new InvalidValue(`${name} has no urls`)
  for (const warning of warnings) source.warn(`${name}: ${warning}`)
  return configured
}

function isOption(option: string): option is keyof RemoteSettings {
  return Object.hasOwn(REMOTE_FIELDS, option)
}
