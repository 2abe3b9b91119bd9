/** Monitoring of a server that runs: its real clients, and the answers beside those of a nats-server with the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectTcp, connectWebSocket } from '../conformance/nats-clients.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { startNatsServer } from '../helpers/nats-server.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { until, within } from '../helpers/wait.ts'
import { assertAnswersAlike, hasSeenOneLeave } from '../ops/monitoring/answers-alike.ts'
import { connectSampleClients, SAMPLE_USER } from '../ops/monitoring/sample-clients.ts'
import { block, ConfiguredServer, websocket, websockets } from './configured-server.ts'

const MONITORING = 'http: "127.0.0.1:-1"\n'

test('clients over TCP, TLS, ws and wss are shown as what they are', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { certFile, keyFile } = await authority.issue()
  const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }\n`
  const secure = `{ listen: "127.0.0.1:-1"\n${tls}}`
  await using server = await ConfiguredServer.start(
    `${MONITORING}allow_non_tls: true\nauthorization { user: u, password: secret }\n${tls}${websockets(block(), secure)}`,
  )
  const login = { user: 'u', pass: 'secret' }
  const ca = { ca: authority.ca }
  const { port } = server.tcp
  const clients = [
    await connectTcp(`localhost:${port}`, { ...login, name: 'tls', tls: ca }),
    await connectWebSocket(server.webSocketUrl(0), { ...login, name: 'ws' }),
    await connectWebSocket(`wss://localhost:${server.webSocket(1).port}`, { ...login, name: 'wss', upgrade: ca }),
  ]
  const subscription = clients[0]!.subscribe('a.*')
  await clients[0]!.flush()
  clients[1]!.publish('a.b', 'hello')
  await clients[1]!.flush()
  for await (const _ of subscription) break

  const { body } = await server.monitoring('/connz?auth=1&sort=cid')
  const shown = (body.connections as Record<string, unknown>[]).map((one) => [
    one.name,
    one.kind,
    one.type,
    one.tls_version,
    one.authorized_user,
    one.ip,
  ])
  assert.deepEqual(shown, [
    ['tls', 'Client', 'nats', '1.3', 'u', '127.0.0.1'],
    ['ws', 'Client', 'websocket', undefined, 'u', '127.0.0.1'],
    ['wss', 'Client', 'websocket', '1.3', 'u', '127.0.0.1'],
  ])
  const { body: varz } = await server.monitoring('/varz')
  assert.deepEqual(
    [varz.connections, varz.in_msgs, varz.out_msgs, varz.auth_required, (varz.websocket as { port: number }).port],
    [3, 1, 1, true, server.webSocket(0).port],
  )
  assert.ok(!JSON.stringify([body, varz]).includes('secret'))
  for (const client of clients) await client.close()
})

test('after a reload it shows what holds now, where it is now', async () => {
  await using server = await ConfiguredServer.start(`${MONITORING}server_tags: [Disk, "az:1", disk]\n${websocket()}`)
  assert.deepEqual((await server.monitoring('/varz')).body.tags, ['disk', 'az:1'])
  const before = server.monitoringUrl
  const loaded = (await server.monitoring('/varz')).body.config_load_time
  await server.reload(
    `${MONITORING}http_base_path: "/watch"\nmax_payload: 2MB\n${websocket('compression: true, allowed_origins: ["https://a.example"]')}`,
  )
  assert.equal(server.monitoringUrl, before)
  assert.equal((await fetch(`${before}/varz`)).status, 404)
  const { body } = await server.monitoring('/watch/varz')
  const { compression, allowed_origins } = body.websocket as Record<string, unknown>
  assert.deepEqual([body.max_payload, compression, allowed_origins], [2_097_152, true, ['https://a.example']])
  assert.notEqual(body.config_load_time, loaded)

  await server.reload(websocket())
  await assert.rejects(fetch(`${before}/varz`))
  await server.reload(`${MONITORING}${websocket()}`)
  assert.equal((await server.monitoring('/varz')).status, 200)
})

test('/healthz says that clients cannot connect any more in lame duck mode', async () => {
  await using server = await ConfiguredServer.start(`${MONITORING}${websocket()}`)
  const client = await connectTcp(server.natsUrl, { reconnect: false })
  assert.deepEqual((await server.monitoring('/healthz')).body, { status: 'ok' })
  const left = server.server.lameDuck()
  const { status, body } = await server.monitoring('/healthz')
  assert.equal(status, 500)
  assert.equal(body.error, 'failed to be ready for connections: server, websocket')
  await client.close()
  await within(left, 'the end of the last client')
})

test('answers are those of a nats-server with the same configuration and clients', {
  skip: requireProgram('nats-server').skip,
}, async () => {
  const config = `${MONITORING}authorization { user: "${SAMPLE_USER.user}", password: "${SAMPLE_USER.pass}" }\n${websocket(
    'compression: true, handshake_timeout: "10s", allowed_origins: ["https://app.example.com"]',
  )}`
  await using theirs = await startNatsServer(`listen: "127.0.0.1:-1"\n${config}`)
  await using ours = await ConfiguredServer.start(config)
  const monitors = [ours.monitoringUrl, new URL(theirs.ports.monitoring![0]!).origin] as const
  await using _ours = await connectSampleClients({ natsUrl: ours.natsUrl, websocketUrl: ours.webSocketUrl() })
  await using _theirs = await connectSampleClients({
    natsUrl: theirs.url,
    websocketUrl: theirs.ports.websocket![0]!,
  })
  for (const monitor of monitors) await until(() => hasSeenOneLeave(monitor), 'the third to be gone')
  await assertAnswersAlike(...monitors)
})
