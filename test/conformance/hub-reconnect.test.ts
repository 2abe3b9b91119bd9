/** SignalR's own client with stateful reconnect, whose network is cut while there is something to hear. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HubConnection } from '@microsoft/signalr'
import { ALICE, type HubServer, startHub } from '../doors/hub/hub-server.ts'
import { until, within } from '../helpers/wait.ts'
import { CutLine } from './cut-line.ts'
import { connectionTo, type Way } from './ways.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')

/** A client, and what it was told. */
class Client implements AsyncDisposable {
  readonly connection: HubConnection
  /** What was in each event, in the order they came. */
  readonly heard: string[] = []
  readonly trouble: string[] = []
  readonly closed: Promise<Error | undefined>

  constructor(url: string, protocol: Way['protocol']) {
    this.connection = connectionTo(`${url}/notifications/hub`, { protocol }, ALICE)
      .withStatefulReconnect()
      .withAutomaticReconnect()
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

for (const protocol of ['messagepack', 'json'] as const) {
  test(`${protocol}: what happens while the network is cut arrives once and in order, and the client notices nothing`, async () => {
    await using hub = await startHub()
    await using line = await CutLine.to(hub.url)
    await using client = new Client(line.url, protocol)
    await client.connection.start()
    const id = client.connection.connectionId
    for (let round = 0; round < 3; round++) {
      const first = round * 30 + 1
      // These have arrived, and are not acknowledged yet.
      for (const folder of range(first, first + 9)) tell(hub, folder)
      await until(() => client.heard.length === first + 9, 'what came before the cut')
      const before = line.connections
      // These may or may not have got through.
      for (const folder of range(first + 10, first + 19)) tell(hub, folder)
      line.cutUntilMended()
      await until(() => line.connections > before, 'the client to come back')
      for (const folder of range(first + 20, first + 29)) tell(hub, folder)
      line.mend()
      await until(() => client.heard.length >= first + 29, 'what came after the cut')
    }
    tell(hub, 'f91')
    await until(() => client.heard.length >= 91, 'the last event')
    assert.deepEqual(client.heard, range(1, 91))
    assert.deepEqual(client.trouble, [])
    assert.equal(client.connection.connectionId, id)
    assert.equal(hub.door.connectionCount, 1)
  })

  test(`${protocol}: a call that is made while the network is cut is answered once it is mended`, async () => {
    await using hub = await startHub()
    await using line = await CutLine.to(hub.url)
    await using client = new Client(line.url, protocol)
    await client.connection.start()
    await assert.rejects(client.connection.invoke('First'), /Unknown hub method 'First'/)
    const before = line.connections
    line.cutUntilMended()
    await until(() => line.connections > before, 'the client to come back')
    const answer = assert.rejects(client.connection.invoke('Second'), /Unknown hub method 'Second'/)
    line.mend()
    await within(answer, 'the answer')
    assert.deepEqual(client.trouble, [])
  })

  test(`${protocol}: what was acknowledged is not sent again`, async () => {
    await using hub = await startHub()
    await using line = await CutLine.to(hub.url)
    await using client = new Client(line.url, protocol)
    await client.connection.start()
    // Two of them are more than may be unacknowledged, in either direction: each comes when the one before it was.
    for (let i = 1; i <= 3; i++) tell(hub, `f${i}`.padEnd(60_000, '.'))
    for (let i = 1; i <= 4; i++)
      await assert.rejects(client.connection.invoke('X'.repeat(30_000)), /Unknown hub method/)
    await until(() => client.heard.length === 3, 'the events before the cut')
    const before = line.connections
    line.cutUntilMended()
    await until(() => line.connections > before, 'the client to come back')
    line.mend()
    tell(hub, 'f4')
    await until(() => client.heard.length === 4, 'the event after the cut')
    assert.deepEqual(
      client.heard.map((id) => id.slice(0, 2)),
      range(1, 4),
    )
    assert.ok(line.downstreamBytes < 70_000, `${line.downstreamBytes} bytes over the new connection`)
    assert.deepEqual(client.trouble, [])
  })

  test(`${protocol}: what is said right behind the handshake is counted by both sides, so nothing comes twice`, async () => {
    await using hub = await startHub({
      authenticate: async () => ({ user: { id: ALICE }, device: { id: 'device' }, securityStamp: 'stamp' }),
      heard: {
        find: async () => ({
          heardAt: null,
          deviceSince: new Date(0),
          accountChangedAt: new Date(1),
          securityStamp: 'stamp',
        }),
        findMany: async () => [],
        mark: async () => {},
      },
    })
    await using line = await CutLine.to(hub.url)
    await using client = new Client(line.url, protocol)
    await client.connection.start()
    tell(hub, 'f1')
    await until(() => client.heard.length === 2, 'what came before the cut')
    for (let i = 2; i <= 3; i++) {
      const before = line.connections
      line.cutUntilMended()
      await until(() => line.connections > before, 'the client to come back')
      line.mend()
      tell(hub, `f${i}`)
      await until(() => client.heard.includes(`f${i}`), 'what came after the cut')
    }
    assert.deepEqual(client.heard, ['5', ...range(1, 3)])
  })

  test(`${protocol}: a log-out while the network is cut is heard, and ends the connection`, async () => {
    await using hub = await startHub()
    await using line = await CutLine.to(hub.url)
    await using client = new Client(line.url, protocol)
    await client.connection.start()
    const before = line.connections
    line.cutUntilMended()
    await until(() => line.connections > before, 'the client to come back')
    hub.notifier.account('LogOut', ALICE, AT, null)
    line.mend()
    await within(client.closed, 'the close')
    assert.deepEqual(client.heard, ['11'])
    await within(hub.everyoneGone(), 'the end of the connection')
  })

  test(`${protocol}: a client that stops is gone at once, without an error`, async () => {
    await using hub = await startHub()
    await using line = await CutLine.to(hub.url)
    await using client = new Client(line.url, protocol)
    await client.connection.start()
    await client.connection.stop()
    assert.equal(await within(client.closed, 'the close'), undefined)
    await within(hub.everyoneGone(), 'the end of the connection')
    assert.ok(hub.log.some((line) => line.includes('closed by the client')))
  })
}
