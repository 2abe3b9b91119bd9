/** What is shown of leaf nodes; the fields are those of the newest nats-server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getJson, startMonitoringServer } from './monitoring-server.ts'
import { leaf, NO_LEAFS, SAMPLE_SERVER, sampleSource, subscription } from './sample-source.ts'

const LISTED = {
  id: 9,
  name: 'spoke',
  is_spoke: false,
  account: '$G',
  ip: '192.0.2.9',
  port: 50_009,
  rtt: '401µs',
  in_msgs: 3,
  out_msgs: 4,
  in_bytes: 30,
  out_bytes: 40,
  subscriptions: 1,
}

test('links to other servers are listed, with what is wanted there when that is asked for', async () => {
  const other = leaf({ id: 10, account: 'A', isSpoke: true, isIsolated: true, subscriptionCount: 0 })
  await using server = await startMonitoringServer(sampleSource({ leafs: () => [leaf(), other] }))
  type Answer = { leafnodes: number; leafs: object[] }
  const plain = await getJson<Answer>(`${server.url}/leafz`)
  assert.deepEqual([plain.leafnodes, plain.leafs[0]], [2, LISTED])
  const { leafs } = await getJson<Answer>(`${server.url}/leafz?subs=1&acc=$G`)
  assert.deepEqual(leafs, [{ ...LISTED, subscriptions_list: ['bells'] }])
  const ofA = await getJson<Answer>(`${server.url}/leafz?subs=1&acc=A`)
  const { is_spoke, is_isolated, subscriptions_list } = ofA.leafs[0] as Record<string, unknown>
  assert.deepEqual([ofA.leafnodes, is_spoke, is_isolated, subscriptions_list], [1, true, true, undefined])
})

test('a subject that is not ASCII is shown as it is meant', async () => {
  const wanted = subscription({ subject: Buffer.from('glöckchen').toString('latin1'), sid: '1', cid: 9 })
  const source = sampleSource({ leafs: () => [leaf({ subscriptions: () => [wanted] })] })
  await using server = await startMonitoringServer(source)
  const { leafs } = await getJson<{ leafs: { subscriptions_list: string[] }[] }>(`${server.url}/leafz?subs=1`)
  assert.deepEqual(leafs[0]?.subscriptions_list, ['glöckchen'])
})

test('what leaf nodes bring and take counts for the server, and not for its clients', async () => {
  const base = sampleSource()
  const leafs = { ...NO_LEAFS, connections: 1, inMsgs: 3, inBytes: 30, outMsgs: 4, outBytes: 40, slowConsumers: 2 }
  const source = sampleSource({
    totals: () => ({ ...base.totals(), leafs }),
    server: () => ({
      ...SAMPLE_SERVER,
      leafnodes: {
        listener: {
          host: '0.0.0.0',
          port: 7422,
          authTimeoutMs: 2000,
          tlsTimeoutMs: 3000,
          isTlsRequired: true,
          isTlsVerified: false,
        },
        remotes: [{ account: 'A', addresses: ['hub:7422'], denyImports: ['secret.>'], denyExports: [] }],
      },
    }),
  })
  await using server = await startMonitoringServer(source)
  const varz = await getJson<Record<string, unknown>>(`${server.url}/varz`)
  assert.deepEqual(varz.leaf, {
    host: '0.0.0.0',
    port: 7422,
    auth_timeout: 2,
    tls_timeout: 3,
    tls_required: true,
    remotes: [{ local_account: 'A', urls: ['hub:7422'], deny: { imports: ['secret.>'] } }],
  })
  const { leafnodes, in_msgs, in_client_msgs, out_bytes, out_client_bytes, slow_consumers } = varz
  assert.deepEqual(
    [leafnodes, in_msgs, in_client_msgs, out_bytes, out_client_bytes, slow_consumers],
    [1, 4, 1, 45, 5, 2],
  )
  assert.deepEqual(varz.slow_consumer_stats, { clients: 0, routes: 0, gateways: 0, leafs: 2 })
})
