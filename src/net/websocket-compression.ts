import { CompressionBudget } from '#wire/websocket'
import { ClientFraming, type ClientFramingOptions } from './client-framing.ts'
import { Deflater } from './deflater.ts'
import { compressedFramings, type WebSocketFraming } from './websocket-framing.ts'

export interface WebSocketCompressionOptions {
  /** What the half-received compressed messages of all connections may hold together. Bytes; default 128 MiB. */
  readonly maxUnfinishedBytes?: number
}

/**
 * What compressed connections share, so that the memory for it does not grow with them: one deflater with the framings
 * that use it, one budget for what has arrived of unfinished messages. One for the whole server.
 */
export class WebSocketCompression {
  readonly budget: CompressionBudget
  readonly #deflater = new Deflater()
  readonly #framings = compressedFramings(this.#deflater)

  constructor(options: WebSocketCompressionOptions = {}) {
    this.budget = new CompressionBudget(options.maxUnfinishedBytes)
  }

  /** The framing for a client that calls itself `userAgent`. */
  framingFor(userAgent: string): WebSocketFraming {
    if (!isBrowser(userAgent)) return this.#framings.standard
    // Chrome on a Mac says `Safari/` too, but not `Version/`.
    const isSafari = userAgent.includes('Version/') && userAgent.includes('Safari/')
    return isSafari ? this.#framings.safari : this.#framings.browser
  }

  /** The framing for one connection where we are the client. */
  clientFraming(options: Omit<ClientFramingOptions, 'deflater'>): WebSocketFraming {
    return new ClientFraming({ ...options, deflater: this.#deflater })
  }
}

/** As nats-server tells them. */
export function isBrowser(userAgent: string): boolean {
  return userAgent.startsWith('Mozilla/')
}
