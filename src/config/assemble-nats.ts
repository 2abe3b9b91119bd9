import { resolve } from 'node:path'
import type { SimpleAuthorization } from '#auth'
import { parseAdvertise } from './advertise.ts'
import { websocketOptions } from './assemble-websocket.ts'
import { doubleListeners } from './double-listeners.ts'
import { formatDuration, type Problems } from './language/index.ts'
import type { LogOptions, MonitoringOptions, NatsOptions, NatsServerOptions, WebsocketOptions } from './options.ts'
import { schema } from './settings/schema.ts'
import { LOG_LEVELS } from './types/choices.ts'
import type { TlsOptions } from './types/tls.ts'
import type { Choice } from './values.ts'

/** Above this nats-server warns of `max_payload`. */
const LARGE_PAYLOAD_BYTES = 8 * 1024 * 1024

/**
 * Makes the options of a NATS server of the chosen settings. Rules between settings are checked in the order of
 * nats-server's start, so that its first complaint is ours. (`spec/nats.md` §1.5)
 */
export function assembleNats(choose: Choice, cwd: string, problems: Problems): NatsServerOptions {
  const nats = natsOptions()
  const websockets = allWebsocketOptions()
  const monitoring = monitoringOptions(nats)
  const options = { nats, websockets, monitoring, log: logOptions(), process: processOptions() }
  // nats-server finds out when it is to listen.
  for (const line of doubleListeners(options)) problems.error(line)
  return options

  function natsOptions(): NatsOptions {
    const { nats } = schema
    const lameDuckDurationMs = choose(nats.lameDuckDurationMs)
    const lameDuckGraceMs = choose(nats.lameDuckGraceMs)
    if (lameDuckGraceMs >= lameDuckDurationMs) {
      problems.error(
        `lame duck grace period (${formatDuration(lameDuckGraceMs)}) should be strictly lower than lame duck duration ` +
          `(${formatDuration(lameDuckDurationMs)})`,
      )
    }
    const maxPayloadBytes = choose(nats.maxPayloadBytes)
    const maxPendingBytes = choose(nats.maxPendingBytes)
    if (maxPayloadBytes > maxPendingBytes) {
      problems.error(`max_payload (${maxPayloadBytes}) cannot be higher than max_pending (${maxPendingBytes})`)
    } else if (maxPayloadBytes > LARGE_PAYLOAD_BYTES) {
      problems.warning(`max_payload (${maxPayloadBytes}) is above 8 MiB: NATS is made for small messages`)
    }
    const authorization = authorizationOptions(choose, nats, (line) => problems.error(line))
    const tls = absoluteTls(choose(nats.tls))
    const proxyProtocol = choose(nats.proxyProtocol)
    return {
      host: choose(nats.host),
      port: choose(nats.port),
      serverName: choose(nats.serverName),
      maxPayloadBytes,
      maxPendingBytes,
      maxControlLineBytes: choose(nats.maxControlLineBytes),
      maxConnections: choose(nats.maxConnections),
      maxSubscriptions: choose(nats.maxSubscriptions),
      maxSubscriptionTokens: choose(nats.maxSubscriptionTokens),
      maxClosedClients: choose(nats.maxClosedClients),
      pingIntervalMs: choose(nats.pingIntervalMs),
      pingMax: choose(nats.pingMax),
      writeDeadlineMs: choose(nats.writeDeadlineMs),
      writeTimeoutPolicy: choose(nats.writeTimeoutPolicy),
      clientAdvertise: advertise(
        choose(nats.clientAdvertise),
        (reason) =>
          `Error setting server INFO with ClientAdvertise value of ${choose(nats.clientAdvertise)}, err=${reason}`,
      ),
      supportsHeaders: !choose(nats.noHeaderSupport),
      stallsFastProducers: !choose(nats.noFastProducerStall),
      lameDuckDurationMs,
      lameDuckGraceMs,
      tls: tls && { ...tls, allowNonTls: tls.allowNonTls || choose(nats.allowNonTls) },
      authorization,
      accounts: [],
      systemAccount: undefined,
      proxyProtocol,
      // nats-server has only the former key, and believes everybody then.
      trustedProxies: choose(nats.trustedProxies) ?? (proxyProtocol ? 'all' : 'none'),
      maxConnectionsPerAddress: choose(nats.maxConnectionsPerAddress),
    }
  }

  function allWebsocketOptions(): WebsocketOptions[] {
    const choices = choose.each('websocket')
    return choices.flatMap((choose, index) => {
      // nats-server has one listener and need not say which.
      const which = choices.length === 1 ? '' : ` (websocket listener ${index + 1} of ${choices.length})`
      const error = (line: string) => problems.error(line + which)
      return (
        websocketOptions(choose, {
          absoluteTls,
          advertise: (address, complaint) => advertise(address, (reason) => complaint(reason) + which),
          authorization: (choose, settings) => authorizationOptions(choose, settings, error),
          error,
        }) ?? []
      )
    })
  }

  function monitoringOptions(nats: NatsOptions): MonitoringOptions | undefined {
    const { monitoring } = schema
    const host = choose(monitoring.host) ?? nats.host
    const httpPort = choose(monitoring.httpPort)
    const httpsPort = choose(monitoring.httpsPort)
    if (httpPort === undefined && httpsPort === undefined) return undefined
    if (httpPort !== undefined && httpsPort !== undefined) {
      problems.error(`can't specify both HTTP (${httpPort}) and HTTPs (${httpsPort}) ports`)
    } else if (httpsPort !== undefined && nats.tls === undefined) {
      problems.error('TLS cert and key required for HTTPS')
    }
    return {
      http: httpPort === undefined ? undefined : { host, port: httpPort },
      https: httpsPort === undefined ? undefined : { host, port: httpsPort },
      basePath: choose(monitoring.basePath),
      tls: nats.tls && { ...nats.tls, verify: false, verifyAndMap: false, pinnedCerts: [], handshakeFirst: false },
    }
  }

  function logOptions(): LogOptions {
    const { log } = schema
    const debug = choose(log.debug)
    const traceVerbose = choose(log.traceVerbose)
    const traceHeaders = choose(log.traceHeaders)
    const trace = choose(log.trace) || traceVerbose || traceHeaders
    const asked = trace ? 'trace' : debug ? 'debug' : 'off'
    const level = choose(log.level)
    return {
      level: LOG_LEVELS.indexOf(asked) > LOG_LEVELS.indexOf(level) ? asked : level,
      debug,
      trace,
      traceVerbose,
      traceHeaders,
      maxTracedBytes: choose(log.maxTracedBytes),
      time: choose(log.time),
      timeUtc: choose(log.timeUtc),
      file: absolute(choose(log.file)),
      fileSizeLimitBytes: choose(log.fileSizeLimitBytes),
      maxFiles: choose(log.maxFiles),
    }
  }

  function processOptions() {
    const { pidFile, portsFileFolder } = schema.process
    return { pidFile: absolute(choose(pidFile)), portsFileFolder: absolute(choose(portsFileFolder)) }
  }

  function absolute(path: string | undefined): string | undefined {
    return path === undefined ? undefined : resolve(cwd, path)
  }

  function absoluteTls(tls: TlsOptions | undefined): TlsOptions | undefined {
    return tls && resolveTls(tls, cwd)
  }

  function advertise(address: string | undefined, complaint: (reason: string) => string): string | undefined {
    try {
      return address === undefined ? undefined : parseAdvertise(address)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      problems.error(complaint(error.message))
      return undefined
    }
  }
}

/** With all files of the block absolute. */
export function resolveTls(tls: TlsOptions, cwd: string): TlsOptions {
  return {
    ...tls,
    certificates: tls.certificates.map(({ certFile, keyFile }) => ({
      certFile: resolve(cwd, certFile),
      keyFile: resolve(cwd, keyFile),
    })),
    caFile: tls.caFile === undefined ? undefined : resolve(cwd, tls.caFile),
  }
}

type AuthorizationSettings = Pick<typeof schema.nats, 'user' | 'password' | 'token' | 'authTimeoutMs' | 'noAuthUser'>

function authorizationOptions(
  choose: Choice,
  settings: AuthorizationSettings,
  error: (line: string) => void,
): SimpleAuthorization {
  const user = choose(settings.user)
  const password = choose(settings.password)
  const noAuthUser = choose(settings.noAuthUser)
  if (noAuthUser !== undefined) error(`no_auth_user: "${noAuthUser}" present, but users/nkeys are not defined`)
  // nats-server lets everybody in then.
  if (password !== undefined && user === undefined) error('authorization has a password, but no user')
  const timeoutMs = choose(settings.authTimeoutMs)
  // 0 is what a number is that nobody gave.
  return {
    user,
    password,
    token: choose(settings.token),
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    noAuthUser,
  }
}
