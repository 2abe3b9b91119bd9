import { isPlainSecret } from '#auth'
import type { NatsServerOptions } from '#config'
import { formatAddress, type ListenAddress } from '#net'
import type { NatsLogLevel } from '#ops'
import type { ListeningUrl } from './process-files.ts'

/** Where a NATS server listens; a kind of listener that is off has no address. */
export interface NatsServerAddresses {
  readonly nats: ListenAddress
  /** In the order of the options. */
  readonly websockets: readonly ListenAddress[]
  readonly leafnodes?: ListenAddress | undefined
  readonly monitoring?:
    | { readonly http?: ListenAddress | undefined; readonly https?: ListenAddress | undefined }
    | undefined
}

/** What a log line says, and how loud. */
export type Announcement = readonly [level: NatsLogLevel, text: string]

/**
 * Everything that the server listens on, as its log and its ports file name it, in nats-server's order. (There the ports
 * file has no leaf nodes.)
 */
export function listeningUrls(addresses: NatsServerAddresses, options: NatsServerOptions): ListeningUrl[] {
  const { leafnodes, monitoring: { http, https } = {} } = addresses
  const natsTls = options.nats.tls
  const leafScheme = options.leafnodes.listener?.tls ? 'tls' : 'nats'
  return [
    { kind: 'nats', scheme: natsTls && !natsTls.allowNonTls ? 'tls' : 'nats', address: addresses.nats },
    ...(http ? [{ kind: 'monitoring', scheme: 'http', address: http } as const] : []),
    ...(https ? [{ kind: 'monitoring', scheme: 'https', address: https } as const] : []),
    ...addresses.websockets.map(
      (address, at) => ({ kind: 'websocket', scheme: options.websockets[at]?.tls ? 'wss' : 'ws', address }) as const,
    ),
    ...(leafnodes ? [{ kind: 'leafnodes', scheme: leafScheme, address: leafnodes } as const] : []),
  ]
}

/** The lines by which tools find out where a server listens. */
export function listeningLines(addresses: NatsServerAddresses, options: NatsServerOptions): Announcement[] {
  const urls = listeningUrls(addresses, options)
  const lines: Announcement[] = []
  for (const { scheme, address } of urls.filter(({ kind }) => kind === 'monitoring')) {
    lines.push(['INF', `Starting ${scheme} monitor on ${formatAddress(address)}`])
  }
  for (const { scheme, address } of urls.filter(({ kind }) => kind === 'websocket')) {
    lines.push(['INF', `Listening for websocket clients on ${scheme}://${formatAddress(address)}`])
    if (scheme === 'ws') lines.push(['WRN', 'Websocket not configured with TLS. DO NOT USE IN PRODUCTION!'])
  }
  if (addresses.leafnodes) {
    lines.push(['INF', `Listening for leafnode connections on ${formatAddress(addresses.leafnodes)}`])
  }
  lines.push(['INF', `Listening for client connections on ${formatAddress(addresses.nats)}`])
  if (options.nats.proxyProtocol) lines.push(['INF', 'PROXY protocol enabled for client connections'])
  return [...lines, ...tlsLines(options)]
}

function tlsLines({ nats: { tls } }: NatsServerOptions): Announcement[] {
  if (tls === undefined) return []
  const isFirst = tls.handshakeFirst === true
  const lines: Announcement[] = [
    ['INF', `TLS ${tls.allowNonTls && !isFirst ? 'available' : 'required'} for client connections`],
  ]
  if (isFirst) {
    lines.push(['WRN', 'Clients that are not using "TLS Handshake First" option will fail to connect'])
  }
  return lines
}

/**
 * Whether a password is there to be read by whoever reads the configuration. A user without one that some listener knows
 * by the client certificate has none.
 */
export function hasPlainPassword({ nats, websockets }: NatsServerOptions): boolean {
  const { users = [], certificateTypes = [] } = nats.authorization
  const mapsCertificates = certificateTypes.length > 0 || [nats, ...websockets].some(({ tls }) => tls?.verifyAndMap)
  return (
    users.some(({ password }) => isPlainSecret(password) && !(password === '' && mapsCertificates)) ||
    [nats, ...websockets].some(({ authorization: { password = '' } }) => password !== '' && isPlainSecret(password))
  )
}

/** Why an address could not be had, in Go's words, which tools look for. */
const BIND_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
}

/** What nats-server says of a listener that cannot be opened; `undefined` when that is not why the start failed. */
export function listenErrorText(
  error: Error,
  { nats, websockets, leafnodes, monitoring }: NatsServerOptions,
): string | undefined {
  const {
    syscall,
    code = '',
    address,
    port,
  } = (error.cause ?? {}) as NodeJS.ErrnoException & { address?: string; port?: number }
  const reason = BIND_REASONS[code]
  if (syscall !== 'listen' || reason === undefined || address === undefined || port === undefined) return undefined
  const at = formatAddress({ host: address, port })
  const text = `listen tcp ${at}: bind: ${reason}`
  const isOne = (wanted: ListenAddress | undefined) => wanted?.port === port
  if (isOne(nats)) return `Error listening on port: ${formatAddress(nats)}, ${JSON.stringify(text)}`
  if (websockets.some(isOne)) return `Unable to listen for websocket connections: ${text}`
  if (isOne(leafnodes.listener)) return `Error listening on leafnode port: ${port} - ${text}`
  if (isOne(monitoring?.http) || isOne(monitoring?.https)) {
    return `Can't start monitoring: can't listen to the monitor port: ${text}`
  }
  return undefined
}
