import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Problems } from './language/index.ts'
import type { NatsOptions, Options, VaultOptions, WebOptions, WebsocketOptions } from './options.ts'
import { schema } from './settings/schema.ts'
import { LOCAL_HTTPS } from './settings/web.ts'
import type { TlsFiles } from './types/tls-files.ts'
import type { Choice } from './values.ts'

/** Above this nats-server warns of `max_payload`. */
const LARGE_PAYLOAD_BYTES = 8 * 1024 * 1024

/** Makes the options of the chosen settings: defaults that depend on others, and rules between settings. */
export function assemble(choose: Choice, cwd: string, problems: Problems): Options {
  const absoluteTls = (tls: TlsFiles | undefined) =>
    tls && { certFile: resolve(cwd, tls.certFile), keyFile: resolve(cwd, tls.keyFile) }

  return {
    nats: natsOptions(),
    websocket: websocketOptions(),
    web: webOptions(),
    vault: vaultOptions(),
    oldHub: choose(schema.oldHub.enabled)
      ? { host: choose(schema.oldHub.host), port: choose(schema.oldHub.port) }
      : undefined,
    log: { level: choose(schema.log.level) },
  }

  function natsOptions(): NatsOptions {
    const { nats } = schema
    const maxPayloadBytes = choose(nats.maxPayloadBytes)
    const maxPendingBytes = choose(nats.maxPendingBytes)
    if (maxPayloadBytes > maxPendingBytes) {
      problems.error(`max_payload (${maxPayloadBytes}) cannot be higher than max_pending (${maxPendingBytes})`)
    } else if (maxPayloadBytes > LARGE_PAYLOAD_BYTES) {
      problems.warning(`max_payload (${maxPayloadBytes}) is above 8 MiB: NATS is made for small messages`)
    }
    return {
      host: choose(nats.host),
      port: choose(nats.port),
      serverName: choose(nats.serverName),
      maxPayloadBytes,
      maxPendingBytes,
      maxControlLineBytes: choose(nats.maxControlLineBytes),
      maxConnections: choose(nats.maxConnections),
      maxSubscriptions: choose(nats.maxSubscriptions),
      pingIntervalMs: choose(nats.pingIntervalMs),
      pingMax: choose(nats.pingMax),
      writeDeadlineMs: choose(nats.writeDeadlineMs),
    }
  }

  function websocketOptions(): WebsocketOptions | undefined {
    const { websocket } = schema
    const port = choose(websocket.port)
    if (port === undefined) return undefined
    const tls = absoluteTls(choose(websocket.tls))
    if (tls === undefined && !choose(websocket.noTls)) problems.error('websocket requires TLS configuration')
    return {
      host: choose(websocket.host),
      port,
      tls,
      handshakeTimeoutMs: choose(websocket.handshakeTimeoutMs),
      sameOrigin: choose(websocket.sameOrigin),
      allowedOrigins: choose(websocket.allowedOrigins),
    }
  }

  function webOptions(): WebOptions {
    const { web } = schema
    const tls = absoluteTls(choose(web.tls))
    const asked = choose(web.https)
    // Who has a real certificate needs none from an authority that only this machine knows.
    const https = asked ?? (tls === undefined && LOCAL_HTTPS)
    const ipHeader = choose(web.ipHeader)
    return {
      host: choose(web.host),
      port: choose(web.port),
      tls,
      https: https === false ? undefined : { ...https, isOptional: asked === undefined },
      nats: choose(web.nats),
      servesHub: choose(web.servesHub),
      ipHeader: ipHeader === 'none' ? undefined : ipHeader,
      trustedProxies: choose(web.ipHeaderTrustedProxies),
    }
  }

  function vaultOptions(): VaultOptions {
    const { vault } = schema
    const dataFolder = resolve(cwd, choose(vault.dataFolder))
    const domain = choose(vault.domain)
    // Vaultwarden's issuer where no address is set: tokens must stay good when a data folder moves between the two.
    const { origin, pathname } = new URL(domain ?? 'http://localhost')
    return {
      dataFolder,
      databaseFile: databaseFile(dataFolder),
      rsaKeyFile: `${resolve(cwd, choose(vault.rsaKeyFilename) ?? join(dataFolder, 'rsa_key'))}.pem`,
      domain,
      origin,
      basePath: pathname.replace(/\/+$/, ''),
      signupsAllowed: choose(vault.signupsAllowed),
      signupsDomainsWhitelist: choose(vault.signupsDomainsWhitelist),
      invitationsAllowed: choose(vault.invitationsAllowed),
      passwordIterations: choose(vault.passwordIterations),
      loginRatelimitSeconds: choose(vault.loginRatelimitSeconds),
      loginRatelimitMaxBurst: choose(vault.loginRatelimitMaxBurst),
      unauthenticatedRatelimitSeconds: choose(vault.unauthenticatedRatelimitSeconds),
      unauthenticatedRatelimitMaxBurst: choose(vault.unauthenticatedRatelimitMaxBurst),
      increaseNoteSizeLimit: choose(vault.increaseNoteSizeLimit),
    }
  }

  function databaseFile(dataFolder: string): string {
    const url = choose(schema.vault.databaseUrl)
    if (url === undefined) return join(dataFolder, 'db.sqlite3')
    if (url.startsWith('sqlite://')) return resolve(cwd, url.slice('sqlite://'.length))
    const file = resolve(cwd, url)
    // Vaultwarden's demand: a misspelt URL must not end as a new and empty database.
    if (!existsSync(file)) {
      problems.error('DATABASE_URL: there is no database at this path; write sqlite://<path> to have it made')
    }
    return file
  }
}
