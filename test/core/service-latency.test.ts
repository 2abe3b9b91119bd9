import assert from 'node:assert/strict'
import test from 'node:test'
import { Message, type ServiceLatency } from '#core'
import { account, importService, service, World } from './world.ts'

const REQUESTOR = { rttMs: 2, user: 'ann', kind: 'Client' }
const START = '2026-01-02T03:04:05.676Z'

function measured({
  latency,
  draw = 0,
  shares = false,
}: {
  latency?: Partial<ServiceLatency>
  draw?: number
  shares?: boolean
}) {
  const exported = service('svc', {
    latency: { subject: 'latency', sampling: 100, ...latency },
    responseThresholdMs: 1000,
  })
  const world = new World(
    [account('E', { exports: [exported] }), account('A', { imports: [importService('E', 'svc', 'svc', shares)] })],
    () => draw,
  )
  const [server, client, listener] = [world.client('E'), world.client('A'), world.client('E')]
  client.requestor = () => REQUESTOR
  server.requestor = () => ({ rttMs: 1, user: 'bob', server: 'here' })
  listener.subscribe('latency')
  return {
    world,
    server,
    client,
    metrics: () => listener.messages.map(({ payload }) => JSON.parse(payload.toString())),
  }
}

test('how long an answer took is told without the way to who answered', () => {
  const { world, server, client, metrics } = measured({})
  server.subscribe('svc')
  client.subscribe('inbox')
  client.publish('svc', '', { reply: 'inbox' })
  world.clock.advance(30)
  server.publish(server.messages[0]!.reply)
  const [{ id, ...metric }] = metrics()
  assert.match(id, /^[\w-]{22}$/)
  assert.deepEqual(metric, {
    type: 'io.nats.server.metric.v1.service_latency',
    timestamp: '2026-01-02T03:04:05.708Z',
    status: 200,
    requestor: { acc: 'A', rtt: 2e6 },
    responder: { acc: 'E', user: 'bob', rtt: 1e6, server: 'here' },
    start: START,
    service: 29e6,
    system: 0,
    total: 32e6,
  })
  assert.deepEqual(Object.keys(metric), [
    'type',
    'timestamp',
    'status',
    'requestor',
    'responder',
    'start',
    'service',
    'system',
    'total',
  ])
  assert.equal(client.got.length, 1)
})

test('more of the requestor is told where the import shares it', () => {
  const { client, metrics } = measured({ shares: true })
  client.publish('svc', '', { reply: 'inbox' })
  assert.deepEqual(metrics()[0].requestor, { acc: 'A', user: 'ann', rtt: 2e6, kind: 'Client' })
})

type Act = (parts: ReturnType<typeof measured>) => void
const failures: [what: string, act: Act, status: number, description: string][] = [
  ['nobody serves', ({ client }) => void client.publish('svc', '', { reply: 'inbox' }), 503, 'Service Unavailable'],
  [
    'no reply is wanted',
    ({ client, server }) => {
      server.subscribe('svc')
      client.publish('svc')
    },
    400,
    'Bad Request',
  ],
  [
    'nobody answers',
    ({ client, server, world }) => {
      server.subscribe('svc')
      client.publish('svc', '', { reply: 'inbox' })
      world.clock.advance(1000)
    },
    504,
    'Service Timeout',
  ],
  [
    'nobody waits for the answer any more',
    ({ client, server }) => {
      server.subscribe('svc')
      client.publish('svc', '', { reply: 'inbox' })
      server.publish(server.messages[0]!.reply)
    },
    408,
    'Request Timeout',
  ],
]

for (const [what, act, status, description] of failures) {
  test(`when ${what}, that is told`, () => {
    const parts = measured({})
    act(parts)
    const metrics = parts.metrics()
    assert.equal(metrics.length, 1)
    const [{ id: _id, type: _type, timestamp: _timestamp, ...metric }] = metrics
    const requestor = { acc: 'A', rtt: 2e6 }
    assert.deepEqual(metric, { status, description, requestor, start: START, service: 0, system: 0, total: 0 })
  })
}

test('of a part of the requests only that is told', () => {
  for (const [draw, count] of [
    [24, 1],
    [25, 0],
  ] as const) {
    const { client, metrics } = measured({ latency: { sampling: 25 }, draw })
    client.publish('svc')
    assert.equal(metrics().length, count)
  }
})

test('an export without latency tells nothing', () => {
  const world = new World([
    account('E', { exports: [service('svc')] }),
    account('A', { imports: [importService('E', 'svc')] }),
  ])
  const listener = world.client('E')
  listener.subscribe('>')
  world.client('A').publish('svc')
  assert.deepEqual(listener.got.length, 1)
})

/** Headers of a request, and those by which it is measured: as a nats-server of today has it. */
const traced: [headers: string[], told: Record<string, string[]> | undefined][] = [
  [[], undefined],
  [['Foo: bar'], undefined],
  [['Uber-Trace-Id: a:b:c:1', 'uberctx-k: v', 'Foo: bar'], { 'Uber-Trace-Id': ['a:b:c:1'], 'Uberctx-K': ['v'] }],
  [['Uber-Trace-Id: a:b:c:0'], undefined],
  [['Uber-Trace-Id: a:b:c:100'], undefined],
  [['X-B3-Sampled: 1', 'X-B3-SpanId: s'], { 'X-B3-Sampled': ['1'], 'X-B3-Spanid': ['s'] }],
  [['X-B3-Sampled: 0', 'X-B3-TraceId: t'], undefined],
  [['X-B3-TraceId: t'], { 'X-B3-Traceid': ['t'] }],
  [['B3: 1'], { B3: ['1'] }],
  [['B3: t-s-1-p'], { B3: ['t-s-1-p'] }],
  [['B3: t-s-0-p'], undefined],
  [['B3: 0'], undefined],
  [['traceparent: 00-t-s-01', 'tracestate: x'], { Traceparent: ['00-t-s-01'], Tracestate: ['x'] }],
  [['traceparent: 00-t-s-00'], undefined],
  [['Uber-Trace-Id: a:b:c:0', 'B3: 1'], undefined],
]

for (const [headers, told] of traced) {
  test(`with headers [${headers.join(', ')}] a request is ${told === undefined ? 'not measured' : 'measured'}`, () => {
    const { world, metrics } = measured({ latency: { sampling: 'headers' } })
    const block = `NATS/1.0\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`
    world.broker.account('A').publish(new Message('svc', Buffer.from(block), 'inbox', block.length))
    assert.deepEqual(
      metrics().map(({ header }) => header),
      told === undefined ? [] : [told],
    )
  })
}
