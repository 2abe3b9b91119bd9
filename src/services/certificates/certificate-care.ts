import type { Clock, Logger } from '#kit'
import { CertificateWatch } from './certificate-watch.ts'
import type { CertifiedListener } from './certified-listener.ts'
import { ExpiryWarnings } from './expiry-warnings.ts'

export interface CertificateCareTools {
  /** As they are at the moment. */
  readonly listeners: () => readonly CertifiedListener[]
  /** How often files are looked at; 0: never. */
  readonly intervalMs: number
  readonly clock: Clock
  readonly logger: Logger
}

/** What is done for the certificates of listeners while the server runs: new ones are taken, old ones are told of. */
export class CertificateCare {
  readonly #warnings: ExpiryWarnings
  readonly #watch: CertificateWatch | undefined

  constructor(tools: CertificateCareTools) {
    const warnings = new ExpiryWarnings(tools)
    this.#warnings = warnings
    this.#watch =
      tools.intervalMs === 0 ? undefined : new CertificateWatch({ ...tools, onRenewed: () => warnings.look() })
  }

  close(): void {
    this.#warnings.close()
    this.#watch?.close()
  }
}
