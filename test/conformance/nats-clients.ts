/** NATS' own client libraries, for tests anywhere: they are installed here and nowhere else. */
import { type ConnectionOptions, type NatsConnection, wsconnect } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { type ClientOptions, WebSocket } from 'ws'

export type { ConnectionOptions, NatsConnection, Status } from '@nats-io/nats-core'
export { WebSocket, WebSocketServer } from 'ws'

/** To one or more `nats://` or `tls://` URLs. */
export function connectTcp(
  servers: string | string[],
  options: Parameters<typeof connect>[0] = {},
): Promise<NatsConnection> {
  return connect({ servers, ...options })
}

/** To one or more `ws://` or `wss://` URLs; `upgrade` is what the `ws` package takes: headers, certificates. */
export function connectWebSocket(
  servers: string | string[],
  { upgrade, ...options }: Partial<ConnectionOptions> & { readonly upgrade?: ClientOptions } = {},
): Promise<NatsConnection> {
  const wsFactory = (url: string) => ({
    socket: new WebSocket(url, upgrade) as unknown as globalThis.WebSocket,
    encrypted: url.startsWith('wss:'),
  })
  return wsconnect({ servers, ...options, ...(upgrade && { wsFactory: wsFactory as never }) })
}
