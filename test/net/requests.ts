import type { IncomingMessage } from 'node:http'

/** As much of a request as is looked at to find out who sent it. */
export function requestFrom(remoteAddress: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage
}
