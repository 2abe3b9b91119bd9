/** Microsoft's SignalR client in all its ways, for tests anywhere: it is installed here and nowhere else. */
import {
  HttpTransportType,
  type HubConnection,
  HubConnectionBuilder,
  type IHttpConnectionOptions,
  LogLevel,
} from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import { within } from '../helpers/wait.ts'

export { HttpTransportType, type IHttpConnectionOptions } from '@microsoft/signalr'

/** A client of one hub, which keeps what its one method brings. */
export class HubClient implements AsyncDisposable {
  readonly connection: HubConnection
  readonly #heard: unknown[] = []
  #onHeard = () => {}

  static async start(url: string, method: string, options: IHttpConnectionOptions): Promise<HubClient> {
    const client = new HubClient(url, method, options)
    await client.connection.start()
    return client
  }

  private constructor(url: string, method: string, options: IHttpConnectionOptions) {
    const builder = new HubConnectionBuilder().withUrl(url, options).configureLogging(LogLevel.None)
    // Server-Sent Events, which are text, may be what a client ends up with.
    const { transport = HttpTransportType.ServerSentEvents } = options
    if (transport !== HttpTransportType.ServerSentEvents) builder.withHubProtocol(new MessagePackHubProtocol())
    this.connection = builder.build()
    this.connection.on(method, (event) => {
      this.#heard.push(event)
      this.#onHeard()
    })
  }

  async next<Event>(): Promise<Event> {
    if (this.#heard.length === 0) await within(new Promise<void>((resolve) => (this.#onHeard = resolve)), 'an event')
    return this.#heard.shift() as Event
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.stop()
  }
}
