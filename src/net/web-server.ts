import http from 'node:http'
import https from 'node:https'
import type { UpgradeHandler } from './upgrade.ts'

/** A certificate chain and its key, in PEM. */
export interface TlsMaterial {
  readonly certificatePem: string
  readonly keyPem: string
}

export interface WebServerOptions {
  /** Without it the server speaks plain HTTP. */
  readonly tls?: TlsMaterial | undefined
  readonly onRequest: http.RequestListener
  readonly onUpgrade: UpgradeHandler
  /** Time for the TLS handshake, and again for the head of a request; 0 means no limit. Default 60,000. */
  readonly handshakeTimeoutMs?: number
}

/** Longer than the idle limits of the usual proxies, so that they, and not we, end an idle connection. */
const KEEP_ALIVE_MS = 75_000

/** An HTTP or HTTPS server that listens nowhere yet. */
export function createWebServer(options: WebServerOptions): http.Server | https.Server {
  const timeoutMs = options.handshakeTimeoutMs ?? 60_000
  const serverOptions: http.ServerOptions = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: timeoutMs,
    // RFC 9110 §7.8: an upgrade to anything else (`h2c`, say) is not taken, and the request answered as it is.
    shouldUpgradeCallback: ({ headers }) => /\bwebsocket\b/i.test(headers.upgrade ?? ''),
    // Node checks for timeouts at this interval only.
    connectionsCheckingInterval: Math.max(100, Math.min(timeoutMs || 30_000, 30_000) / 4),
  }
  const { tls } = options
  const server =
    tls === undefined
      ? http.createServer(serverOptions)
      : https.createServer({
          ...serverOptions,
          cert: tls.certificatePem,
          key: tls.keyPem,
          handshakeTimeout: timeoutMs || 120_000,
        })
  server.on('request', options.onRequest)
  server.on('upgrade', options.onUpgrade)
  return server
}
