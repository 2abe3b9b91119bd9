import { resolve } from 'node:path'
import { assembleHubs } from './assemble-hubs.ts'
import { assembleNats } from './assemble-nats.ts'
import { assemblePush } from './assemble-push.ts'
import { assembleRelay } from './assemble-relay.ts'
import { assembleVault } from './assemble-vault.ts'
import { checkOrigin } from './check-origin.ts'
import { controlSocketPath } from './control-socket-path.ts'
import type { Problems } from './language/index.ts'
import type { AdminOptions, HubOptions, IdentityOptions, Options, WebOptions } from './options.ts'
import { schema } from './settings/schema.ts'
import { LOCAL_HTTPS } from './settings/web.ts'
import { wordsOf } from './types/policy-sources.ts'
import type { Surroundings } from './types/setting-type.ts'
import type { TlsFiles } from './types/tls-files.ts'
import type { Choice } from './values.ts'

/** Makes the options of the chosen settings: defaults that depend on others, and rules between settings. */
export function assemble(choose: Choice, surroundings: Surroundings, problems: Problems): Options {
  const { cwd } = surroundings
  const absoluteTls = (tls: TlsFiles | undefined) =>
    tls && { certFile: resolve(cwd, tls.certFile), keyFile: resolve(cwd, tls.keyFile) }

  const natsServer = assembleNats(choose, surroundings, problems)
  const hub = hubOptions()
  const vault = assembleVault(choose, surroundings, problems)
  return {
    ...natsServer,
    web: webOptions(),
    vault,
    hub,
    hubs: assembleHubs(choose, { nats: natsServer.nats, hub }, problems),
    identity: identityOptions(),
    relay: assembleRelay(choose, cwd, problems),
    push: assemblePush(choose, { dataFolder: vault.dataFolder, cwd, problems }),
    admin: adminOptions(),
    control: {
      socket: controlSocketPath(choose(schema.control.socket), { cwd, dataFolder: vault.dataFolder }),
      tlsReloadIntervalMs: choose(schema.control.tlsReloadIntervalMs),
    },
    metrics: { listen: choose(schema.metrics.listen) || undefined, token: choose(schema.metrics.token) },
    oldHub: choose(schema.oldHub.enabled)
      ? { host: choose(schema.oldHub.host), port: choose(schema.oldHub.port) }
      : undefined,
  }

  function webOptions(): WebOptions {
    const { web } = schema
    const tls = absoluteTls(choose(web.tls))
    const asked = choose(web.https)
    // Who has a real certificate needs none from an authority that only this machine knows.
    const https = asked ?? (tls === undefined && LOCAL_HTTPS)
    const ipHeader = choose(web.ipHeader)
    const trustedProxies = choose(web.ipHeaderTrustedProxies)
    const folder = choose(web.webVaultFolder)
    return {
      host: choose(web.host),
      port: choose(web.port),
      tls,
      https: https === false ? undefined : { ...https, isOptional: asked === undefined },
      nats: choose(web.nats),
      admitsVaultUsers: choose(web.admitsVaultUsers),
      answersProbes: choose(web.answersProbes),
      servesHub: choose(web.servesHub),
      webVault: choose(web.servesWebVault)
        ? {
            folder: folder === undefined ? undefined : resolve(cwd, folder),
            iframeAncestors: wordsOf(choose(web.iframeAncestors)),
            connectSources: wordsOf(choose(web.connectSources)),
          }
        : undefined,
      ipHeader: ipHeader === 'none' ? undefined : ipHeader,
      trustedProxies: trustedProxies === 'none' ? [] : trustedProxies,
    }
  }

  function hubOptions(): HubOptions {
    const { hub } = schema
    const keepAliveMs = choose(hub.keepAliveMs)
    const clientTimeoutMs = choose(hub.clientTimeoutMs)
    if (clientTimeoutMs < 2 * keepAliveMs) {
      problems.error(
        'hub.client_timeout must be at least twice hub.keep_alive: clients ping after they have heard of us',
      )
    }
    const allowedOrigins = choose(hub.allowedOrigins)
    for (const origin of allowedOrigins) checkOrigin(origin, (line) => problems.error(`hub.allowed_origins: ${line}`))
    return {
      maxConnections: choose(hub.maxConnections),
      maxConnectionsPerUser: choose(hub.maxConnectionsPerUser),
      maxConnectionsPerAddress: choose(hub.maxConnectionsPerAddress),
      maxAnonymousConnectionsPerAddress: choose(hub.maxAnonymousConnectionsPerAddress),
      maxPendingBytes: choose(hub.maxPendingBytes),
      handshakeTimeoutMs: choose(hub.handshakeTimeoutMs),
      keepAliveMs,
      clientTimeoutMs,
      drainWindowMs: choose(hub.drainWindowMs),
      allowedOrigins,
      sameOrigin: choose(hub.sameOrigin),
    }
  }

  function adminOptions(): AdminOptions | undefined {
    const { admin } = schema
    const isOpen = choose(admin.isOpen)
    const token = choose(admin.token)?.trim()
    if (!isOpen && !token) return undefined
    return {
      token: isOpen ? undefined : token,
      sessionSeconds: choose(admin.sessionMinutes) * 60,
      rateLimit: { seconds: choose(admin.ratelimitSeconds), maxBurst: choose(admin.ratelimitMaxBurst) },
    }
  }

  function identityOptions(): IdentityOptions | undefined {
    const { identity } = schema
    const authority = choose(identity.authority)
    return authority === undefined ? undefined : { authority, installationId: choose(identity.installationId) }
  }
}
