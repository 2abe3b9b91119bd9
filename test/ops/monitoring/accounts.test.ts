/** What is shown of accounts, and of users who have a JWT; all as it was seen of the newest nats-server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PrincipalDetails } from '#auth'
import type { AccountDefinition } from '#core'
import { getJson, startMonitoringServer } from './monitoring-server.ts'
import { account, closed, connection, NOW_MS, SAMPLE_SERVER, sampleSource, subscription } from './sample-source.ts'

const PUBLIC = { kind: 'public' } as const

const TEAM: AccountDefinition = {
  name: 'A',
  nameTag: 'Team',
  exports: [
    { kind: 'stream', subject: 'news.>', access: PUBLIC },
    {
      kind: 'service',
      subject: 'time.get',
      access: { kind: 'accounts', accounts: ['B'] },
      responseType: 'single',
      allowsTrace: false,
    },
    {
      kind: 'service',
      subject: 'many.>',
      access: { kind: 'token' },
      responseType: 'stream',
      latency: { subject: 'lat', sampling: 50 },
      allowsTrace: false,
    },
  ],
  imports: [
    { kind: 'service', account: 'B', subject: 'clock.get', to: 'clock', sharesRequestor: true },
    { kind: 'stream', account: 'B', subject: 'feed.>', to: 'b.feed.>', allowsTrace: false },
  ],
  mappings: [
    { source: 'old.*', destinations: [{ subject: 'new.$1', weight: 70 }] },
    {
      source: 'split',
      destinations: [
        { subject: 's2', weight: 60 },
        { subject: 's1', weight: 40 },
      ],
    },
    { source: 'lossy', destinations: [{ subject: 'lossy', weight: 50 }] },
    { source: 'far', destinations: [{ subject: 'near', weight: 100, cluster: 'east' }] },
  ],
  limits: {},
}

const CLAIMS = {
  iss: 'OABC',
  sub: 'A',
  name: 'Team',
  exp: NOW_MS / 1000 - 1,
  nats: { tags: ['a', 'b'], revocations: { '*': 5 }, type: 'account', version: 2 },
}

const JWT = jwtOf(CLAIMS)

async function accountDetail(account: Parameters<typeof sampleSource>[0]): Promise<Record<string, unknown>> {
  await using server = await startMonitoringServer(sampleSource(account))
  const { account_detail } = await getJson<{ account_detail: Record<string, unknown> }>(`${server.url}/accountz?acc=A`)
  return account_detail
}

test('/accountz?acc= tells what an account exports, imports and maps', async () => {
  const detail = await accountDetail({
    accounts: () => [account('A', { definition: TEAM, clients: 2, leafNodes: 3, subscriptions: 4 })],
  })
  const shown = {
    account_name: 'A',
    update_time: '2026-01-02T02:02:00.678Z',
    expired: false,
    complete: true,
    jetstream_enabled: false,
    leafnode_connections: 3,
    client_connections: 2,
    subscriptions: 4,
    mappings: {
      'old.*': [
        { subject: 'old.$1', weight: 30 },
        { subject: 'new.$1', weight: 100 },
      ],
      split: [
        { subject: 's1', weight: 40 },
        { subject: 's2', weight: 100 },
      ],
      lossy: [{ subject: 'lossy', weight: 50 }],
      far: [
        { subject: 'far', weight: 100 },
        { subject: 'near', weight: 100, cluster: 'east' },
      ],
    },
    exports: [
      { subject: 'time.get', type: 'service', response_type: 'Singleton', approved_accounts: ['B'] },
      {
        subject: 'many.>',
        type: 'service',
        token_req: true,
        response_type: 'Streamed',
        service_latency: { sampling: 50, results: 'lat' },
      },
      { subject: 'news.>', type: 'stream' },
    ],
    imports: [
      {
        subject: 'feed.>',
        account: 'B',
        local_subject: 'b.feed.>',
        type: 'stream',
        invalid: false,
        share: false,
        tracking: false,
      },
      {
        subject: 'clock.get',
        account: 'B',
        to: 'clock',
        local_subject: 'clock',
        type: 'service',
        invalid: false,
        share: true,
        tracking: false,
      },
    ],
    name_tag: 'Team',
  }
  const { sublist_stats, ...others } = detail
  assert.deepEqual(others, shown)
  assert.deepEqual(Object.keys(others), Object.keys(shown))
  assert.equal((sublist_stats as { num_subscriptions: number }).num_subscriptions, 4)
})

test('/accountz?acc= tells of the account’s JWT', async () => {
  const { jwt, issuer_key, name_tag, tags, decoded_jwt, revoked_user, expired } = await accountDetail({
    accounts: () => [account('A', { definition: TEAM, jwt: JWT })],
  })
  assert.deepEqual(
    { jwt, issuer_key, name_tag, tags, decoded_jwt, revoked_user, expired },
    {
      jwt: JWT,
      issuer_key: 'OABC',
      name_tag: 'Team',
      tags: ['a', 'b'],
      decoded_jwt: CLAIMS,
      revoked_user: { '*': '1970-01-01T00:00:05Z' },
      expired: true,
    },
  )
})

test('/accstatz calls accounts by the names that people gave them', async () => {
  const accounts = [account('A', { definition: TEAM, clients: 1, leafNodes: 2 }), account('B', { clients: 0 })]
  await using server = await startMonitoringServer(sampleSource({ accounts: () => accounts }))
  const { account_statz } = await getJson<{ account_statz: Record<string, unknown>[] }>(`${server.url}/accstatz`)
  assert.deepEqual(
    account_statz.map(({ acc, name, conns, leafnodes, total_conns }) => [acc, name, conns, leafnodes, total_conns]),
    [['A', 'Team', 1, 2, 3]],
  )
})

const DETAILS: PrincipalDetails = { jwt: 'e.y.J', issuerKey: 'AISSUER', nameTag: 'joe', tags: ['t1', 't2'] }
const ABOUT_USERS = ['authorized_user', 'account', 'jwt', 'issuer_key', 'name_tag', 'tags']

for (const [query, shown] of [
  ['state=open', {}],
  [
    'state=open&auth=1',
    {
      authorized_user: 'UJOE',
      account: 'A',
      jwt: 'e.y.J',
      issuer_key: 'AISSUER',
      name_tag: 'Team',
      tags: ['t1', 't2'],
    },
  ],
  // nats-server shows as much without auth=1, and the user's own name there.
  ['state=closed', { jwt: 'e.y.J', issuer_key: 'AISSUER', name_tag: 'joe', tags: ['t1', 't2'] }],
  [
    'state=closed&auth=1',
    {
      authorized_user: 'UJOE',
      account: 'A',
      jwt: 'e.y.J',
      issuer_key: 'AISSUER',
      name_tag: 'Team',
      tags: ['t1', 't2'],
    },
  ],
] as const) {
  test(`/connz?${query} shows of a user with a JWT: ${Object.keys(shown).join(', ') || 'nothing'}`, async () => {
    const user = { authorizedUser: 'UJOE', account: 'A', accountTag: 'Team', details: DETAILS }
    const source = sampleSource({ connections: () => [connection(user)], closedConnections: () => [closed(user)] })
    await using server = await startMonitoringServer(source)
    const { connections } = await getJson<{ connections: Record<string, unknown>[] }>(`${server.url}/connz?${query}`)
    const about = Object.entries(connections[0]!).filter(([name]) => ABOUT_USERS.includes(name))
    assert.deepEqual(about, Object.entries(shown))
  })
}

test('subscriptions are listed with the account’s name and what people call it', async () => {
  const subscriptions = [subscription({ subject: 'a' })]
  const source = sampleSource({ connections: () => [connection({ account: 'A', accountTag: 'Team', subscriptions })] })
  await using server = await startMonitoringServer(source)
  const { subscriptions_list } = await getJson<{ subscriptions_list: object[] }>(`${server.url}/subsz?subs=1`)
  assert.deepEqual(subscriptions_list, [{ account: 'A', account_tag: 'Team', subject: 'a', sid: '1', msgs: 0, cid: 1 }])
})

test('/varz tells of the operators that are trusted, before the system account', async () => {
  const operator = { iss: 'OABC', name: 'Acme', nats: { type: 'operator', version: 2 } }
  const server = { ...SAMPLE_SERVER, operatorJwts: [jwtOf(operator)] }
  await using monitoring = await startMonitoringServer(sampleSource({ server: () => server }))
  const varz = await getJson<Record<string, unknown>>(`${monitoring.url}/varz`)
  assert.deepEqual(varz.trusted_operators_claim, [operator])
  const names = Object.keys(varz)
  const first = names.indexOf('trusted_operators_jwt')
  assert.deepEqual(names.slice(first, first + 3), [
    'trusted_operators_jwt',
    'trusted_operators_claim',
    'system_account',
  ])
})

function jwtOf(claims: object): string {
  return ['{}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.')
}

test('subjects are shown and asked for as people write them', async () => {
  const subject = Buffer.from('küche.licht').toString('latin1')
  const subscriptions = [subscription({ subject, queue: subject, sid: '2' })]
  const source = sampleSource({ connections: () => [connection({ account: 'A', subscriptions })] })
  await using server = await startMonitoringServer(source)
  const encoded = encodeURIComponent('küche.licht')
  const subsz = await getJson<{ subscriptions_list: { subject: string; qgroup: string }[] }>(
    `${server.url}/subsz?subs=1&test=${encoded}`,
  )
  assert.deepEqual(
    subsz.subscriptions_list.map(({ subject, qgroup }) => [subject, qgroup]),
    [['küche.licht', 'küche.licht']],
  )
  const connz = await getJson<{ connections: { subscriptions_list: string[] }[] }>(
    `${server.url}/connz?subs=1&acc=A&filter_subject=${encoded}`,
  )
  assert.deepEqual(connz.connections[0]?.subscriptions_list, ['küche.licht'])
})
