import {
  agreeOn,
  HANDSHAKE_FAILED,
  type HubProtocol,
  parseHandshakeRequest,
  SignalrError,
  type TransportAbilities,
} from '#wire/signalr'

/** A handshake that is agreed to. */
export interface Handshake {
  readonly protocol: HubProtocol
  readonly version: number
  /** What was said behind it. */
  readonly rest: Buffer
}

/**
 * What a client's first words come to: the text to refuse it with where they are no handshake, or one that cannot be
 * agreed to; undefined when there is more to come.
 */
export function readHandshake(
  data: Buffer,
  protocols: readonly HubProtocol[],
  abilities: TransportAbilities,
): Handshake | string | undefined {
  try {
    const request = parseHandshakeRequest(data)
    if (request === undefined) return undefined
    const { handshake, rest } = request
    const protocol = agreeOn(handshake, protocols, abilities)
    return typeof protocol === 'string' ? protocol : { protocol, version: handshake.version, rest }
  } catch (error) {
    if (error instanceof SignalrError) return HANDSHAKE_FAILED
    throw error
  }
}
