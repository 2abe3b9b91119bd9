import type { IncomingMessage } from 'node:http'

/** Whom a listener takes the sender of a request for, and why: for who looks for the reason. */
export interface ClientConclusion {
  /** The address. */
  readonly address: string
  /** The header that would be believed; `null`: none is. */
  readonly header: string | null
  /**
   * `believed`: the header named the client. Else the peer is taken for it, because no header is configured (`none`),
   * the request has none (`absent`), the peer may not speak for others (`untrusted`), or what the header says is no
   * address (`malformed`).
   */
  readonly why: 'believed' | 'none' | 'absent' | 'untrusted' | 'malformed'
}

export type ConcludeClient = (request: IncomingMessage) => ClientConclusion
