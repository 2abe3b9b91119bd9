import type { HubProtocol } from '#wire/signalr'

export interface HubEventOptions {
  /** The client's session is over with it: it is told, and closed. Nothing else may take its place. Default false. */
  readonly endsSession?: boolean
  /** Only for clients of that type; default: for all. */
  readonly clientType?: string | undefined
}

/**
 * What the clients of a hub are told at once: written once for each protocol that is spoken, however many get it. The
 * bytes are shared and never changed.
 */
export class HubEvent {
  readonly endsSession: boolean
  readonly clientType: string | undefined
  readonly #encode: (protocol: HubProtocol) => Buffer
  readonly #written = new Map<HubProtocol, Buffer>()

  constructor(encode: (protocol: HubProtocol) => Buffer, { endsSession = false, clientType }: HubEventOptions = {}) {
    this.#encode = encode
    this.endsSession = endsSession
    this.clientType = clientType
  }

  /** One message, of a type that stateful reconnect counts. Hot: once per receiver. spec: hub §1.9 */
  bytes(protocol: HubProtocol): Buffer {
    let bytes = this.#written.get(protocol)
    if (bytes === undefined) {
      bytes = this.#encode(protocol)
      this.#written.set(protocol, bytes)
    }
    return bytes
  }
}
