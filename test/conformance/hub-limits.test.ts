/** SignalR's own clients, which come back by themselves, where one user has more of them than may be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HubConnection, HubConnectionBuilder, HubConnectionState, LogLevel } from '@microsoft/signalr'
import { ALICE, type HubServer, startHub } from '../doors/hub/hub-server.ts'
import { within } from '../helpers/wait.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')

function device(hub: HubServer): HubConnection {
  const url = `http://127.0.0.1:${hub.port}/notifications/hub`
  return new HubConnectionBuilder()
    .withUrl(url, { accessTokenFactory: () => ALICE })
    .withAutomaticReconnect([0, 0, 0])
    .configureLogging(LogLevel.None)
    .build()
}

test("who had to make room does not come back by itself, and takes nobody else's place", async () => {
  await using hub = await startHub({ maxConnectionsPerUser: 2 })
  const [oldest, ...others] = [device(hub), device(hub), device(hub)] as const
  const closed = new Promise<Error | undefined>((resolve) => oldest.onclose(resolve))
  let reconnects = 0
  for (const connection of [oldest, ...others]) {
    connection.onreconnecting(() => reconnects++)
    await connection.start()
  }
  assert.match((await within(closed, 'the close'))?.message ?? '', /Too many connections of this user\./)
  const told = others.map((other) => new Promise((resolve) => other.on('ReceiveMessage', resolve)))
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  await within(Promise.all(told), 'the event')
  assert.equal(reconnects, 0)
  assert.equal(oldest.state, HubConnectionState.Disconnected)
  await Promise.all(others.map((other) => other.stop()))
})
