import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import net from 'node:net'
import { test } from 'node:test'
import { peerCertificate } from '#ops'
import { once, until } from '../../helpers/wait.ts'
import { getJson, startMonitoringServer } from './monitoring-server.ts'
import { REFUSED_REQUESTS } from './refused-requests.ts'
import { connection, SAMPLE_SERVER, sampleSource, subscription } from './sample-source.ts'

for (const [target, text] of REFUSED_REQUESTS) {
  test(`${target} is refused`, async () => {
    await using server = await startMonitoringServer()
    const response = await fetch(server.url + target)
    assert.deepEqual([response.status, await response.text()], [400, text])
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  })
}

test('/varz has the newest nats-server’s fields in its order', async () => {
  const server = {
    ...SAMPLE_SERVER,
    isTlsRequired: true,
    isTlsVerified: true,
    connectUrls: ['192.0.2.1:4222'],
    websocketConnectUrls: ['192.0.2.1:8080'],
    maxSubscriptions: 10,
    tags: ['edge'],
    tlsCertificateEndsMs: SAMPLE_SERVER.startMs,
  }
  await using monitoring = await startMonitoringServer(sampleSource({ server: () => server }), { basePath: 'nats' })
  const varz = await getJson<{ [name: string]: unknown }>(`${monitoring.url}/nats/varz`)
  const fields = `
    server_id server_name version proto go host port auth_required tls_required tls_verify connect_urls ws_connect_urls
    max_connections max_subscriptions ping_interval ping_max http_host http_port http_base_path https_port auth_timeout
    max_control_line max_payload max_pending cluster gateway leaf mqtt websocket jetstream tls_timeout write_deadline
    start now uptime mem cores gomaxprocs cpu connections total_connections routes remotes leafnodes in_msgs in_bytes
    in_client_msgs in_client_bytes out_msgs out_bytes out_client_msgs out_client_bytes slow_consumers stale_connections
    stalled_clients subscriptions http_req_stats config_load_time config_digest tags system_account slow_consumer_stats
    stale_connection_stats disk_io_wait_stats tls_cert_not_after`
  assert.deepEqual(Object.keys(varz), fields.trim().split(/\s+/))
  const { ping_interval, write_deadline, auth_timeout, uptime, http_base_path, http_req_stats } = varz
  assert.deepEqual(
    { ping_interval, write_deadline, auth_timeout, uptime, http_base_path, http_req_stats },
    {
      ping_interval: 120_000_000_000,
      write_deadline: 10_000_000_000,
      auth_timeout: 2,
      uptime: '1h2m5s',
      http_base_path: 'nats',
      http_req_stats: { '/varz': 1 },
    },
  )
  assert.ok(Number(varz.mem) > 1_000_000 && Number(varz.cores) >= 1 && Number(varz.cpu) >= 0)
})

test('/varz tells of the WebSocket listener what is set, and of its duration in nanoseconds', async () => {
  const websocket = {
    host: '::1',
    port: 443,
    advertise: 'ws.example.com',
    noAuthUser: 'guest',
    jwtCookie: 'token',
    handshakeTimeoutMs: 2_500,
    authTimeoutMs: 1_500,
    isTls: true,
    mapsTlsSubject: true,
    pinnedCerts: ['ab'],
    sameOrigin: true,
    allowedOrigins: ['https://a'],
    compression: true,
    tlsCertificateEndsMs: 0,
  }
  const source = sampleSource({ server: () => ({ ...SAMPLE_SERVER, websocket }) })
  await using server = await startMonitoringServer(source)
  const varz = await getJson<{ websocket: object }>(`${server.url}/varz`)
  assert.deepEqual(Object.entries(varz.websocket), [
    ['host', '::1'],
    ['port', 443],
    ['advertise', 'ws.example.com'],
    ['no_auth_user', 'guest'],
    ['jwt_cookie', 'token'],
    ['handshake_timeout', 2_500_000_000],
    ['auth_timeout', 1.5],
    ['tls_map', true],
    ['tls_pinned_certs', ['ab']],
    ['same_origin', true],
    ['allowed_origins', ['https://a']],
    ['compression', true],
    ['tls_cert_not_after', '1970-01-01T00:00:00Z'],
  ])
})

test('requests are counted by endpoint', async () => {
  await using server = await startMonitoringServer()
  for (const target of ['/subsz', '/subscriptionsz', '/', '/nope', '/connz?sort=foo']) {
    await (await fetch(server.url + target)).text()
  }
  const { http_req_stats } = await getJson<{ http_req_stats: object }>(`${server.url}/varz`)
  assert.deepEqual(Object.entries(http_req_stats), [
    ['/', 1],
    ['/connz', 1],
    ['/subsz', 2],
    ['/varz', 1],
  ])
})

test('matchers of several accounts are told of as one', async () => {
  await using server = await startMonitoringServer()
  const subsz = await getJson(`${server.url}/subsz`)
  assert.deepEqual(subsz, {
    server_id: SAMPLE_SERVER.id,
    now: '2026-01-02T03:04:05.678Z',
    num_subscriptions: 3,
    num_cache: 4,
    num_inserts: 3,
    num_removes: 0,
    num_matches: 8,
    cache_hit_rate: 0.75,
    max_fanout: 2,
    avg_fanout: 1.5,
    total: 0,
    offset: 0,
    limit: 1024,
  })
})

for (const [query, total, sids] of [
  ['subs=1', 4, ['1', '2', '3', '4']],
  ['subs=1&acc=A', 3, ['1', '2', '3']],
  ['subs=1&test=foo.bar', 2, ['1', '2']],
  ['subs=1&offset=1&limit=2', 4, ['2', '3']],
  ['subs=1&test=nobody', 0, undefined],
] as const) {
  test(`/subsz?${query} counts ${total}`, async () => {
    const lists = [
      connection({
        account: 'A',
        subscriptions: [
          subscription({ subject: 'foo.*' }),
          subscription({ subject: 'foo.bar', sid: '2' }),
          subscription({ sid: '3' }),
        ],
      }),
      connection({ account: 'B', subscriptions: [subscription({ subject: 'other', sid: '4' })] }),
    ]
    await using server = await startMonitoringServer(sampleSource({ connections: () => lists }))
    const subsz = await getJson<{ total: number; subscriptions_list?: { sid: string }[] }>(
      `${server.url}/subsz?${query}`,
    )
    assert.equal(subsz.total, total)
    assert.deepEqual(
      subsz.subscriptions_list?.map(({ sid }) => sid),
      sids,
    )
  })
}

test('accounts that nobody is connected to have no statistics unless they are asked for', async () => {
  await using server = await startMonitoringServer()
  const names = async (query: string) => {
    const { account_statz } = await getJson<{ account_statz: { acc: string }[] }>(`${server.url}/accstatz${query}`)
    return account_statz.map(({ acc }) => acc)
  }
  assert.deepEqual(await names(''), ['$G'])
  assert.deepEqual(await names('?unused=1'), ['$G', '$SYS'])
})

test('/healthz says which listeners do not accept connections', async () => {
  const source = sampleSource({ unreadyListeners: () => ['server', 'websocket'] })
  await using server = await startMonitoringServer(source)
  const error = 'failed to be ready for connections: server, websocket'
  for (const [query, body] of [
    ['', { status: 'error', error }],
    ['?details=1', { status: 'error', errors: [{ type: 'CONNECTION', error }] }],
  ] as const) {
    const response = await fetch(`${server.url}/healthz${query}`)
    assert.deepEqual([response.status, await response.text()], [500, JSON.stringify(body)])
  }
})

for (const [query, status, body] of [
  ['', 200, '{"status":"ok"}'],
  ['?details=true&js-server-only=1', 200, '{"status":"ok"}'],
  ['?account=A', 200, '{"status":"ok"}'],
  [
    '?stream=S',
    400,
    String.raw`{"status":"error","error":"\"account\" must not be empty when checking stream health"}`,
  ],
  [
    '?consumer=C&details=1',
    400,
    String.raw`{"status":"error","errors":[{"type":"BAD_REQUEST","error":"\"stream\" must not be empty when checking consumer health"}]}`,
  ],
] as const) {
  test(`/healthz${query} answers ${status}`, async () => {
    await using server = await startMonitoringServer()
    const response = await fetch(`${server.url}/healthz${query}`)
    assert.deepEqual([response.status, await response.text()], [status, body])
    assert.equal(response.headers.get('content-type'), 'application/json')
  })
}

test('any method is answered like GET, HEAD without a body', async () => {
  await using server = await startMonitoringServer()
  for (const method of ['POST', 'OPTIONS', 'DELETE']) {
    const response = await fetch(`${server.url}/leafz`, { method })
    assert.equal(((await response.json()) as { leafnodes: number }).leafnodes, 0)
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    assert.equal(response.headers.get('content-type'), 'application/json')
  }
  const response = await fetch(`${server.url}/leafz`, { method: 'HEAD' })
  const { length } = await (await fetch(`${server.url}/leafz`)).text()
  assert.equal(await response.text(), '')
  assert.equal(response.headers.get('content-length'), String(length))
})

for (const [callback, isCalled] of [
  ['cb', true],
  ['jQuery_1.handlers.$done', true],
  ['a;alert(1)', false],
  ['<script>', false],
  ['a.', false],
  ['1a', false],
  ['x'.repeat(200), false],
] as const) {
  test(`callback=${callback} is ${isCalled ? 'called' : 'no name of a function and does nothing'}`, async () => {
    await using server = await startMonitoringServer()
    const response = await fetch(`${server.url}/healthz?callback=${encodeURIComponent(callback)}`)
    const body = '{"status":"ok"}'
    assert.equal(await response.text(), isCalled ? `${callback}(${body})` : body)
    assert.equal(response.headers.get('content-type'), isCalled ? 'application/javascript' : 'application/json')
  })
}

for (const target of ['/nope', '/varz/', '/VARZ', '/varzs', '/__proto__', '/toString', '/stacksz']) {
  test(`${target} is not found`, async () => {
    await using server = await startMonitoringServer()
    const response = await fetch(server.url + target)
    assert.deepEqual([response.status, await response.text()], [404, '404 page not found\n'])
  })
}

for (const basePath of ['', '/', 'nats', '/nats', '/ops/nats/']) {
  test(`under the base path "${basePath}" the index page links to what is there`, async () => {
    await using server = await startMonitoringServer(sampleSource(), { basePath })
    const root = `${server.url}/${basePath.replace(/^\/|\/$/g, '')}`
    const response = await fetch(root)
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    const links = [...(await response.text()).matchAll(/href="([^"]+)"/g)].map(([, href]) => new URL(href!, root))
    assert.equal(links.length, 11)
    for (const link of links) assert.equal((await fetch(link)).status, 200, link.href)
  })
}

test('a target in absolute form is as good as its path', async () => {
  await using server = await startMonitoringServer()
  const { port } = new URL(server.url)
  const sent = request({ port, host: '127.0.0.1', path: 'http://elsewhere:1/connz?limit=7' }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const { limit } = JSON.parse((await response.toArray()).join('')) as { limit: number }
  assert.deepEqual([response.statusCode, limit], [200, 7])
})

test('nothing lies outside of the base path', async () => {
  await using server = await startMonitoringServer(sampleSource(), { basePath: '/nats' })
  for (const target of ['/', '/varz', '/natsvarz', '/nats/']) {
    assert.equal((await fetch(server.url + target)).status, 404, target)
  }
})

test('a source that throws costs one request, not the server', async () => {
  const events: string[] = []
  const keep = (_: object, event: string) => void events.push(event)
  const logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger }
  const source = sampleSource({
    totals: () => {
      throw new Error('no totals')
    },
  })
  await using server = await startMonitoringServer(source, { logger })
  assert.equal((await fetch(`${server.url}/varz`)).status, 500)
  assert.equal((await fetch(`${server.url}/connz`)).status, 200)
  assert.deepEqual(events, ['monitoring request failed'])
})

test('a long answer leaves turns of the event loop to others, and comes whole', async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => connection({ cid: index + 1 }))
  await using server = await startMonitoringServer(sampleSource({ connections: () => many }))
  const answer = fetch(`${server.url}/connz?limit=20000`).then((response) => response.text())
  let isWhole = false
  let turns = 0
  void answer.then(() => {
    isWhole = true
  })
  while (!isWhole) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  const { connections } = JSON.parse(await answer) as { connections: { cid: number }[] }
  assert.deepEqual(
    connections.map(({ cid }) => cid),
    many.map(({ cid }) => cid),
  )
  // Ten megabytes in pieces of 64 KiB.
  assert.ok(turns > 100, `${turns} turns`)
})

test('one connection’s many subscriptions are written in pieces too', async () => {
  const subscriptions = Array.from({ length: 50_000 }, (_, index) => subscription({ sid: String(index) }))
  await using server = await startMonitoringServer(sampleSource({ connections: () => [connection({ subscriptions })] }))
  const response = await fetch(`${server.url}/connz?subs=detail`)
  assert.equal(response.headers.get('content-length'), null)
  const { connections } = (await response.json()) as { connections: { subscriptions_list_detail: unknown[] }[] }
  assert.equal(connections[0]?.subscriptions_list_detail.length, 50_000)
})

test('readers who stall hold a bounded number of long answers, and are cut off', async () => {
  const many = Array.from({ length: 50_000 }, (_, index) => connection({ cid: index + 1, name: 'x'.repeat(200) }))
  await using server = await startMonitoringServer(sampleSource({ connections: () => many }))
  const stalled = Array.from({ length: 8 }, () => request(`${server.url}/connz?limit=50000`).end())
  const responses = await Promise.all(stalled.map(async (one) => (await once(one, 'response'))[0]))
  // All of them have filled what the system buffers for them, and wait.
  await until(() => server.clock.pending === 8, 'eight answers to wait for their readers')

  const refused = await fetch(`${server.url}/connz?limit=50000`)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal((await fetch(`${server.url}/varz`)).status, 200)

  const cutOff = responses.map((response) => once(response as never, 'close').catch((error: Error) => error))
  server.clock.advance(10_000)
  for (const response of responses as { resume(): void }[]) response.resume()
  await Promise.all(cutOff)
  await until(async () => {
    const response = await fetch(`${server.url}/connz?limit=50000`, { method: 'HEAD' })
    return response.status === 200
  }, 'room for another long answer')
})

test('the requests of a pipeline are answered one by one, and no more of them than a few are kept', async () => {
  let asked = 0
  const source = sampleSource({
    server: () => {
      asked++
      return SAMPLE_SERVER
    },
  })
  await using server = await startMonitoringServer(source)
  const { port } = new URL(server.url)
  const pipeline = (targets: readonly string[]) => {
    const socket = net
      .connect(Number(port), '127.0.0.1')
      .setEncoding('latin1')
      .on('error', () => {})
    socket.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost:\r\n\r\n`).join(''))
    return socket
  }

  const few = pipeline(['/varz', '/nothing', '/connz', '/ipqueuesz'])
  let heard = ''
  few.on('data', (text) => {
    heard += text
  })
  await until(() => heard.endsWith('{}'), 'the last answer')
  assert.deepEqual(
    heard.match(/HTTP\/1.1 \d+/g),
    [200, 404, 200, 200].map((status) => `HTTP/1.1 ${status}`),
  )
  assert.ok(heard.indexOf('"cpu"') < heard.indexOf('404 page') && heard.indexOf('404 page') < heard.indexOf('"total"'))

  asked = 0
  const many = pipeline(Array.from({ length: 2000 }, () => '/varz'))
  many.resume()
  await once(many, 'close')
  assert.ok(asked <= 1)
})

test('a certificate is told of by its subject and the digests of its key and of itself', () => {
  const certificate = new X509Certificate(CERTIFICATE)
  const { subject, publicKeySha256, sha256 } = peerCertificate(certificate)
  assert.equal(subject, 'CN=ada,OU=NATS.io,O=Example')
  assert.equal(sha256, certificate.fingerprint256.replaceAll(':', '').toLowerCase())
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  assert.equal(publicKeySha256, createHash('sha256').update(key).digest('hex'))
})

/** O=Example, OU=NATS.io, CN=ada. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBvDCCAWGgAwIBAgIUQr/rVSRnJhIvEfSoj+rSZNsZ2CAwCgYIKoZIzj0EAwIw
MjEQMA4GA1UECgwHRXhhbXBsZTEQMA4GA1UECwwHTkFUUy5pbzEMMAoGA1UEAwwD
YWRhMCAXDTI2MTEyMTEyMTA1M1oYDzIxMjYxMDI4MTIxMDUzWjAyMRAwDgYDVQQK
DAdFeGFtcGxlMRAwDgYDVQQLDAdOQVRTLmlvMQwwCgYDVQQDDANhZGEwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARHPu45MRhQdDDfPhfPVNjbneYLbnwR3HY1jVPO
GbT0cgcvrHy8Wa8jR94jcgXb1oSntOlpfbW1CGKz3B2BvRTto1MwUTAdBgNVHQ4E
FgQU0dxBhG6GsrRwQ5glzmD9IdCtUWcwHwYDVR0jBBgwFoAU0dxBhG6GsrRwQ5gl
zmD9IdCtUWcwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEArTeo
Bf9mwgw5BYVu29HcFDxw2SnTdkO2te2Rkb+nyjoCIQDFlTbshvrqcoMT1IcLPnj4
iuLhmw4lb5eUEZpdEJHTkg==
-----END CERTIFICATE-----`
