/** Every way in which SignalR's own client can come. */
import {
  HttpTransportType,
  HubConnectionBuilder,
  type IHttpConnectionOptions,
  JsonHubProtocol,
  LogLevel,
} from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'

export interface Way extends IHttpConnectionOptions {
  readonly protocol: 'json' | 'messagepack'
}

const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType

/** Server-Sent Events are text, and so for JSON alone. */
export const WAYS: readonly [name: string, way: Way][] = [
  ['JSON over WebSockets', { transport: WebSockets, protocol: 'json' }],
  ['MessagePack over WebSockets', { transport: WebSockets, protocol: 'messagepack' }],
  ['JSON over WebSockets without negotiation', { transport: WebSockets, skipNegotiation: true, protocol: 'json' }],
  [
    'MessagePack over WebSockets without negotiation',
    { transport: WebSockets, skipNegotiation: true, protocol: 'messagepack' },
  ],
  ['JSON over Server-Sent Events', { transport: ServerSentEvents, protocol: 'json' }],
  ['JSON over long polling', { transport: LongPolling, protocol: 'json' }],
  ['MessagePack over long polling', { transport: LongPolling, protocol: 'messagepack' }],
]

/** A connection yet to be built, which keeps its troubles to itself. */
export function connectionTo(url: string, { protocol, ...options }: Way, token?: string): HubConnectionBuilder {
  return new HubConnectionBuilder()
    .withUrl(url, { ...options, ...(token !== undefined && { accessTokenFactory: () => token }) })
    .withHubProtocol(protocol === 'json' ? new JsonHubProtocol() : new MessagePackHubProtocol())
    .configureLogging(LogLevel.None)
}
