import type { Overrides } from '#config'
import { ConfigError } from '#kit'
import type { NatsServerFlags } from './flags.ts'

/** What the command line sets over the configuration file. @throws ConfigError in nats-server's words. */
export function overridesOf(flags: NatsServerFlags): Overrides {
  return {
    nats: {
      host: given(flags.host),
      port: portOf(flags.port),
      serverName: given(flags.serverName),
      clientAdvertise: given(flags.clientAdvertise),
      user: given(flags.user),
      password: given(flags.password),
      token: given(flags.token),
      tls: tlsOf(flags),
    },
    monitoring: { httpPort: portOf(flags.httpPort), httpsPort: portOf(flags.httpsPort) },
    log: {
      ...verbosityOf(flags),
      maxTracedBytes: flags.maxTracedBytes,
      time: flags.logTime,
      timeUtc: flags.logTimeUtc,
      file: given(flags.logFile),
      fileSizeLimitBytes: flags.logSizeLimitBytes,
    },
    process: { pidFile: given(flags.pidFile), portsFileFolder: given(flags.portsFileFolder) },
  }
}

/** `-tls=false` takes away what the configuration file says of TLS, whatever else the command line says of it. */
export function isTlsOff(flags: NatsServerFlags): boolean {
  return flags.tls === false
}

/** An empty text is as good as none: nothing that the file protects should be opened by a variable that is not set. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

/** 0 is nats-server's "not given", and -1 any free port, which is 0 for a program. */
function portOf(port: number | undefined): number | undefined {
  if (port === 0) return undefined
  return port === -1 ? 0 : port
}

function tlsOf(flags: NatsServerFlags) {
  const { tls, tlsCertFile, tlsKeyFile, tlsCaFile, tlsVerify } = flags
  const isWanted = [tls, tlsCertFile, tlsKeyFile, tlsCaFile, tlsVerify].some((flag) => flag !== undefined)
  if (!isWanted || isTlsOff(flags)) return undefined
  if (!tlsCertFile) throw new ConfigError('TLS Server certificate must be present and valid')
  if (!tlsKeyFile) throw new ConfigError('TLS Server private key must be present and valid')
  return {
    certificates: [{ certFile: tlsCertFile, keyFile: tlsKeyFile }],
    caFile: given(tlsCaFile),
    verify: tlsVerify ?? false,
  }
}

/** The flags of two letters count for more than those of one, in nats-server's order. */
function verbosityOf(flags: NatsServerFlags) {
  const { debugAndTrace, debugAndTraceVerbose, traceVerbose } = flags
  return {
    debug: debugAndTraceVerbose ?? debugAndTrace ?? flags.debug,
    trace: traceVerbose ?? debugAndTraceVerbose ?? debugAndTrace ?? flags.trace,
    traceVerbose: traceVerbose ?? debugAndTraceVerbose,
  }
}
