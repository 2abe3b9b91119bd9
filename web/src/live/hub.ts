/** The connection to the notification hub, made as the official web vault makes it. Loaded when somebody is logged in. */

import { HttpTransportType, HubConnectionBuilder } from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import { consoleLogger } from './console-logger.ts'

/** A server that is there says something every 15 seconds. Milliseconds. */
const SILENCE_MS = 30_000

export interface HubOptions {
  /** `https://vault.example/notifications/hub` */
  readonly url: string
  readonly accessToken: string
  /** Is told each event as it comes. */
  readonly hear: (event: unknown) => void
  /** It is given up when it is not made before. */
  readonly signal: AbortSignal
  /** After so long without a word from the server the connection is lost. Default 30 s; milliseconds. */
  readonly silenceMs?: number | undefined
}

export interface Hub {
  /** Resolves when it is lost, or was closed. */
  readonly closed: Promise<void>
  close(): void
}

/** Resolves when it is made, and rejects when it cannot be. */
export async function openHub({ url, accessToken, hear, signal, silenceMs = SILENCE_MS }: HubOptions): Promise<Hub> {
  const connection = new HubConnectionBuilder()
    .withUrl(url, {
      accessTokenFactory: () => accessToken,
      // The apps go without, and a proxy needs no sticky sessions then.
      skipNegotiation: true,
      transport: HttpTransportType.WebSockets,
    })
    .withHubProtocol(new MessagePackHubProtocol())
    .configureLogging(consoleLogger)
    .build()
  connection.serverTimeoutInMilliseconds = silenceMs
  connection.keepAliveIntervalInMilliseconds = silenceMs / 2
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  connection.onclose(() => resolve())
  connection.on('ReceiveMessage', hear)
  // The official server's, which says nothing else than that it is there.
  connection.on('Heartbeat', () => {})

  const close = () => void connection.stop()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => {
    close()
    reject(signal.reason)
  }
  signal.throwIfAborted()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([connection.start(), aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
  return { closed, close }
}
