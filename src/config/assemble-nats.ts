import { resolve } from 'node:path'
import { DEFAULT_ACCOUNT, SYSTEM_ACCOUNT } from '#core'
import { parseAdvertise } from './advertise.ts'
import { openToAnybody } from './anybody.ts'
import { assembleAuthorization } from './assemble-authorization.ts'
import { assembleLeafnodes } from './assemble-leafnodes.ts'
import { simpleAuthorization } from './assemble-simple-authorization.ts'
import { websocketOptions } from './assemble-websocket.ts'
import { doubleListeners } from './double-listeners.ts'
import { foreignCertificateTypes } from './foreign-certificates.ts'
import { formatDuration, type Problems } from './language/index.ts'
import type { LogOptions, MonitoringOptions, NatsOptions, NatsServerOptions, WebsocketOptions } from './options.ts'
import { schema } from './settings/schema.ts'
import { LOG_LEVELS } from './types/choices.ts'
import type { Surroundings } from './types/setting-type.ts'
import type { FilesOfTls } from './types/tls.ts'
import type { Choice } from './values.ts'

/** Above this nats-server warns of `max_payload`. */
const LARGE_PAYLOAD_BYTES = 8 * 1024 * 1024

/**
 * Makes the options of a NATS server of the chosen settings. Rules between settings are checked in the order of
 * nats-server's start, so that its first complaint is ours. (`spec/nats.md` §1.5)
 */
export function assembleNats(choose: Choice, surroundings: Surroundings, problems: Problems): NatsServerOptions {
  const { cwd } = surroundings
  const table = natsOptions()
  const leafnodes = assembleLeafnodes(choose, { nats: table, surroundings, problems, absoluteTls, advertise })
  const websockets = allWebsocketOptions(table)
  const certificateTypes = foreignCertificateTypes(choose, { websockets, leafnodes })
  const nats =
    certificateTypes.length === 0 ? table : { ...table, authorization: { ...table.authorization, certificateTypes } }
  const monitoring = monitoringOptions(nats)
  const options = { nats, websockets, leafnodes, monitoring, log: logOptions(), process: processOptions() }
  checkSystemAccount()
  // nats-server finds out when it is to listen.
  for (const line of doubleListeners(options)) problems.error(line)
  if (choose.hasBlock('authorization')) return options
  return { ...options, nats: { ...nats, authorization: openToAnybody(nats) } }

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
    const who = assembleAuthorization(choose, { surroundings, error: (line) => problems.error(line) })
    const tls = absoluteTls(choose(nats.tls))
    const allowNonTls = tls?.allowNonTls || choose(nats.allowNonTls)
    if (tls?.certificates.length === 0 && !allowNonTls) {
      problems.error("missing 'cert_file' in TLS configuration: without it nobody can connect but with allow_non_tls")
    }
    const proxyProtocol = choose(nats.proxyProtocol)
    return {
      host: choose(nats.host),
      port: choose(nats.port),
      serverName: choose(nats.serverName),
      serverTags: choose(nats.serverTags),
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
      tls: tls && { ...tls, allowNonTls },
      ...who,
      proxyProtocol,
      // nats-server has only the former key, and believes everybody then.
      trustedProxies: choose(nats.trustedProxies) ?? (proxyProtocol ? 'all' : 'none'),
      maxConnectionsPerAddress: choose(nats.maxConnectionsPerAddress),
    }
  }

  /** One that an operator vouches for is looked for by whoever knows accounts by their JWTs. */
  function checkSystemAccount(): void {
    const { authorization, accounts, systemAccount } = nats
    if (systemAccount === undefined || authorization.operator !== undefined) return
    const known = [DEFAULT_ACCOUNT, SYSTEM_ACCOUNT, ...accounts.map(({ name }) => name)]
    if (!known.includes(systemAccount)) problems.error('error resolving system account: account missing')
  }

  function allWebsocketOptions(nats: NatsOptions): WebsocketOptions[] {
    const choices = choose.each('websocket')
    return choices.flatMap((choose, index) => {
      // nats-server has one listener and need not say which.
      const which = choices.length === 1 ? '' : ` (websocket listener ${index + 1} of ${choices.length})`
      const error = (line: string) => problems.error(line + which)
      return (
        websocketOptions(choose, {
          absoluteTls,
          advertise: (address, complaint) => advertise(address, (reason) => complaint(reason) + which),
          authorization: (choose, settings) =>
            simpleAuthorization(choose, settings, { main: nats.authorization, error }),
          main: nats.authorization,
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
    } else if (httpsPort !== undefined && !nats.tls?.certificates.length) {
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
      roomLevels: choose(log.roomLevels),
      requests: choose(log.requests),
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

  function absoluteTls<Tls extends FilesOfTls>(tls: Tls | undefined): Tls | undefined {
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
export function resolveTls<Tls extends FilesOfTls>(tls: Tls, cwd: string): Tls {
  return {
    ...tls,
    certificates: tls.certificates.map(({ certFile, keyFile }) => ({
      certFile: resolve(cwd, certFile),
      keyFile: resolve(cwd, keyFile),
    })),
    caFile: tls.caFile === undefined ? undefined : resolve(cwd, tls.caFile),
  }
}
