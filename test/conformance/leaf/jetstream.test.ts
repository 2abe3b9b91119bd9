/** JetStream of a real nats-server, as clients of a server of ours use it that is its leaf node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { startNatsNode } from '../../helpers/nats-cluster.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { until } from '../../helpers/wait.ts'
import { describeHubs } from './hubs.ts'
import { connectTo, crosses, heard, linked, startSpoke } from './spoke.ts'

async function ask(client: NatsConnection, what: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = await client.request(`$JS.hub.API.${what}`, JSON.stringify(body), { timeout: 10_000 })
  const { error, ...result } = answer.json<Record<string, unknown>>()
  assert.equal(error, undefined, what)
  return result
}

describeHubs('JetStream of the hub', ({ command }) => {
  test('stores what is published here, and delivers it here under its own subject, to be acknowledged', async () => {
    await using folder = await temporaryFolder()
    const config = `jetstream { store_dir: "${folder.path}", domain: hub }`
    await using hub = await startNatsNode({ leafnodes: true, config, ...(command && { command }) })
    await using spoke = await startSpoke(hub.leafUrl)
    await linked(spoke)
    await using here = await connectTo(spoke.natsUrl)
    await using there = await connectTo(hub.url)
    await crosses(there.client, here.client, 'ready')
    await until(() => ask(here.client, 'INFO').catch(() => undefined), 'the API of the domain')

    await ask(here.client, 'STREAM.CREATE.ORDERS', { name: 'ORDERS', subjects: ['orders.>'], storage: 'memory' })
    const stored = await here.client.request('orders.one', '1', { timeout: 10_000 })
    assert.deepEqual([stored.json<{ seq: number }>().seq, stored.json<{ stream: string }>().stream], [1, 'ORDERS'])

    const consumer = { stream_name: 'ORDERS', config: { durable_name: 'c', ack_policy: 'explicit' } }
    await ask(here.client, 'CONSUMER.DURABLE.CREATE.ORDERS.c', consumer)
    const pulled = await heard(here.client, 'pulled')
    await crosses(there.client, here.client, 'asked')
    here.client.publish('$JS.hub.API.CONSUMER.MSG.NEXT.ORDERS.c', '', { reply: 'pulled' })
    const message = await until(() => pulled[0], 'what was stored')
    checkDelivery(message)
    message.respond('+ACK')
    const acknowledged = async () => (await ask(here.client, 'CONSUMER.INFO.ORDERS.c')).num_ack_pending === 0
    await until(acknowledged, 'the acknowledgement at the hub')

    // What the hub pushes: to a plain subscriber and to a member of a queue group.
    const plain = await heard(here.client, 'pushed')
    const push = (name: string, to: object) =>
      ask(here.client, `CONSUMER.DURABLE.CREATE.ORDERS.${name}`, {
        stream_name: 'ORDERS',
        config: { durable_name: name, ack_policy: 'explicit', ...to },
      })
    await push('p', { deliver_subject: 'pushed' })
    checkDelivery(await until(() => plain[0], 'what is pushed'))
    const crew = await heard(here.client, 'worked', 'crew')
    await push('q', { deliver_subject: 'worked', deliver_group: 'crew' })
    checkDelivery(await until(() => crew[0], 'what is pushed to a group'))
  })
})

function checkDelivery({ subject, reply }: Msg): void {
  assert.equal(subject, 'orders.one')
  assert.match(reply ?? '', /^\$JS\.ACK\.ORDERS\.[cpq]\.1\.1\.1\.\d+\.0$/)
}
