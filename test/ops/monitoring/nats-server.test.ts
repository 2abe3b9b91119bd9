/** The answers beside those of a real nats-server that had the same clients. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNatsServer } from '../../helpers/nats-server.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { until } from '../../helpers/wait.ts'
import { startMonitoringServer } from './monitoring-server.ts'
import { REFUSED_REQUESTS } from './refused-requests.ts'
import { connectSampleClients, SAMPLE_USER } from './sample-clients.ts'
import { assertSameShape, type Json } from './shape.ts'

const { skip } = requireProgram('nats-server')

/** In this order: `/varz` comes last, when every endpoint has been counted. */
const REQUESTS = [
  '/connz',
  '/connz?auth=1&subs=1',
  '/connz?auth=1&subs=detail',
  '/connz?state=closed',
  '/connz?state=closed&auth=1&subs=detail',
  '/connz?state=any&sort=start&subs=1',
  '/connz?cid=999',
  '/connz?user=nobody',
  '/connz?limit=1&offset=1&sort=cid',
  '/subsz',
  '/subsz?subs=1&acc=$G&test=foo.bar',
  '/subscriptionsz?acc=$G',
  '/accountz?acc=$G',
  '/accstatz',
  '/leafz',
  '/routez',
  '/gatewayz',
  '/jsz',
  '/healthz',
  '/healthz?js-enabled-only=true',
  '/healthz?js-server-only=1&details=1',
  '/ipqueuesz',
  '/varz',
]

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
  await until(async () => (await getJson(`${theirs}/connz?state=closed`)).num_connections === 1, 'the third to be gone')

  const version = String((await getJson(`${theirs}/varz`)).version)
  for (const request of REQUESTS) {
    assertSameShape(await getJson(ours.url + request), await getJson(theirs + request), version, request)
  }
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

async function getJson(url: string): Promise<{ [name: string]: Json }> {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  return (await response.json()) as { [name: string]: Json }
}
