/** SignalR's own client with stateful reconnect, whose network is cut while there is something to hear. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import {
  type HubConnection,
  HubConnectionBuilder,
  type IHubProtocol,
  JsonHubProtocol,
  LogLevel,
} from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import { ALICE, type HubServer, startHub } from '../doors/hub/hub-server.ts'
import { until, within } from '../helpers/wait.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')

/** A network between client and server that can be cut, and lets new connections through when it is told to. */
class Network implements AsyncDisposable {
  /** Connections that were made so far. */
  connections = 0
  /** From the server to the client, over the connection that was let through last. */
  downstreamBytes = 0
  readonly #server = createServer((socket) => this.#accept(socket))
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  /** Connections that wait to be let through. */
  #held: (() => void)[] | undefined

  private constructor(port: number) {
    this.#port = port
  }

  static async to(port: number): Promise<Network> {
    const network = new Network(port)
    network.#server.listen(0, '127.0.0.1')
    await once(network.#server, 'listening')
    return network
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/notifications/hub`
  }

  /** Destroys every connection, without a word to either side. New ones have to wait. */
  cut(): void {
    this.#held = []
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const goOn of held) goOn()
  }

  #accept(client: Socket): void {
    this.connections++
    this.#watch(client)
    const goOn = () => {
      const server = connect(this.#port, '127.0.0.1')
      this.#watch(server)
      this.downstreamBytes = 0
      server.on('data', (chunk) => {
        this.downstreamBytes += chunk.length
      })
      client.pipe(server).pipe(client)
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on('close', () => other.destroy())
      }
    }
    if (this.#held === undefined) goOn()
    else this.#held.push(goOn)
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

/** A client, and what it was told. */
class Client implements AsyncDisposable {
  readonly connection: HubConnection
  /** What was in each event, in the order they came. */
  readonly heard: string[] = []
  readonly trouble: string[] = []
  readonly closed: Promise<Error | undefined>

  constructor(url: string, protocol: IHubProtocol) {
    this.connection = new HubConnectionBuilder()
      .withUrl(url, { accessTokenFactory: () => ALICE })
      .withStatefulReconnect()
      .withAutomaticReconnect()
      .withHubProtocol(protocol)
      .configureLogging(LogLevel.None)
      .build()
    // Members have different names in JSON, as from the official server.
    this.connection.on('ReceiveMessage', (event) => {
      const payload = event.Payload ?? event.payload
      this.heard.push(String(payload.Id ?? payload.id ?? event.Type ?? event.type))
    })
    this.connection.onreconnecting(() => void this.trouble.push('reconnecting'))
    this.closed = new Promise((resolve) => {
      this.connection.onclose((error) => {
        this.trouble.push('closed')
        resolve(error)
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.stop()
  }
}

function tell(hub: HubServer, id: string): void {
  hub.notifier.folder('SyncFolderUpdate', { id, userId: ALICE, revisionDate: AT }, null)
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `f${from + i}`)

for (const createProtocol of [() => new MessagePackHubProtocol(), () => new JsonHubProtocol()]) {
  const { name } = createProtocol()

  test(`${name}: what happens while the network is cut arrives once and in order, and the client notices nothing`, async () => {
    await using hub = await startHub()
    await using network = await Network.to(hub.port)
    await using client = new Client(network.url, createProtocol())
    await client.connection.start()
    const id = client.connection.connectionId
    for (let round = 0; round < 3; round++) {
      const first = round * 30 + 1
      // These have arrived, and are not acknowledged yet.
      for (const folder of range(first, first + 9)) tell(hub, folder)
      await until(() => client.heard.length === first + 9, 'what came before the cut')
      const before = network.connections
      // These may or may not have got through.
      for (const folder of range(first + 10, first + 19)) tell(hub, folder)
      network.cut()
      await until(() => network.connections > before, 'the client to come back')
      for (const folder of range(first + 20, first + 29)) tell(hub, folder)
      network.mend()
      await until(() => client.heard.length >= first + 29, 'what came after the cut')
    }
    tell(hub, 'f91')
    await until(() => client.heard.length >= 91, 'the last event')
    assert.deepEqual(client.heard, range(1, 91))
    assert.deepEqual(client.trouble, [])
    assert.equal(client.connection.connectionId, id)
    assert.equal(hub.door.connectionCount, 1)
  })

  test(`${name}: a call that is made while the network is cut is answered once it is mended`, async () => {
    await using hub = await startHub()
    await using network = await Network.to(hub.port)
    await using client = new Client(network.url, createProtocol())
    await client.connection.start()
    await assert.rejects(client.connection.invoke('First'), /Unknown hub method 'First'/)
    const before = network.connections
    network.cut()
    await until(() => network.connections > before, 'the client to come back')
    const answer = assert.rejects(client.connection.invoke('Second'), /Unknown hub method 'Second'/)
    network.mend()
    await within(answer, 'the answer')
    assert.deepEqual(client.trouble, [])
  })

  test(`${name}: what was acknowledged is not sent again`, async () => {
    await using hub = await startHub()
    await using network = await Network.to(hub.port)
    await using client = new Client(network.url, createProtocol())
    await client.connection.start()
    // Two of them are more than may be unacknowledged, in either direction: each comes when the one before it was.
    for (let i = 1; i <= 3; i++) tell(hub, `f${i}`.padEnd(60_000, '.'))
    for (let i = 1; i <= 4; i++)
      await assert.rejects(client.connection.invoke('X'.repeat(30_000)), /Unknown hub method/)
    await until(() => client.heard.length === 3, 'the events before the cut')
    const before = network.connections
    network.cut()
    await until(() => network.connections > before, 'the client to come back')
    network.mend()
    tell(hub, 'f4')
    await until(() => client.heard.length === 4, 'the event after the cut')
    assert.deepEqual(
      client.heard.map((id) => id.slice(0, 2)),
      range(1, 4),
    )
    assert.ok(network.downstreamBytes < 70_000, `${network.downstreamBytes} bytes over the new connection`)
    assert.deepEqual(client.trouble, [])
  })

  test(`${name}: a log-out while the network is cut is heard, and ends the connection`, async () => {
    await using hub = await startHub()
    await using network = await Network.to(hub.port)
    await using client = new Client(network.url, createProtocol())
    await client.connection.start()
    const before = network.connections
    network.cut()
    await until(() => network.connections > before, 'the client to come back')
    hub.notifier.account('LogOut', ALICE, AT, null)
    network.mend()
    await within(client.closed, 'the close')
    assert.deepEqual(client.heard, ['11'])
    await within(hub.everyoneGone(), 'the end of the connection')
  })

  test(`${name}: a client that stops is gone at once, without an error`, async () => {
    await using hub = await startHub()
    await using network = await Network.to(hub.port)
    await using client = new Client(network.url, createProtocol())
    await client.connection.start()
    await client.connection.stop()
    assert.equal(await within(client.closed, 'the close'), undefined)
    await within(hub.everyoneGone(), 'the end of the connection')
    assert.ok(hub.log.some((line) => line.includes('closed by the client')))
  })
}
