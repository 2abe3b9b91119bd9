import { deepType } from '../authorization/deep-type.ts'
import { problemOfSubjects, subjectIn } from '../authorization/permissions.ts'
import { goType, InvalidValue } from '../language/index.ts'
import { boolean } from '../types/boolean.ts'
import { duration } from '../types/duration.ts'
import type { SettingType } from '../types/setting-type.ts'
import { plainText } from '../types/text.ts'
import { clientTls } from '../types/tls.ts'
import { compression } from './compression.ts'
import { credentialsFile, userSeed } from './credentials.ts'
import { waitingTime } from './durations.ts'
import { proxy } from './proxy.ts'
import { remoteUrls } from './urls.ts'

const MAX_INT32 = 2 ** 31 - 1

/** One subject or a list of them. */
const subjects = deepType<readonly string[]>({
  description: 'subject or list of subjects',
  fromConfig(value) {
    if (value.kind !== 'string' && value.kind !== 'array') {
      const wanted = 'Expected subject permissions to be a subject, or array of subjects'
      throw new InvalidValue(`${wanted}, got ${goType(value)}`)
    }
    return checked((value.kind === 'array' ? value.items : [value]).map(subjectIn))
  },
  fromProgram(given, source) {
    if (Array.isArray(given) && given.every((subject) => typeof subject === 'string')) return checked(given)
    throw new InvalidValue(`${source.name} must be a list of subjects`)
  },
})

function checked(subjects: readonly string[]): readonly string[] {
  const wrong = problemOfSubjects(subjects, false)
  if (wrong !== undefined) throw new InvalidValue(wrong)
  return subjects
}

/** `no_…` in the file, but what is meant in a program. */
const notInFile: SettingType<boolean> = {
  ...boolean,
  fromConfig: (value, source) => !boolean.fromConfig(value, source),
}

/** Streams are not there whose leaders could move. */
const withoutEffect = deepType<boolean>({
  description: '`true`, `false`, or `{ leader_migrate_delay }`',
  fromConfig(value, source) {
    if (value.kind !== 'boolean' && value.kind !== 'map') {
      const reason = `Expected boolean or map for jetstream_cluster_migrate, got ${goType(value)}`
      source.problems.errorWithPlace(reason, source.position)
      return undefined
    }
    const delay = value.kind === 'map' ? value.entries.get('leader_migrate_delay') : undefined
    if (delay !== undefined) {
      const name = 'leader_migrate_delay'
      const warn = (reason: string) => source.problems.warningAt(delay.keyPosition, name, reason)
      duration({ minMs: -MAX_INT32, maxMs: MAX_INT32 }).fromConfig(delay.value, { ...source, name, warn })
    }
    if (value.kind === 'map' || value.value)
      source.problems.remarkAt(source.position, `${source.name} has no effect here`)
    return undefined
  },
  fromProgram: () => undefined,
})

/** What can be said of one remote: by option, its keys in the file, and what may be written. */
export const REMOTE_FIELDS = {
  urls: { keys: ['url', 'urls'], type: remoteUrls },
  account: { keys: ['account', 'local'], type: plainText('name of an account') },
  credentialsFile: { keys: ['creds', 'credentials'], type: credentialsFile },
  nkeySeed: { keys: ['nkey', 'seed'], type: userSeed },
  tls: { keys: ['tls'], type: clientTls },
  isHub: { keys: ['hub'], type: boolean },
  denyImports: { keys: ['deny_imports', 'deny_import'], type: subjects },
  denyExports: { keys: ['deny_exports', 'deny_export'], type: subjects },
  randomizes: { keys: ['no_randomize', 'dont_randomize'], type: notInFile },
  wsCompression: {
    keys: ['ws_compression', 'ws_compress', 'websocket_compression', 'websocket_compress'],
    type: boolean,
  },
  wsNoMasking: { keys: ['ws_no_masking', 'websocket_no_masking'], type: boolean },
  firstInfoTimeoutMs: { keys: ['first_info_timeout'], type: waitingTime() },
  dialTimeoutMs: { keys: ['dial_timeout'], type: waitingTime() },
  ignoresDiscoveredServers: { keys: ['ignore_discovered_servers'], type: boolean },
  isolates: { keys: ['isolate', 'isolate_leafnode_interest'], type: boolean },
  requestsIsolation: { keys: ['request_isolation'], type: boolean },
  proxy: { keys: ['proxy'], type: proxy },
  compression: { keys: ['compression'], type: compression },
  isDisabled: { keys: ['disabled'], type: boolean },
  migrates: { keys: ['jetstream_cluster_migrate', 'js_cluster_migrate'], type: withoutEffect },
} as const

type Fields = typeof REMOTE_FIELDS
type Option = keyof Fields

/** Of a remote, as written. */
export type RemoteSettings = {
  -readonly [Name in Option]?: Fields[Name]['type'] extends SettingType<infer Value, infer _> ? Value : never
}

/** What a program may write for a remote. */
export type GivenRemote = {
  readonly [Name in Option]?:
    | (Fields[Name]['type'] extends SettingType<infer _, infer Given> ? Given : never)
    | undefined
}
