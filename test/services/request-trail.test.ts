/** One change can be followed through the log by the id of its request, to the connections that are told of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '#ops'
import { HubClient } from '../doors/hub/hub-client.ts'
import { registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { until } from '../helpers/wait.ts'

type Line = Readonly<Record<string, unknown>>

async function start() {
  const lines: Line[] = []
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line)) } })
  const server = await startTestServer({}, logger)
  const find = (event: string, fields: Line = {}) =>
    until(
      () =>
        lines.find((line) => line.event === event && Object.entries(fields).every(([name, is]) => line[name] === is)),
      `the line "${event}" with ${JSON.stringify(fields)}`,
    )
  return { server, logger, lines, find, [Symbol.asyncDispose]: () => server.close() }
}

test('from the request of a change to those who were told, and to the end of their connection', async () => {
  await using it = await start()
  it.logger.roomLevels = { hub: 'debug', web: 'debug' }
  const device = await registerAndLogin({ server: it.server.webUrl })
  const hub = `${it.server.webUrl.replace('http', 'ws')}/notifications/hub`
  const client = await HubClient.start(hub, device.token.access_token)
  const made = await device.post('/api/folders', { name: device.encrypt('F') })
  const requestId = made.headers.get('x-request-id')

  assert.equal((await it.find('request', { requestId })).route, '/api/folders')
  const told = await it.find('hub clients told', { requestId })
  const { door, hub: name, subject, type, connections, level } = told
  assert.deepEqual(
    { door, name, subject, type, connections, level },
    {
      door: 'hub',
      name: 'user',
      subject: `vault.user.${device.userId}.SyncFolderCreate`,
      type: 'SyncFolderCreate',
      connections: 1,
      level: 'debug',
    },
  )
  const opened = await it.find('hub connection opened', { user: device.userId })
  assert.equal(opened.transport, 'WebSockets')
  await it.find('request', { requestId: opened.connection, status: 101 })
  await client.close()
  const closed = await it.find('hub connection closed', { connection: opened.connection })
  assert.equal(closed.reason, 'closed by the client')
  assert.equal(closed.requestId, undefined)
})

test('a refused connection to the hub is told to who asks for details, with the id of its request', async () => {
  await using it = await start()
  it.logger.level = 'debug'
  const answer = await fetch(`${it.server.webUrl}/notifications/hub/negotiate`, { method: 'POST' })
  await answer.arrayBuffer()
  const refused = await it.find('hub connection refused', { requestId: answer.headers.get('x-request-id') })
  assert.deepEqual([refused.status, refused.level], [401, 'debug'])
})
