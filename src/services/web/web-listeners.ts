import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createSecureContext } from 'node:tls'
import type { Options, TlsFiles, WebOptions } from '#config'
import { ConfigError, type Logger } from '#kit'
import {
  createWebServer,
  type ListenAddress,
  type ListenerProbe,
  type PathHandlers,
  readPemFile,
  type TlsMaterial,
  type TlsSettings,
  tlsFrom,
  type UpgradeHandler,
  type WebServer,
} from '#net'
import type { CertifiedListener } from '../certificates/certified-listener.ts'
import { Port } from '../port.ts'
import { type Change, changesBetween } from '../reload/changes.ts'
import type { ReloadStep } from '../reload/reload-step.ts'
import { type OtherWebListeners, openOtherWebListeners } from './other-web-listeners.ts'

/** Where HTTP is served; `undefined` where it is not. */
export interface WebAddresses {
  readonly web: ListenAddress
  readonly https: ListenAddress | undefined
  readonly oldHub: ListenAddress | undefined
}

/** `0.0.0.0` of the web listener is what it says, not IPv6 too. */
const AS_WRITTEN = { isDualStack: false }

/** What the listeners serve. */
export interface WebHandlers {
  /** Asked before the others. */
  readonly probe: ListenerProbe
  readonly onRequest: RequestListener
  readonly onUpgrade: UpgradeHandler
  /** On the hub's old port, whatever the path; `undefined` when the hub is off. */
  readonly oldHub: Required<PathHandlers> | undefined
}

/** Every web listener that is on. */
export class WebListeners {
  readonly #port: Port<WebServer>
  readonly #others: OtherWebListeners
  readonly #shown: { tls: WebTls | undefined }

  private constructor(port: Port<WebServer>, shown: { tls: WebTls | undefined }, others: OtherWebListeners) {
    this.#port = port
    this.#shown = shown
    this.#others = others
  }

  /** Rejects with a `ConfigError` when one cannot be had; none is left open then. */
  static async open(options: Options, handlers: WebHandlers, logger: Logger): Promise<WebListeners> {
    const { probe } = handlers
    const served = probed(handlers, probe)
    const oldHub = handlers.oldHub && probed(handlers.oldHub, probe)
    const tls = options.web.tls && (await loadWebTls(options.web.tls))
    const shown = { tls }
    const createServer = () => createWebServer({ ...served, tls: shown.tls?.settings })
    const port = await Port.open({ host: options.web.host, port: options.web.port }, createServer, AS_WRITTEN)
    try {
      return new WebListeners(port, shown, await openOtherWebListeners(options, { served, oldHub, logger }))
    } catch (error) {
      await port.close(0)
      throw error
    }
  }

  get addresses(): WebAddresses {
    return { web: this.#port.address, ...this.#others.addresses }
  }

  get certificateAuthorityFile(): string | undefined {
    return this.#others.localCertificate?.caFile
  }

  /** Those with TLS. One that is renewed reads its files again; who is connected stays. */
  get certified(): readonly CertifiedListener[] {
    const { localCertificate: local } = this.#others
    const { tls } = this.#shown
    return [
      ...(tls === undefined ? [] : [this.#certified(tls)]),
      // A start makes another, thirty days before this one ends.
      ...(local === undefined
        ? []
        : [{ name: 'web.https', files: [], certificates: tlsFrom(local).certificates, renew: async () => {} }]),
    ]
  }

  /**
   * Another address, another certificate, for those who come from then on. Rejects with a `ConfigError` when they cannot
   * be had; nothing has changed then.
   */
  async prepare(web: Pick<WebOptions, 'host' | 'port' | 'tls'>): Promise<PreparedListener> {
    const tls = web.tls && (await loadWebTls(web.tls))
    const move = await this.#port.prepareMove({ host: web.host, port: web.port })
    const install = () => {
      move.install()
      this.#take(tls)
    }
    return { step: { install, undo: move.undo }, changes: certificateChanges(this.#shown.tls, tls) }
  }

  /** Takes no more connections from now on. Resolves when the last one is gone, after `graceMs` by force. */
  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#port.close(graceMs), this.#others.close(graceMs)])
  }

  #certified(tls: WebTls): CertifiedListener {
    const { files } = tls
    return {
      name: 'web',
      files: [files.certFile, files.keyFile],
      certificates: tls.settings.certificates,
      renew: async () => {
        const next = await loadWebTls(files)
        // Unless a reload came in between, which has read the files already.
        if (this.#shown.tls === tls) this.#take(next)
      },
    }
  }

  #take(tls: WebTls | undefined): void {
    this.#shown.tls = tls
    this.#port.server.configure({ tls: tls?.settings })
  }
}

function probed({ onRequest, onUpgrade }: Required<PathHandlers>, probe: ListenerProbe): Required<PathHandlers> {
  return {
    onRequest: (request, response) => {
      if (!probe.takeRequest(request, response)) onRequest(request, response)
    },
    onUpgrade: (request, socket, head) => {
      if (!probe.takeUpgrade(request, socket, head)) onUpgrade(request, socket, head)
    },
  }
}

export interface PreparedListener {
  readonly step: ReloadStep
  /** The files whose names are as before, and whose certificates are not. */
  readonly changes: readonly Change[]
}

function certificateChanges(before: WebTls | undefined, after: WebTls | undefined): readonly Change[] {
  if (before === undefined || after === undefined) return []
  if (changesBetween(before.files, after.files).length > 0) return []
  const [from, to] = [before, after].map(({ settings }) => settings.certificateHashes)
  return changesBetween(from, to, 'web.tls.sha256')
}

/** What a certificate's files hold, with their names. */
interface WebTls {
  readonly files: TlsFiles
  readonly settings: TlsSettings
}

async function loadWebTls(files: TlsFiles): Promise<WebTls> {
  return { files, settings: tlsFrom(await readTls(files)) }
}

/** Throws a `ConfigError` that names the file which cannot be used. */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<TlsMaterial> {
  const read = async (file: string) => {
    try {
      return (await readPemFile(file)).toString()
    } catch (error) {
      throw new ConfigError(`Cannot read "${file}": ${(error as Error).message}`, { cause: error })
    }
  }
  const tls = { certificatePem: await read(certFile), keyPem: await read(keyFile) }
  try {
    createSecureContext({ cert: tls.certificatePem, key: tls.keyPem })
    // OpenSSL does not mind a key of another kind, and shows the certificate in no handshake then.
    const isPair = new X509Certificate(tls.certificatePem).checkPrivateKey(createPrivateKey(tls.keyPem))
    if (!isPair) throw new Error('the key belongs to another certificate')
  } catch (error) {
    const files = `the certificate "${certFile}" with the key "${keyFile}"`
    throw new ConfigError(`Cannot use ${files}: ${(error as Error).message}`, { cause: error })
  }
  return tls
}
