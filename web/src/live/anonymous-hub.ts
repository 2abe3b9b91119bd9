import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'

/** As servers and clients spell it. Spec: hub §3 */
const ANSWERED = 'AuthRequestResponseRecieved'

export interface AnonymousHubOptions {
  /** Where the server is; ends with a slash. */
  readonly base: URL
  /** Of the login request that waits for an answer. */
  readonly requestId: string
  /** Somebody has answered it. */
  readonly onanswer: () => void
  /** Ends the connection. */
  readonly signal: AbortSignal
}

/**
 * Hears when another device has answered a login request, which nobody needs a session for. It never rejects: whoever waits
 * asks from time to time as well, because no connection may be had, and an answer may come before it is there.
 */
export async function hearAnswer({ base, requestId, onanswer, signal }: AnonymousHubOptions): Promise<void> {
  const url = new URL(`notifications/anonymous-hub?Token=${encodeURIComponent(requestId)}`, base)
  const connection = new HubConnectionBuilder()
    .withUrl(url.href, { skipNegotiation: true, transport: HttpTransportType.WebSockets })
    .withHubProtocol(new MessagePackHubProtocol())
    .configureLogging(LogLevel.None)
    .build()
  connection.on(ANSWERED, onanswer)
  const stop = () => void connection.stop().catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (!signal.aborted) await connection.start()
  } catch {
    // See above.
  }
}
