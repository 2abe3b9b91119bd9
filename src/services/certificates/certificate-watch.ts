import { type Clock, ConfigError, type Logger, type Timer } from '#kit'
import { type CertifiedListener, namesOf } from './certified-listener.ts'
import { contentDigest, factsOf } from './file-state.ts'

export interface CertificateWatchTools {
  /** As they are at the moment: a reload may bring others. */
  readonly listeners: () => readonly CertifiedListener[]
  /** How often is looked. */
  readonly intervalMs: number
  readonly clock: Clock
  readonly logger: Logger
  /** Told when another certificate is shown. */
  readonly onRenewed?: (() => void) | undefined
}

/** What is known of the files of one listener. */
interface Seen {
  /** `FileFacts.text` of when they were looked at last; undefined when they have to be read the next time anyhow. */
  facts: string | undefined
  /** Of what the listener uses. */
  digest: string | undefined
  /** What was said about files that could not be used. */
  complaint: string | undefined
}

/**
 * Has listeners read their certificates again when the content of the files changes. By looking every few seconds: what
 * tells of changes at once (inotify) does not see those behind symbolic links and mounts, by which certbot, Kubernetes
 * and Docker bring new certificates. Files that do not fit together, as when the certificate is written before its key,
 * are tried again at the next look; until then the listener uses what it has.
 */
export class CertificateWatch {
  readonly #tools: CertificateWatchTools
  readonly #timer: Timer
  /** By listener. */
  readonly #seen = new Map<string, Seen>()
  #isLooking = false
  #isClosed = false

  constructor(tools: CertificateWatchTools) {
    this.#tools = tools
    this.#timer = tools.clock.every(tools.intervalMs, () => void this.look())
    void this.look()
  }

  /** What happens at every interval: resolves when all files have been looked at. Never rejects. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#isClosed) return
    this.#isLooking = true
    const { listeners, logger } = this.#tools
    const all = listeners().filter(({ files }) => files.length > 0)
    const keys = new Set(all.map(keyOf))
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#seen.delete(key)
    for (const listener of all) {
      await this.#lookAt(listener).catch((error: unknown) =>
        logger.error({ error, listener: listener.name }, 'certificate could not be looked at'),
      )
    }
    this.#isLooking = false
  }

  close(): void {
    this.#isClosed = true
    this.#timer.cancel()
  }

  async #lookAt(listener: CertifiedListener): Promise<void> {
    const { files } = listener
    const key = keyOf(listener)
    const facts = await factsOf(files, this.#tools.clock.now())
    const seen = this.#seen.get(key)
    if (seen?.facts === facts.text) return
    // Before the files are read for use: what changes in between is found at the next look.
    const digest = await contentDigest(files)
    const next = { facts: facts.areSettled ? facts.text : undefined, digest, complaint: undefined }
    // At the first look they are read again in any case: since the listener did so they may have changed.
    if (seen?.digest === digest) {
      this.#seen.set(key, next)
      return
    }
    const complaint = await this.#renew(listener, seen?.complaint)
    this.#seen.set(key, complaint === undefined ? next : { facts: undefined, digest: seen?.digest, complaint })
  }

  /** Resolves with what is wrong with the files. */
  async #renew(listener: CertifiedListener, complaint: string | undefined): Promise<string | undefined> {
    const { listeners, logger, onRenewed } = this.#tools
    const { name, files } = listener
    try {
      await listener.renew()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      if (error.message !== complaint) {
        logger.warn({ listener: name, files, reason: error.message }, 'certificate not renewed: the old one stays')
      }
      return error.message
    }
    const now = listeners().find((one) => keyOf(one) === keyOf(listener))
    const isAnother = now !== undefined && fingerprints(now) !== fingerprints(listener)
    for (const certificate of isAnother ? now.certificates : []) {
      const expires = certificate.validToDate.toISOString()
      logger.info({ listener: name, names: namesOf(certificate), expires }, 'certificate renewed')
    }
    if (isAnother) onRenewed?.()
    return undefined
  }
}

function keyOf({ name, files }: CertifiedListener): string {
  return [name, ...files].join('\n')
}

function fingerprints({ certificates }: CertifiedListener): string {
  return certificates.map(({ fingerprint256 }) => fingerprint256).join()
}
