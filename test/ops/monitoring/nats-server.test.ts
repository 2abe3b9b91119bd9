/** The answers beside those of a real nats-server that had the same clients. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNatsServer } from '../../helpers/nats-server.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { until } from '../../helpers/wait.ts'
import { assertAnswersAlike, hasSeenOneLeave } from './answers-alike.ts'
import { startMonitoringServer } from './monitoring-server.ts'
import { REFUSED_REQUESTS } from './refused-requests.ts'
import { connectSampleClients, SAMPLE_USER } from './sample-clients.ts'

const { skip } = requireProgram('nats-server')

const CONFIG = `
  http: "127.0.0.1:-1"
  websocket { listen: "127.0.0.1:-1", no_tls: true, compression: true, allowed_origins: ["https://app.example.com"] }
  authorization { user: "${SAMPLE_USER.user}", password: "${SAMPLE_USER.pass}" }
`

test('answers have the fields, the order and the types of nats-server’s', { skip }, async () => {
  await using nats = await startNatsServer(CONFIG)
  await using ours = await startMonitoringServer()
  const theirs = new URL(nats.ports.monitoring![0]!).origin
  await using _clients = await connectSampleClients({ natsUrl: nats.url, websocketUrl: nats.ports.websocket![0]! })
  await until(() => hasSeenOneLeave(theirs), 'the third to be gone')
  await assertAnswersAlike(ours.url, theirs)
})

test('requests that nats-server refuses are refused in its words', { skip }, async () => {
  await using nats = await startNatsServer('http: "127.0.0.1:-1"')
  const theirs = new URL(nats.ports.monitoring![0]!).origin
  await using ours = await startMonitoringServer()
  for (const [request, text] of REFUSED_REQUESTS) {
    for (const server of [theirs, ours.url]) {
      const response = await fetch(server + request)
      assert.deepEqual([response.status, await response.text()], [400, text], server + request)
      assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
    }
  }
})
