import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import type { Server as NetServer } from 'node:net'
import path from 'node:path'
import { createSecureContext } from 'node:tls'
import type { LocalHttpsOptions, Options, TlsFiles, VaultOptions } from '#config'
import { ConfigError, type Logger, systemClock } from '#kit'
import {
  createWebServer,
  ensureLocalCertificate,
  type ListenAddress,
  Listener,
  type PathHandlers,
  type TlsMaterial,
  type UpgradeHandler,
} from '#net'

/** Where HTTP is served; `undefined` where it is not. */
export interface WebAddresses {
  readonly web: ListenAddress
  readonly https: ListenAddress | undefined
  readonly oldHub: ListenAddress | undefined
}

export interface WebListeners {
  readonly addresses: WebAddresses
  readonly certificateAuthorityFile: string | undefined
  /** Takes no more connections from now on. Resolves when the last one is gone, after `graceMs` by force. */
  close(graceMs: number): Promise<void>
}

/** What the listeners serve. */
export interface WebHandlers {
  readonly onRequest: RequestListener
  readonly onUpgrade: UpgradeHandler
  /** On the hub's old port, whatever the path; `undefined` when the hub is off. */
  readonly oldHub: Required<PathHandlers> | undefined
}

/** Opens every web listener that is on. Rejects with a `ConfigError` when one cannot be had; none is left open then. */
export async function openWebListeners(options: Options, handlers: WebHandlers, logger: Logger): Promise<WebListeners> {
  const listeners: Listener[] = []
  const open = async (server: NetServer, wanted: ListenAddress) => {
    const listener = await Listener.open(server, wanted)
    listeners.push(listener)
    return listener.address
  }
  const close = async (graceMs: number) => {
    await Promise.all(listeners.map((listener) => listener.close(graceMs)))
  }

  /** Nobody asked for the one that is there by default: a server that was fine without it must not end for its port. */
  const openLocalHttps = async ({ isOptional, ...wanted }: LocalHttpsOptions, server: NetServer) => {
    try {
      return await open(server, wanted)
    } catch (error) {
      if (!isOptional || !(error instanceof ConfigError)) throw error
      logger.warn({ reason: error.message }, 'no local HTTPS')
      return undefined
    }
  }

  /** A taken port is no reason not to start: the web listener serves the same, and proxies with newer rules go there. */
  const openOldHub = async (wanted: ListenAddress, server: NetServer) => {
    try {
      const address = await open(server, wanted)
      const instead = 'send /notifications/hub to the web port, then drop WEBSOCKET_ENABLED'
      logger.warn({ ...address, instead }, 'notification hub also on its old port, which is no longer needed')
      return address
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      logger.warn({ reason: error.message }, 'notification hub not on its old port, only on the web port')
      return undefined
    }
  }

  try {
    const { web, vault, oldHub } = options
    const webTls = web.tls && (await readTls(web.tls))
    const webAddress = await open(createWebServer({ ...handlers, tls: webTls }), web)

    const local = web.https && (await localCertificate(vault))
    const httpsAddress = web.https && (await openLocalHttps(web.https, createWebServer({ ...handlers, tls: local })))

    if (handlers.oldHub === undefined) sayThatHubIsOff(oldHub !== undefined, logger)
    const oldHubAddress = oldHub && handlers.oldHub && (await openOldHub(oldHub, createWebServer(handlers.oldHub)))

    return {
      addresses: { web: webAddress, https: httpsAddress, oldHub: oldHubAddress },
      certificateAuthorityFile: httpsAddress && local?.caFile,
      close,
    }
  } catch (error) {
    await close(0)
    throw error
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

/** Throws a `ConfigError` that names the file which cannot be used. */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<TlsMaterial> {
  const read = async (file: string) => {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      throw new ConfigError(`Cannot read "${file}": ${(error as Error).message}`, { cause: error })
    }
  }
  const tls = { certificatePem: await read(certFile), keyPem: await read(keyFile) }
  try {
    createSecureContext({ cert: tls.certificatePem, key: tls.keyPem })
  } catch (error) {
    const files = `the certificate "${certFile}" with the key "${keyFile}"`
    throw new ConfigError(`Cannot use ${files}: ${(error as Error).message}`, { cause: error })
  }
  return tls
}
