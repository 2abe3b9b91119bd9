import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getJson, startMonitoringServer } from './monitoring-server.ts'
import { closed, connection, NOW_MS, sampleSource, subscription } from './sample-source.ts'

interface Connz {
  num_connections: number
  total: number
  offset: number
  limit: number
  connections: { cid: number; [name: string]: unknown }[]
}

/** Five that differ in everything that can be sorted by; 4 and 5 are gone. */
const VARIED = sampleSource({
  connections: () => [
    connection({
      cid: 1,
      account: 'A',
      authorizedUser: 'ada',
      pendingBytes: 5,
      outMsgs: 1,
      inMsgs: 9,
      outBytes: 10,
      inBytes: 70,
      lastActivityMs: NOW_MS - 9,
      startMs: NOW_MS - 100,
      rttMs: 2,
      subscriptions: [subscription({ subject: 'orders.*' })],
    }),
    connection({
      cid: 2,
      account: 'B',
      authorizedUser: 'bob',
      pendingBytes: 0,
      outMsgs: 3,
      inMsgs: 8,
      outBytes: 30,
      inBytes: 90,
      lastActivityMs: NOW_MS - 1,
      startMs: NOW_MS - 80,
      rttMs: 3,
    }),
    connection({
      cid: 3,
      account: 'A',
      authorizedUser: 'bob',
      pendingBytes: 7,
      outMsgs: 2,
      inMsgs: 7,
      outBytes: 20,
      inBytes: 80,
      lastActivityMs: NOW_MS - 5,
      startMs: NOW_MS - 90,
      rttMs: undefined,
      mqttClient: 'lamp',
      subscriptions: [subscription({ subject: 'a' }), subscription({ subject: 'b', sid: '2' })],
    }),
  ],
  closedConnections: () => [
    closed({ cid: 5, account: 'A', startMs: NOW_MS - 70, stopMs: NOW_MS - 10, reason: 'Stale Connection' }),
    closed({ cid: 4, account: 'B', startMs: NOW_MS - 75, stopMs: NOW_MS - 60, reason: 'Client Closed' }),
  ],
})

for (const [query, cids] of [
  ['', [1, 2, 3]],
  ['state=open', [1, 2, 3]],
  ['state=CLOSED', [4, 5]],
  ['state=any', [1, 2, 3, 4, 5]],
  ['state=all&offset=1&limit=2', [2, 3]],
  ['offset=9', []],
  ['limit=-1&offset=-1', [1, 2, 3]],
  ['limit=&auth=&cid=', [1, 2, 3]],
  ['limit=%zz&offset=1;2', [1, 2, 3]],
  ['limit=1&limit=2', [1]],
  ['sort=cid', [1, 2, 3]],
  ['sort=start', [1, 2, 3]],
  ['sort=subs', [3, 1, 2]],
  ['sort=pending', [3, 1, 2]],
  ['sort=msgs_to', [2, 3, 1]],
  ['sort=msgs_from', [1, 2, 3]],
  ['sort=bytes_to', [2, 3, 1]],
  ['sort=bytes_from', [2, 3, 1]],
  ['sort=last', [2, 3, 1]],
  ['sort=idle', [1, 3, 2]],
  ['sort=uptime', [2, 3, 1]],
  ['sort=uptime&state=any', [4, 5, 2, 3, 1]],
  ['sort=rtt', [2, 1, 3]],
  ['sort=stop&state=closed', [5, 4]],
  ['sort=reason&state=closed', [4, 5]],
  ['cid=2', [2]],
  ['cid=2&user=ada', [2]],
  ['cid=4', []],
  ['cid=4&state=any', [4]],
  ['user=bob', [2, 3]],
  ['acc=A', [1, 3]],
  ['acc=A&state=closed', [5]],
  ['acc=nope', []],
  ['acc=A&user=bob', [3]],
  ['mqtt_client=lamp', [3]],
  ['acc=A&filter_subject=orders.new', [1]],
  ['acc=A&filter_subject=*', [3]],
  ['filter_subject=>', [1, 2, 3]],
] as const) {
  test(`/connz?${query} lists ${cids.length === 0 ? 'nobody' : cids.join(', ')}`, async () => {
    await using server = await startMonitoringServer(VARIED)
    const answer = await getJson<Connz>(`${server.url}/connz?${query}`)
    assert.deepEqual(
      answer.connections.map(({ cid }) => cid),
      cids,
    )
    assert.equal(answer.num_connections, cids.length)
  })
}

test('the total is that of the state and the account, whatever else is asked for', async () => {
  await using server = await startMonitoringServer(VARIED)
  for (const [query, total] of [
    ['user=bob', 3],
    ['cid=1', 3],
    ['state=any&limit=1', 5],
    ['acc=A&state=any', 3],
  ] as const) {
    assert.equal((await getJson<Connz>(`${server.url}/connz?${query}`)).total, total, query)
  }
})

test('a page is bounded, and says by what', async () => {
  await using server = await startMonitoringServer(VARIED)
  const limits = ['', '?limit=7', '?limit=9223372036854775807', '?limit=7&cid=1'].map(async (query) => {
    return (await getJson<Connz>(`${server.url}/connz${query}`)).limit
  })
  assert.deepEqual(await Promise.all(limits), [1024, 7, 100_000, 1])
})

test('filtering by subject needs an account', async () => {
  await using server = await startMonitoringServer(VARIED)
  const response = await fetch(`${server.url}/connz?filter_subject=foo`)
  assert.equal(response.status, 400)
  assert.equal(await response.text(), 'filter by subject only valid with account filtering')
})

test('a connection has nats-server’s fields in nats-server’s order', async () => {
  const tls = {
    version: 'TLSv1.3',
    cipherSuite: 'TLS_AES_128_GCM_SHA256',
    peerCertificates: [{ subject: 'CN=ada', publicKeySha256: 'ab', sha256: 'cd' }],
  }
  const whole = closed({
    name: 'n',
    lang: 'l',
    version: 'v',
    stalls: 4,
    tls,
    authorizedUser: 'ada',
    account: 'A',
    mqttClient: 'm',
    startMs: NOW_MS - 3_725_500,
    lastActivityMs: NOW_MS - 61_500,
    subscriptions: [subscription({ subject: 'jobs', queue: 'q', sid: '7', msgs: 2, max: 5 })],
  })
  await using server = await startMonitoringServer(sampleSource({ closedConnections: () => [whole] }))
  const { connections } = await getJson<Connz>(`${server.url}/connz?state=closed&auth=1&subs=detail`)
  assert.deepEqual(Object.entries(connections[0]!), [
    ['cid', 1],
    ['kind', 'Client'],
    ['type', 'nats'],
    ['ip', '192.0.2.7'],
    ['port', 50_000],
    ['start', '2026-01-02T02:02:00.178Z'],
    ['last_activity', '2026-01-02T03:03:04.178Z'],
    ['stop', '2026-01-02T03:04:05.178Z'],
    ['reason', 'Client Closed'],
    ['rtt', '401µs'],
    ['uptime', '1h2m5s'],
    ['idle', '1m1s'],
    ['pending_bytes', 0],
    ['in_msgs', 0],
    ['out_msgs', 0],
    ['in_bytes', 0],
    ['out_bytes', 0],
    ['stalls', 4],
    ['subscriptions', 1],
    ['name', 'n'],
    ['lang', 'l'],
    ['version', 'v'],
    ['tls_version', '1.3'],
    ['tls_cipher_suite', 'TLS_AES_128_GCM_SHA256'],
    ['tls_peer_certs', [{ subject: 'CN=ada', spki_sha256: 'ab', cert_sha256: 'cd' }]],
    ['authorized_user', 'ada'],
    ['account', 'A'],
    [
      'subscriptions_list_detail',
      [{ account: 'A', account_tag: 'A', subject: 'jobs', qgroup: 'q', sid: '7', msgs: 2, max: 5, cid: 1 }],
    ],
    ['name_tag', 'A'],
    ['mqtt_client', 'm'],
  ])
})

test('who somebody is, is shown only with auth=1', async () => {
  await using server = await startMonitoringServer(VARIED)
  const text = await (await fetch(`${server.url}/connz?state=any&subs=detail`)).text()
  assert.doesNotMatch(text, /ada|bob|authorized_user|"account"|name_tag/)
})

test('answers are laid out as Go lays them out', async () => {
  const source = sampleSource({
    connections: () => [connection({ name: 'a <b> & c', subscriptions: [subscription({ subject: 'foo.>' })] })],
  })
  await using server = await startMonitoringServer(source)
  assert.equal(
    await (await fetch(`${server.url}/connz?subs=1`)).text(),
    `{
  "server_id": "NB2JWRZ7BBZ4MRQ4KLPXPG2YWAFD5VGCJ3LTUJTSBVCHV6DRSZLVVVMV",
  "now": "2026-01-02T03:04:05.678Z",
  "num_connections": 1,
  "total": 1,
  "offset": 0,
  "limit": 1024,
  "connections": [
    {
      "cid": 1,
      "kind": "Client",
      "type": "nats",
      "ip": "192.0.2.7",
      "port": 50000,
      "start": "2026-01-02T03:03:05.678Z",
      "last_activity": "2026-01-02T03:04:04.678Z",
      "rtt": "401µs",
      "uptime": "1m0s",
      "idle": "1s",
      "pending_bytes": 0,
      "in_msgs": 0,
      "out_msgs": 0,
      "in_bytes": 0,
      "out_bytes": 0,
      "subscriptions": 1,
      "name": "a \\u003cb\\u003e \\u0026 c",
      "subscriptions_list": [
        "foo.\\u003e"
      ]
    }
  ]
}`,
  )
})
