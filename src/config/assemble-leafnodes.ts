import { resolve } from 'node:path'
import { isPublicKey } from '#auth'
import { DEFAULT_ACCOUNT, SYSTEM_ACCOUNT } from '#core'
import type { LeafProxy } from '#doors/nats'
import { toByteString } from '#kit'
import { InvalidValue, type Position, type Problems } from './language/index.ts'
import { type Compression, problemOfCompression } from './leafnodes/compression.ts'
import type {
  LeafAuthorization,
  LeafLinkOptions,
  LeafListenerOptions,
  LeafnodesOptions,
  LeafRemoteOptions,
} from './leafnodes/options.ts'
import { remoteDefaults } from './leafnodes/remote-defaults.ts'
import { type ConfiguredRemote, nameOf } from './leafnodes/remotes.ts'
import { atPlace, formatUrls, isWebSocket, LEAF_PORT, leafUrl } from './leafnodes/urls.ts'
import { problemOfLeafUsers } from './leafnodes/users.ts'
import type { NatsOptions } from './options.ts'
import { schema } from './settings/schema.ts'
import type { Surroundings } from './types/setting-type.ts'
import type { FilesOfTls } from './types/tls.ts'
import type { Choice } from './values.ts'

export interface LeafnodesAssembly {
  readonly nats: NatsOptions
  readonly surroundings: Surroundings
  readonly problems: Problems
  readonly absoluteTls: <Tls extends FilesOfTls>(tls: Tls | undefined) => Tls | undefined
  readonly advertise: (address: string | undefined, complaint: (reason: string) => string) => string | undefined
}

const NO_NKEYS_IN_REMOTES =
  'operator mode requires account nkeys in remotes. Please add an `account` key to each remote in your `leafnodes` ' +
  'section, to assign it to an account. Each account value should be a 56 character public key, starting with the ' +
  "letter 'A'"

/** The options of `leafnodes {}`. What nats-server checks at its start is checked in its order. (spec: nats §1.5, §5.6) */
export function assembleLeafnodes(choose: Choice, assembly: LeafnodesAssembly): LeafnodesOptions {
  const { nats, surroundings, problems, absoluteTls, advertise } = assembly
  const { leafnodes: settings } = schema
  const port = choose(settings.port)
  const authorization = authorizationOptions()
  const configured = choose(settings.remotes) ?? []
  const link: LeafLinkOptions = {
    writeDeadlineMs: choose(settings.writeDeadlineMs),
    writeTimeoutPolicy: choose(settings.writeTimeoutPolicy),
  }
  const isolates = choose(settings.isolatesInterest)

  checkTwice()
  if (nats.authorization.operator?.operators.length) checkKeys()
  else checkAccounts()
  checkCompression(choose(settings.compression))
  const remotes = configured.flatMap((remote) => remoteOptions(remote) ?? [])
  return {
    listener: port === undefined ? undefined : listenerOptions(port),
    remotes,
    reconnectMs: choose(settings.reconnectMs),
  }

  function listenerOptions(port: number): LeafListenerOptions {
    const tls = absoluteTls(choose(settings.tls))
    if (tls?.certificates.length === 0) {
      problems.error("leafnodes: missing 'cert_file' in TLS configuration: without it nobody can connect")
    }
    const address = choose(settings.advertise)
    return {
      host: choose(settings.host),
      port,
      ...link,
      advertise: advertise(
        address,
        (reason) => `Error setting leafnode INFO with LeafNode.Advertise value of ${address}, err=${reason}`,
      ),
      tls,
      authorization,
      minVersion: choose(settings.minVersion),
      isolatesInterest: isolates,
    }
  }

  function authorizationOptions(): LeafAuthorization {
    const user = choose(settings.user)
    const password = choose(settings.password)
    const nkey = choose(settings.nkey)
    const users = choose(settings.users)
    const timeoutMs = choose(settings.authTimeoutMs)
    const wrong = problemOfLeafUsers(users, { user, nkey })
    if (wrong !== undefined) problems.error(wrong)
    // nats-server does not ask for it then, and lets everybody in whom it would let in without the block.
    if (password !== undefined && user === undefined) {
      problems.error('leafnodes: authorization has a password, but no user')
    }
    return {
      user,
      password: user === undefined ? undefined : (password ?? ''),
      nkey,
      account: choose(settings.account),
      // 0 is what a number is that nobody gave.
      timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
      users: users?.length ? users : undefined,
    }
  }

  function checkTwice(): void {
    const names = new Set<string>()
    for (const remote of configured) {
      const { id, shown } = nameOf(remote, String(LEAF_PORT))
      if (names.has(id)) problems.error(atPlace(`duplicate remote ${shown}`, remote.position))
      names.add(id)
    }
  }

  function checkAccounts(): void {
    const { accounts, systemAccount } = nats
    const known = new Set([DEFAULT_ACCOUNT, systemAccount ?? SYSTEM_ACCOUNT, ...accounts.map(({ name }) => name)])
    const missing = (account: string, what: string) =>
      `cannot find local account ${JSON.stringify(account)} specified in leafnode ${what}`
    const { account, users = [] } = authorization
    for (const name of [account ?? DEFAULT_ACCOUNT, ...users.map((user) => user.account)]) {
      if (!known.has(name)) problems.error(missing(name, 'authorization'))
    }
    for (const { given, position } of configured) {
      const { account = DEFAULT_ACCOUNT } = given
      if (surroundings.accounts.some(({ name }) => name === account)) {
        const words = `a leafnode remote cannot be in account ${JSON.stringify(account)}, which is the server's own`
        problems.error(atPlace(`${words}: set cluster_url of vault {}, or BELFRY_CLUSTER_URL`, position))
      } else if (!known.has(account)) problems.error(atPlace(missing(account, 'remote'), position))
    }
  }

  function checkKeys(): void {
    const { account, users } = authorization
    if (users !== undefined) problems.error('operator mode does not allow specifying users in leafnode config')
    for (const { given, position } of configured) {
      if (!isPublicKey(given.account ?? '', 'account')) problems.error(atPlace(NO_NKEYS_IN_REMOTES, position))
    }
    if (port !== undefined && account !== undefined && !isPublicKey(account, 'account')) {
      problems.error('operator mode and non account nkeys are incompatible')
    }
  }

  /** `undefined` for one that connects nowhere. */
  function remoteOptions({ given, position }: ConfiguredRemote): LeafRemoteOptions | undefined {
    const { urls = [], account = DEFAULT_ACCOUNT, isDisabled = false } = given
    if (new Set(urls.map(isWebSocket)).size > 1) {
      const words = 'remote leaf node configuration cannot have a mix of websocket and non-websocket urls'
      problems.error(atPlace(`${words}: ${formatUrls(urls, String(LEAF_PORT))}`, position))
    }
    checkCompression(given.compression, position)
    // Which was remarked on.
    if (urls.length === 0) return undefined
    const defaults = remoteDefaults({ ...link, dialTimeoutMs: choose(settings.dialTimeoutMs) })
    try {
      const remote: LeafRemoteOptions = {
        ...defaults,
        urls: urls.map(leafUrl),
        account,
        credentialsFile: given.credentialsFile && resolve(surroundings.cwd, given.credentialsFile),
        nkeySeed: given.nkeySeed,
        tls: absoluteTls(given.tls),
        isHub: given.isHub ?? defaults.isHub,
        denyImports: (given.denyImports ?? defaults.denyImports).map(toByteString),
        denyExports: (given.denyExports ?? defaults.denyExports).map(toByteString),
        randomizes: given.randomizes ?? defaults.randomizes,
        wsCompression: given.wsCompression ?? defaults.wsCompression,
        wsNoMasking: given.wsNoMasking ?? defaults.wsNoMasking,
        firstInfoTimeoutMs: given.firstInfoTimeoutMs ?? defaults.firstInfoTimeoutMs,
        dialTimeoutMs: given.dialTimeoutMs ?? defaults.dialTimeoutMs,
        ignoresDiscoveredServers: given.ignoresDiscoveredServers ?? defaults.ignoresDiscoveredServers,
        isolates: isolates || (given.isolates ?? defaults.isolates),
        requestsIsolation: given.requestsIsolation ?? defaults.requestsIsolation,
        proxy: given.proxy?.url && urls.every(isWebSocket) ? proxyOptions(given.proxy) : undefined,
      }
      return isDisabled ? undefined : remote
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      problems.error(atPlace(error.message, position))
      return undefined
    }
  }

  function checkCompression(compression: Compression | undefined, position?: Position): void {
    const wrong = compression && problemOfCompression(compression)
    if (wrong !== undefined) problems.error(atPlace(wrong, position))
  }
}

function proxyOptions({ url, username, password, timeoutMs }: LeafProxy): LeafProxy {
  return { url, username: username || undefined, password: password || undefined, timeoutMs: timeoutMs || undefined }
}
