import type { FlagKind, ParsedFlags } from './go-flags.ts'

/** What the flags of nats-server say, each as it stood last. Absent means not given. */
export interface NatsServerFlags {
  host?: string
  port?: number
  serverName?: string
  clientAdvertise?: string
  httpPort?: number
  httpsPort?: number
  configFile?: string
  isCheck?: boolean
  signal?: string
  pidFile?: string
  portsFileFolder?: string

  logFile?: string
  logSizeLimitBytes?: number
  debug?: boolean
  trace?: boolean
  traceVerbose?: boolean
  debugAndTrace?: boolean
  debugAndTraceVerbose?: boolean
  logTime?: boolean
  logTimeUtc?: boolean
  maxTracedBytes?: number

  user?: string
  password?: string
  token?: string

  tls?: boolean
  tlsCertFile?: string
  tlsKeyFile?: string
  tlsCaFile?: string
  tlsVerify?: boolean

  routes?: string
  cluster?: string
  showsHelp?: boolean
  showsTlsHelp?: boolean
  showsVersion?: boolean
}

type FlagName = keyof NatsServerFlags

interface FlagDefinition {
  readonly kind: FlagKind
  readonly names: readonly string[]
  /** `undefined`: accepted without effect. */
  readonly option: FlagName | undefined
  /** Why it has no effect. */
  readonly why?: string
}

const JETSTREAM = 'Belfry has no JetStream'
const CLUSTER = 'Belfry does not form clusters'
const SYSLOG = 'Belfry writes no syslog; its lines go to standard error or to the file of --log'

const DEFINITIONS: readonly FlagDefinition[] = [
  { kind: 'string', names: ['a', 'addr', 'net'], option: 'host' },
  { kind: 'integer', names: ['p', 'port'], option: 'port' },
  { kind: 'string', names: ['n', 'name', 'server_name'], option: 'serverName' },
  { kind: 'string', names: ['client_advertise'], option: 'clientAdvertise' },
  { kind: 'integer', names: ['m', 'http_port'], option: 'httpPort' },
  { kind: 'integer', names: ['ms', 'https_port'], option: 'httpsPort' },
  { kind: 'string', names: ['c', 'config'], option: 'configFile' },
  { kind: 'boolean', names: ['t'], option: 'isCheck' },
  { kind: 'string', names: ['sl', 'signal'], option: 'signal' },
  { kind: 'string', names: ['P', 'pid'], option: 'pidFile' },
  { kind: 'string', names: ['ports_file_dir'], option: 'portsFileFolder' },

  { kind: 'string', names: ['l', 'log'], option: 'logFile' },
  { kind: 'integer', names: ['log_size_limit'], option: 'logSizeLimitBytes' },
  { kind: 'boolean', names: ['D', 'debug'], option: 'debug' },
  { kind: 'boolean', names: ['V', 'trace'], option: 'trace' },
  { kind: 'boolean', names: ['VV'], option: 'traceVerbose' },
  { kind: 'boolean', names: ['DV'], option: 'debugAndTrace' },
  { kind: 'boolean', names: ['DVV'], option: 'debugAndTraceVerbose' },
  { kind: 'boolean', names: ['T', 'logtime'], option: 'logTime' },
  { kind: 'boolean', names: ['logtime_utc'], option: 'logTimeUtc' },
  { kind: 'integer', names: ['max_traced_msg_len'], option: 'maxTracedBytes' },
  { kind: 'boolean', names: ['s', 'syslog'], option: undefined, why: SYSLOG },
  { kind: 'string', names: ['r', 'remote_syslog'], option: undefined, why: SYSLOG },

  { kind: 'string', names: ['user'], option: 'user' },
  { kind: 'string', names: ['pass'], option: 'password' },
  { kind: 'string', names: ['auth'], option: 'token' },

  { kind: 'boolean', names: ['tls'], option: 'tls' },
  { kind: 'string', names: ['tlscert'], option: 'tlsCertFile' },
  { kind: 'string', names: ['tlskey'], option: 'tlsKeyFile' },
  { kind: 'string', names: ['tlscacert'], option: 'tlsCaFile' },
  { kind: 'boolean', names: ['tlsverify'], option: 'tlsVerify' },

  { kind: 'boolean', names: ['js', 'jetstream'], option: undefined, why: JETSTREAM },
  { kind: 'string', names: ['sd', 'store_dir'], option: undefined, why: JETSTREAM },
  { kind: 'string', names: ['routes'], option: 'routes', why: CLUSTER },
  { kind: 'string', names: ['cluster', 'cluster_listen'], option: 'cluster', why: CLUSTER },
  { kind: 'string', names: ['cluster_advertise', 'cluster_name'], option: undefined, why: CLUSTER },
  { kind: 'boolean', names: ['no_advertise'], option: undefined, why: CLUSTER },
  { kind: 'integer', names: ['connect_retries'], option: undefined, why: CLUSTER },
  { kind: 'integer', names: ['profile'], option: undefined, why: 'Belfry has no profiling port; see node --inspect' },

  { kind: 'boolean', names: ['h', 'help'], option: 'showsHelp' },
  { kind: 'boolean', names: ['help_tls'], option: 'showsTlsHelp' },
  { kind: 'boolean', names: ['v', 'version'], option: 'showsVersion' },
]

const byName: ReadonlyMap<string, FlagDefinition> = new Map(
  DEFINITIONS.flatMap((definition) => definition.names.map((name) => [name, definition] as const)),
)

/** Every flag of nats-server's, for `parseGoFlags`. */
export const FLAG_KINDS: ReadonlyMap<string, FlagKind> = new Map(
  [...byName].map(([name, { kind }]) => [name, kind] as const),
)

/** What the parsed flags say, and a warning for each that has no effect here. */
export function readFlags({ flags }: ParsedFlags): { flags: NatsServerFlags; warnings: string[] } {
  const said: Partial<Record<FlagName, unknown>> = {}
  const warnings = new Set<string>()
  for (const [name, value] of flags) {
    const { option, why } = byName.get(name)!
    // The kind of a definition is the type of its option.
    if (option !== undefined) said[option] = value
    if (why !== undefined && value !== false) warnings.add(`-${name} has no effect: ${why}`)
  }
  return { flags: said as NatsServerFlags, warnings: [...warnings] }
}
