import path from 'node:path'
import type { LocalHttpsOptions, Options, VaultOptions } from '#config'
import { ConfigError, type Logger, systemClock } from '#kit'
import {
  createWebServer,
  ensureLocalCertificate,
  type ListenAddress,
  Listener,
  type LocalCertificate,
  type PathHandlers,
  type WebServer,
} from '#net'

/** The listeners for HTTP beside the one that everybody knows; `undefined` where there is none. */
export interface OtherWebListeners {
  readonly addresses: { readonly https: ListenAddress | undefined; readonly oldHub: ListenAddress | undefined }
  /** What the first of them shows. */
  readonly localCertificate: LocalCertificate | undefined
  /** As `Listener.close`, of both. */
  close(graceMs: number): Promise<void>
}

export interface ServedThere {
  /** What the web listener serves. */
  readonly served: Required<PathHandlers>
  /** On the hub's old port, whatever the path; `undefined` when the hub is off. */
  readonly oldHub: Required<PathHandlers> | undefined
  readonly logger: Logger
}

/** Opens those that are on. Rejects with a `ConfigError` when one cannot be had; none is left open then. */
export async function openOtherWebListeners(
  { web, vault, oldHub: wantedHub }: Options,
  { served, oldHub, logger }: ServedThere,
): Promise<OtherWebListeners> {
  const local = web.https && (await localCertificate(vault))
  const https = web.https && (await openLocalHttps(web.https, createWebServer({ ...served, tls: local }), logger))
  if (oldHub === undefined) sayThatHubIsOff(wantedHub !== undefined, logger)
  const hub = wantedHub && oldHub && (await openOldHub(wantedHub, createWebServer(oldHub), logger))
  return {
    addresses: { https: https?.address, oldHub: hub?.address },
    localCertificate: https && local,
    close: async (graceMs) => void (await Promise.all([https?.close(graceMs), hub?.close(graceMs)])),
  }
}

/** Nobody asked for the one that is there by default: a server that was fine without it must not end for its port. */
async function openLocalHttps({ isOptional, ...wanted }: LocalHttpsOptions, server: WebServer, logger: Logger) {
  try {
    return await Listener.open(server, wanted)
  } catch (error) {
    if (!isOptional || !(error instanceof ConfigError)) throw error
    logger.warn({ reason: error.message }, 'no local HTTPS')
    return undefined
  }
}

/** A taken port is no reason not to start: the web listener serves the same, and proxies with newer rules go there. */
async function openOldHub(wanted: ListenAddress, server: WebServer, logger: Logger) {
  try {
    const listener = await Listener.open(server, wanted)
    const instead = 'send /notifications/hub to the web port, then drop WEBSOCKET_ENABLED'
    logger.warn({ ...listener.address, instead }, 'notification hub also on its old port, which is no longer needed')
    return listener
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    logger.warn({ reason: error.message }, 'notification hub not on its old port, only on the web port')
    return undefined
  }
}

/** For this machine's own names, and for the one that clients are told. */
function localCertificate({ dataFolder, domain }: VaultOptions) {
  const names = domain === undefined ? [] : [new URL(domain).hostname.replace(/^\[|\]$/g, '')]
  return ensureLocalCertificate({ folder: path.join(dataFolder, 'tls'), names, clock: systemClock })
}

function sayThatHubIsOff(oldPortIsWanted: boolean, logger: Logger): void {
  const setting = 'ENABLE_WEBSOCKET=false'
  if (oldPortIsWanted) logger.warn({ setting }, 'notification hub is off, so WEBSOCKET_ENABLED=true has no effect')
  else logger.info({ setting }, 'notification hub is off')
}
