/** `/metrics` of a whole server: who may read it, and that each number moves by what it counts. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { ConfigError } from '#kit'
import { HubClient } from '../doors/hub/hub-client.ts'
import { login, loginForm, postForm, register, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { once, until } from '../helpers/wait.ts'
import { type Family, parseExposition } from '../ops/metrics/exposition.ts'

const ANY_PORT = { host: '127.0.0.1', port: 0 }
const TOKEN = 'c0ffee-c0ffee-c0ffee'
const EMAIL = 'alice@example.com'

const ownUrl = ({ server }: TestServer) => `http://127.0.0.1:${server.addresses.metrics?.port}/metrics`
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })
const statusOf = async (url: string, init?: RequestInit) => {
  const answer = await fetch(url, init)
  await answer.arrayBuffer()
  return answer.status
}

describe('who may read them:', () => {
  test('nobody, unless it is asked for; nothing is loaded for it then', async () => {
    await using server = await startTestServer()
    const { cache } = createRequire(import.meta.url)
    assert.ok(!Object.keys(cache).some((file) => file.includes('/prom-client/')))
    assert.equal(server.server.addresses.metrics, undefined)
    assert.equal(await statusOf(`${server.webUrl}/metrics`, bearer(TOKEN)), 404)
  })

  test('whoever reaches their own listener, and nobody on the web listener', async () => {
    await using server = await startTestServer({ metrics: { listen: ANY_PORT } })
    assert.equal(await statusOf(ownUrl(server)), 200)
    assert.equal(await statusOf(ownUrl(server), { method: 'HEAD' }), 200)
    assert.equal(await statusOf(ownUrl(server), { method: 'POST' }), 405)
    assert.equal(await statusOf(`${ownUrl(server)}/x`), 404)
    assert.equal(await statusOf(`${server.webUrl}/metrics`), 404)
  })

  test('with a token who shows it, on both listeners', async () => {
    await using server = await startTestServer({ metrics: { listen: ANY_PORT, token: TOKEN } })
    for (const url of [ownUrl(server), `${server.webUrl}/metrics`]) {
      assert.equal(await statusOf(url), 401)
      assert.equal(await statusOf(url, bearer(`${TOKEN}x`)), 401)
      assert.equal(await statusOf(url, bearer('')), 401)
      assert.equal(await statusOf(url, { headers: { Authorization: `Basic ${TOKEN}` } }), 401)
      assert.equal(await statusOf(url, bearer(TOKEN)), 200)
    }
  })

  test('below the path of DOMAIN on the web listener', async () => {
    await using server = await startTestServer({
      metrics: { token: TOKEN },
      vault: { domain: 'http://127.0.0.1/vault' },
    })
    assert.equal(await statusOf(`${server.webUrl}/vault/metrics`, bearer(TOKEN)), 200)
    assert.equal(await statusOf(`${server.webUrl}/metrics`, bearer(TOKEN)), 404)
  })

  test('an address that is taken keeps the server from starting, and leaves nothing open', async () => {
    await using server = await startTestServer({ metrics: { listen: ANY_PORT } })
    const { port } = server.server.addresses.metrics!
    await assert.rejects(startTestServer({ metrics: { listen: { host: '127.0.0.1', port } } }), ConfigError)
    assert.equal(await statusOf(ownUrl(server)), 200)
  })
})

test('Prometheus gets OpenMetrics, others the text format', async () => {
  await using server = await startTestServer({ metrics: { listen: ANY_PORT } })
  const get = async (accept: string) => {
    const answer = await fetch(ownUrl(server), { headers: { Accept: accept } })
    return { type: answer.headers.get('content-type') ?? '', text: await answer.text() }
  }
  const asPrometheusAsks =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,' +
    'text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1'
  const open = await get(asPrometheusAsks)
  assert.match(open.type, /^application\/openmetrics-text; version=1\.0\.0/)
  parseExposition(open.text, { isOpenMetrics: true })
  for (const accept of ['*/*', 'text/html', 'application/openmetrics-text;q=0']) {
    const plain = await get(accept)
    assert.match(plain.type, /^text\/plain; version=0\.0\.4/)
    parseExposition(plain.text)
  }
})

describe('a number moves by what it counts:', () => {
  let server: TestServer
  let device: TestDevice

  before(async () => {
    server = await startTestServer({
      metrics: { listen: ANY_PORT },
      hub: { maxAnonymousConnectionsPerAddress: 1 },
      vault: { loginRatelimitMaxBurst: 5, loginRatelimitSeconds: 3_600 },
    })
    await register({ server: server.webUrl, email: EMAIL })
    device = await login({ server: server.webUrl, email: EMAIL })
  })
  after(() => server.close())

  const families = async () => parseExposition(await (await fetch(ownUrl(server))).text())

  /** The value of a series, 0 where there is none, of all that are there. */
  function valueIn(all: ReadonlyMap<string, Family>, series: string): number {
    const name = series.replace(/[{].*/, '')
    const family = all.get(name) ?? all.get(name.replace(/_(?:count|sum|bucket)$/, ''))
    assert.ok(family, `${name} is in the answer`)
    return family.series.get(series) ?? 0
  }

  /** Waits until each series is by so much more than before `work`. */
  async function moves(by: Readonly<Record<string, number>>, work: () => Promise<unknown>): Promise<void> {
    const earlier = await families()
    await work()
    const moved = async () => {
      const now = await families()
      return Object.fromEntries(
        Object.keys(by).map((series) => [series, valueIn(now, series) - valueIn(earlier, series)]),
      )
    }
    await until(async () => {
      assert.deepEqual(await moved(), by)
      return true
    }, 'the numbers')
  }

  const wsUrl = (where: string) => `${server.webUrl.replace('http', 'ws')}${where}`
  const hubUrl = () => wsUrl('/notifications/hub')

  test('logins, by what became of them', async () => {
    const form = loginForm({ email: EMAIL })
    const fail = () => postForm(fetch, `${server.webUrl}/identity/connect/token`, form)
    await moves({ 'belfry_logins_total{outcome="ok"}': 1, 'belfry_logins_total{outcome="failed"}': 2 }, async () => {
      await login({ server: server.webUrl, email: EMAIL })
      assert.equal((await fail()).status, 400)
      assert.equal((await fail()).status, 400)
    })
    await moves({ 'belfry_logins_total{outcome="limited"}': 1 }, async () => {
      while ((await fail()).status !== 429);
    })
  })

  test('connections to the hub, what they are told and how they end', async () => {
    let client: HubClient | undefined
    const open = { 'belfry_hub_connections{hub="user",transport="WebSockets"}': 1 }
    await moves({ ...open, 'belfry_hub_opened_total{hub="user",transport="WebSockets"}': 1 }, async () => {
      client = await HubClient.start(hubUrl(), device.token.access_token)
    })
    const told = {
      'belfry_hub_events_told_total{hub="user",type="SyncFolderCreate"}': 1,
      'belfry_notifications_published_total{type="SyncFolderCreate"}': 1,
    }
    await moves(told, () => device.post('/api/folders', { name: device.encrypt('F') }))
    const closed = {
      'belfry_hub_closed_total{hub="user",reason="closed by the client"}': 1,
      'belfry_hub_connections{hub="user",transport="WebSockets"}': -1,
    }
    await moves(closed, () => client!.close())
  })

  test('a device that comes back is told to sync', async () => {
    const client = await HubClient.start(hubUrl(), device.token.access_token)
    await client.close()
    await device.post('/api/folders', { name: device.encrypt('missed') })
    let back: HubClient | undefined
    await moves({ 'belfry_hub_catch_ups_total{hub="user"}': 1 }, async () => {
      back = await HubClient.start(hubUrl(), device.token.access_token)
    })
    await back!.close()
  })

  test('refusals of the hub, by status', async () => {
    await moves({ 'belfry_hub_refused_total{hub="user",status="401"}': 1 }, async () => {
      assert.equal(await statusOf(`${server.webUrl}/notifications/hub/negotiate`, { method: 'POST' }), 401)
    })
    const request = 'Token=55555555-5555-4555-8555-555555555555'
    const first = await HubClient.connect(wsUrl(`/notifications/anonymous-hub?${request}`), 'none')
    await moves({ 'belfry_hub_refused_total{hub="anonymous",status="429"}': 1 }, async () => {
      const negotiate = `${server.webUrl}/notifications/anonymous-hub/negotiate?${request}`
      assert.equal(await statusOf(negotiate, { method: 'POST' }), 429)
    })
    await first.close()
  })

  test('NATS clients, their subscriptions, messages and bytes, in all and by account', async () => {
    let socket: Socket | undefined
    await moves(
      {
        belfry_nats_connections: 1,
        belfry_nats_connections_opened_total: 1,
        belfry_nats_subscriptions: 1,
        'belfry_nats_messages_total{direction="in"}': 2,
        'belfry_nats_messages_total{direction="out"}': 1,
        'belfry_nats_bytes_total{direction="in"}': 10,
        'belfry_nats_bytes_total{direction="out"}': 5,
        'belfry_nats_account_connections{account="$G"}': 1,
        'belfry_nats_account_messages_total{account="$G",direction="out"}': 1,
      },
      async () => {
        socket = connect(server.server.addresses.nats)
        socket.resume()
        socket.write('CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 5\r\nhello\r\nPUB b 5\r\nworld\r\n')
      },
    )
    await moves({ belfry_nats_connections: -1, belfry_nats_subscriptions: -1 }, async () => {
      socket!.end()
      await once(socket!, 'close')
    })
  })

  test('HTTP requests by method, route and class of status; a path that is nobody’s has no name', async () => {
    const count = (labels: string) => `belfry_http_request_duration_seconds_count{${labels}}`
    await moves(
      {
        [count('method="GET",route="/api/folders/:id",status="2xx"')]: 1,
        [count('method="GET",route="/api/folders/:id",status="4xx"')]: 1,
        [count('method="GET",route="none",status="4xx"')]: 3,
        [count('method="POST",route="/api/folders",status="2xx"')]: 1,
      },
      async () => {
        const made = await device.post('/api/folders', { name: device.encrypt('F') })
        await device.get(`/api/folders/${made.json.id}?x=1`)
        await device.get('/api/folders/55555555-5555-4555-8555-555555555555')
        for (const where of ['/a', '/b/c', '/%zz']) await statusOf(server.webUrl + where)
      },
    )
  })

  test('statements of the database, and that it is there', async () => {
    const all = await families()
    assert.equal(valueIn(all, 'belfry_database_up'), 1)
    assert.ok(valueIn(all, 'belfry_database_ping_seconds') > 0)
    const inserts = 'belfry_database_operation_duration_seconds_count{operation="insert",result="ok"}'
    await moves({ [inserts]: 1 }, () => device.post('/api/folders', { name: device.encrypt('F') }))
    const failed = 'belfry_database_operation_duration_seconds_count{operation="insert",result="failed"}'
    const database = new DatabaseSync(path.join(server.dataFolder, 'db.sqlite3'))
    database.exec('ALTER TABLE folders RENAME TO elsewhere')
    try {
      await moves({ [failed]: 1 }, () => device.post('/api/folders', { name: device.encrypt('F') }))
    } finally {
      database.exec('ALTER TABLE elsewhere RENAME TO folders')
      database.close()
    }
  })

  test('when certificates end, room on the disk, and what runs', async () => {
    const all = await families()
    const { raw } = new X509Certificate(await readFile(path.join(server.dataFolder, 'tls', 'server.pem')))
    const { validToDate } = new X509Certificate(raw)
    assert.equal(
      valueIn(all, 'belfry_certificate_expiry_timestamp_seconds{listener="web.https"}'),
      validToDate.getTime() / 1_000,
    )
    assert.ok(valueIn(all, 'belfry_data_free_bytes') > 0)
    assert.equal(all.get('belfry_build_info')?.series.size, 1)
    assert.ok(valueIn(all, 'process_resident_memory_bytes') > 1_000_000)
    assert.ok(all.has('nodejs_eventloop_lag_p99_seconds') && all.has('nodejs_gc_duration_seconds'))
  })

  test('no e-mail address, id of a user or device, or token is in any label', async () => {
    const text = await (await fetch(ownUrl(server))).text()
    for (const secret of [EMAIL, device.userId, device.deviceId, device.token.access_token]) {
      assert.ok(!text.includes(secret))
    }
  })
})
