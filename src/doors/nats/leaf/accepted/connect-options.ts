import { BEFORE_CONNECT, optionsIn } from '../../connect-options.ts'
import type { Said } from '../../login.ts'

/** What another server said in CONNECT, with nats-server's defaults for what it left out. (`spec/nats.md` §5.3) */
export interface LeafConnectOptions extends Said {
  /** Empty: it is in none. */
  readonly cluster: string
  readonly headers: boolean
  /** It wants to be the hub of the two, although it connects. */
  readonly isHub: boolean
  /** Subjects of which it does not want to hear. */
  readonly deniedExports: readonly string[]
  /** It does not want to hear what other leaf nodes want. */
  readonly isolate: boolean
  /** Name of the account there. */
  readonly remoteAccount: string
  /** Only of a gateway, which is at the wrong port. */
  readonly gateway: string
  /** `account` and `new_account`: see `ConnectOptions`. */
  readonly account: string
  readonly newAccount: boolean
}

/** Of a server that has yet to say who it is. */
export const BEFORE_LEAF_CONNECT: LeafConnectOptions = {
  ...BEFORE_CONNECT,
  cluster: '',
  isHub: false,
  deniedExports: [],
  isolate: false,
  remoteAccount: '',
  gateway: '',
}

/** Our names by those of the wire. What is in none of these is passed over. */
const FIELDS: ReadonlyMap<string, keyof LeafConnectOptions> = new Map([
  ['name', 'name'],
  ['lang', 'lang'],
  ['version', 'version'],
  ['protocol', 'protocol'],
  ['user', 'user'],
  ['pass', 'password'],
  ['auth_token', 'token'],
  ['jwt', 'jwt'],
  ['nkey', 'nkey'],
  ['sig', 'signature'],
  ['cluster', 'cluster'],
  ['headers', 'headers'],
  ['is_hub', 'isHub'],
  ['deny_pub', 'deniedExports'],
  ['isolate', 'isolate'],
  ['remote_account', 'remoteAccount'],
  ['gateway', 'gateway'],
  ['account', 'account'],
  ['new_account', 'newAccount'],
])

/** `undefined` when it cannot be read: see `optionsIn`. */
export function parseLeafConnect(json: string): LeafConnectOptions | undefined {
  return optionsIn(json, FIELDS, BEFORE_LEAF_CONNECT)
}

/** Whether `version`, as a server says it, is `least` (`MAJOR.MINOR.PATCH`) or later. What is no version is older. */
export function isAtLeast(version: string, least: string): boolean {
  const ours = componentsOf(version)
  const wanted = componentsOf(least)
  if (ours === undefined || wanted === undefined) return false
  for (const [i, part] of wanted.entries()) if (ours[i] !== part) return (ours[i] ?? 0) > part
  return true
}

/** As nats-server's `semVerRe` has it: `v2.10.4-beta` is 2.10.4. */
function componentsOf(version: string): readonly number[] | undefined {
  const parts = /^v?(?<major>[0-9]+)\.?(?<minor>[0-9]+)?\.?(?<patch>[0-9]+)?/.exec(version)?.groups
  return parts && [parts.major, parts.minor, parts.patch].map((part) => Number(part ?? 0))
}
