import assert from 'node:assert/strict'
import test from 'node:test'
import { Message, type Requestor } from '#core'
import { account, importService, importStream, service, stream, World } from './world.ts'

const REPLY = /^_R_\.[\w-]+\.[\w-]+$/

function world(exported = service('svc.*'), imported = importService('E', 'svc.*')) {
  return new World([account('E', { exports: [exported] }), account('A', { imports: [imported] })])
}

const requests: [subject: string, to: string, asked: string, reached: string | undefined][] = [
  ['svc', 'svc', 'svc', 'svc'],
  ['svc', 'ask', 'ask', 'svc'],
  ['svc', 'ask', 'svc', undefined],
  ['svc', 'ask.*', 'ask.1', 'svc'],
  ['svc', 'ask.>', 'ask.1.2', 'svc'],
  ['svc.*', 'svc.*', 'svc.1', 'svc.1'],
  ['svc.*', 'ask.$1', 'ask.7', 'svc.7'],
  ['svc.*', 'ask.*', 'ask.7', 'svc.7'],
  ['svc.*', 'ask.$1', 'ask.7.8', undefined],
  ['q.*.*', 'qq.$2.$1', 'qq.x.y', 'q.y.x'],
  ['q.*.*', 'qq.$2.here.{{wildcard(1)}}', 'qq.x.here.y', 'q.y.x'],
  ['svc.>', 'ask.>', 'ask.1.2', 'svc.1.2'],
  ['svc.*.>', 'ask.$1.more.>', 'ask.1.more.2.3', 'svc.1.2.3'],
]

for (const [subject, to, asked, reached] of requests) {
  test(`with service ${subject} imported as ${to}, a request to ${asked} reaches ${reached ?? 'nobody'}`, () => {
    const accounts = world(service('>'), importService('E', subject, to))
    const server = accounts.client('E')
    server.subscribe('>')
    assert.equal(accounts.client('A').publish(asked, 'p'), reached === undefined ? 0 : 1)
    assert.deepEqual(server.got, reached === undefined ? [] : [`1:${reached}:p`])
  })
}

test('an answer finds back to the reply subject, once', () => {
  const accounts = world()
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  client.subscribe('inbox.*')
  assert.equal(client.publish('svc.1', 'question', { reply: 'inbox.1' }), 1)
  const [{ reply } = { reply: '' }] = server.messages
  assert.match(reply, REPLY)
  assert.equal(server.publish(reply, 'answer'), 1)
  // Whoever answers again is not told that nobody listens, as in nats-server.
  assert.equal(server.publish(reply, 'again'), 1)
  assert.deepEqual(client.got, ['1:inbox.1:answer'])
})

test('an answer with a reply subject is asked back across the accounts', () => {
  const accounts = world()
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  server.subscribe('more')
  client.subscribe('inbox')
  client.publish('svc.1', '', { reply: 'inbox' })
  server.publish(server.messages[0]!.reply, 'what?', { reply: 'more' })
  const [{ reply } = { reply: '' }] = client.messages
  assert.match(reply, REPLY)
  client.publish(reply, 'that')
  assert.deepEqual(server.got, ['1:svc.1:', '2:more:that'])
})

for (const responseType of ['stream', 'chunked'] as const) {
  test(`a ${responseType} of answers ends with an empty one`, () => {
    const accounts = world(service('svc.*', { responseType }))
    const [server, client] = [accounts.client('E'), accounts.client('A')]
    server.subscribe('svc.*')
    client.subscribe('inbox')
    client.publish('svc.1', '', { reply: 'inbox' })
    for (const payload of ['1', '2', '', '3']) server.publish(server.messages[0]!.reply, payload)
    assert.deepEqual(client.got, ['1:inbox:1', '1:inbox:2', '1:inbox:'])
  })
}

test('a stream of answers ends when nobody listens any more', () => {
  const accounts = world(service('svc.*', { responseType: 'stream' }))
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  const inbox = client.subscribe('inbox')
  client.publish('svc.1', '', { reply: 'inbox' })
  const { reply } = server.messages[0]!
  server.publish(reply, '1')
  client.unsubscribe(inbox)
  server.publish(reply, '2')
  client.subscribe('inbox')
  server.publish(reply, '3')
  assert.deepEqual(client.got, ['1:inbox:1'])
})

test('answers after the threshold of the export are lost; those of a stream renew it', () => {
  const accounts = world(service('svc.*', { responseType: 'stream', responseThresholdMs: 1000 }))
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  const responses = accounts.broker.account('E').responsesTo(accounts.broker.account('A'))
  server.subscribe('svc.*')
  client.subscribe('inbox')
  client.publish('svc.1', '', { reply: 'inbox' })
  const { reply } = server.messages[0]!
  for (const payload of ['1', '2', '3']) {
    accounts.clock.advance(999)
    server.publish(reply, payload)
  }
  assert.equal(responses.size, 1)
  accounts.clock.advance(1000)
  server.publish(reply, '4')
  assert.deepEqual(client.got, ['1:inbox:1', '1:inbox:2', '1:inbox:3'])
  accounts.clock.advance(1000)
  assert.equal(responses.size, 0)
  assert.equal(accounts.clock.pending, 0)
})

test('a request that nobody answers is forgotten after two minutes', () => {
  const accounts = world()
  const responses = accounts.broker.account('E').responsesTo(accounts.broker.account('A'))
  accounts.client('E').subscribe('svc.*')
  accounts.client('A').publish('svc.1', '', { reply: 'inbox' })
  accounts.clock.advance(119_999)
  assert.equal(responses.size, 1)
  accounts.clock.advance(1)
  assert.equal(responses.size, 0)
})

test('of more than 131,072 unanswered requests of one account the oldest half is given up, another account notices nothing', () => {
  const accounts = new World([
    account('E', { exports: [service('svc')] }),
    account('A', { imports: [importService('E', 'svc')] }),
    account('B', { imports: [importService('E', 'svc')] }),
  ])
  const replies: string[] = []
  const server = accounts.client('E')
  server.send = (_subscription, message) => void replies.push(message.reply)
  server.subscribe('svc')
  const [flooder, other] = [accounts.client('A'), accounts.client('B')]
  for (const client of [flooder, other]) client.subscribe('inbox.>')
  other.publish('svc', '', { reply: 'inbox.b' })
  for (let i = 1; i <= 131_073; i++) flooder.publish('svc', '', { reply: `inbox.${i}` })
  assert.equal(accounts.broker.account('E').responsesTo(accounts.broker.account('A')).size, 65_537)
  for (const i of [0, 1, 65_536, 65_537, 131_073]) server.publish(replies[i]!, String(i))
  assert.deepEqual(other.got, ['1:inbox.b:0'])
  assert.deepEqual(flooder.got, ['1:inbox.65537:65537', '1:inbox.131073:131073'])
})

test('a request that nobody serves was delivered to nobody, and nothing is remembered of it', () => {
  const accounts = world()
  assert.equal(accounts.client('A').publish('svc.1', '', { reply: 'inbox' }), 0)
  assert.equal(accounts.broker.account('E').responsesTo(accounts.broker.account('A')).size, 0)
})

test('a request reaches one of a queue group', () => {
  const accounts = world()
  const servers = [accounts.client('E'), accounts.client('E')]
  for (const server of servers) server.subscribe('svc.*', { queue: 'workers' })
  assert.equal(accounts.client('A').publish('svc.1', '', { reply: 'inbox' }), 1)
  assert.equal(servers.flatMap(({ got }) => got).length, 1)
})

test('subscribers of the own account hear requests too', () => {
  const accounts = world()
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  client.subscribe('svc.*')
  assert.equal(client.publish('svc.1', '', { echoes: false }), 1)
  assert.equal(client.publish('svc.2'), 2)
  assert.deepEqual([server.got, client.got], [['1:svc.1:', '1:svc.2:'], ['1:svc.2:']])
})

test('requests pass through a chain of accounts and answers find back', () => {
  const accounts = new World([
    account('E', { exports: [service('svc.*')] }),
    account('B', { imports: [importService('E', 'svc.*', 'ask.$1')], exports: [service('ask.*')] }),
    account('A', { imports: [importService('B', 'ask.*', 'deep.$1')] }),
  ])
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  client.subscribe('inbox')
  assert.equal(client.publish('deep.5', 'q', { reply: 'inbox' }), 1)
  assert.equal(server.got[0], '1:svc.5:q')
  server.publish(server.messages[0]!.reply, 'a')
  assert.deepEqual(client.got, ['1:inbox:a'])
})

test('the end of a chain that has nobody is nobody', () => {
  const accounts = new World([
    account('E', { exports: [service('svc')] }),
    account('B', { imports: [importService('E', 'svc')], exports: [service('svc')] }),
    account('A', { imports: [importService('B', 'svc')] }),
  ])
  assert.equal(accounts.client('A').publish('svc', '', { reply: 'inbox' }), 0)
})

test('a circle of imports ends where it began', () => {
  const accounts = new World([
    account('A', { exports: [service('svc')], imports: [importService('B', 'svc')] }),
    account('B', { exports: [service('svc')], imports: [importService('A', 'svc')] }),
  ])
  const [a, b] = [accounts.client('A'), accounts.client('B')]
  for (const client of [a, b]) client.subscribe('svc')
  a.publish('svc', 'x', { reply: 'inbox' })
  assert.deepEqual(b.got, ['1:svc:x'])
  assert.deepEqual(a.got, ['1:svc:x', '1:svc:x'])
})

test('an answer that leads into the service again is not asked again', () => {
  const accounts = world()
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  client.publish('svc.1', '', { reply: 'svc.2' })
  server.publish(server.messages[0]!.reply, 'answer')
  assert.deepEqual(server.got, ['1:svc.1:'])
})

test('what came as a request is not exported as a stream', () => {
  const accounts = new World([
    account('E', { exports: [service('svc'), stream('svc')] }),
    account('A', { imports: [importService('E', 'svc')] }),
    account('B', { imports: [importStream('E', 'svc')] }),
  ])
  const listener = accounts.client('B')
  listener.subscribe('>')
  accounts.client('E').subscribe('svc')
  accounts.client('A').publish('svc', 'asked')
  accounts.client('E').publish('svc', 'said')
  assert.deepEqual(listener.got, ['1:svc:said'])
})

test('subject mappings of the exporter apply to what is asked', () => {
  const accounts = new World([
    account('E', {
      exports: [service('svc.*')],
      mappings: [{ source: 'svc.*', destinations: [{ subject: 'v2.svc.$1', weight: 100 }] }],
    }),
    account('A', { imports: [importService('E', 'svc.*')] }),
  ])
  const server = accounts.client('E')
  server.subscribe('>')
  accounts.client('A').publish('svc.1')
  assert.deepEqual(server.got, ['1:v2.svc.1:'])
})

test('definitions change between a request and its answer', () => {
  const accounts = world()
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  client.subscribe('inbox')
  client.publish('svc.1', '', { reply: 'inbox' })
  accounts.broker.define([account('A')])
  server.publish(server.messages[0]!.reply, 'late')
  assert.equal(client.publish('svc.2', '', { reply: 'inbox' }), 0)
  assert.deepEqual(client.got, ['1:inbox:late'])

  accounts.broker.define([account('A', { imports: [importService('E', 'svc.*', 'new.*')] })])
  assert.equal(client.publish('new.3', '', { reply: 'inbox' }), 1)
  accounts.broker.forget('E')
  assert.equal(client.publish('new.4', '', { reply: 'inbox' }), 0)
  assert.equal(accounts.clock.pending, 0)
})

test('a requestor that is forgotten leaves nothing with the exporter', () => {
  const accounts = world()
  const server = accounts.client('E')
  server.subscribe('svc.*')
  accounts.client('A').publish('svc.1', '', { reply: 'inbox' })
  accounts.broker.forget('A')
  assert.equal(accounts.broker.account('E').subscriptionCount, 1)
  assert.equal(accounts.clock.pending, 0)
  assert.equal(server.publish(server.messages[0]!.reply), 0)
})

const REQUESTOR: Requestor = {
  rttMs: 0.5,
  startMs: Date.UTC(2026, 0, 2),
  host: '192.0.2.1',
  id: 7,
  user: 'ann',
  name: 'shop "1"',
  lang: 'go',
  version: '1.2.3',
  server: 'here',
  kind: 'Client',
  clientType: 'nats',
}

const SHARED =
  '{"start":"2026-01-02T00:00:00.000Z","host":"192.0.2.1","id":7,"acc":"A",SVC"user":"ann","name":"shop \\"1\\"",' +
  '"lang":"go","ver":"1.2.3","rtt":500000,"server":"here","kind":"Client","client_type":"nats"}'

for (const [shares, json] of [
  [true, SHARED.replace('SVC', '')],
  [false, '{"acc":"A","rtt":500000}'],
] as const) {
  test(`a service is told who asks, ${shares ? 'all of it' : 'without what is not shared'}`, () => {
    const accounts = world(service('svc.*'), importService('E', 'svc.*', 'svc.*', shares))
    const [server, client] = [accounts.client('E'), accounts.client('A')]
    client.requestor = () => REQUESTOR
    server.subscribe('svc.*')
    client.publish('svc.1', 'payload')
    const { body, headerBytes } = server.messages[0]!
    assert.equal(body.toString(), `NATS/1.0\r\nNats-Request-Info: ${json}\r\n\r\npayload`)
    assert.equal(headerBytes, body.length - 'payload'.length)
  })
}

for (const forged of ['\r\nNATS-request-info: {}', '\nNats-Request-Info: {}', '\r\nNats-Request-Info \t: {}']) {
  test(`headers of the request stay, but nobody says who it is itself: ${JSON.stringify(forged)}`, () => {
    const accounts = world()
    const server = accounts.client('E')
    server.subscribe('svc.*')
    const header = `NATS/1.0\r\nA: b${forged}\r\nC: d\r\n\r\n`
    accounts.broker.account('A').publish(new Message('svc.1', Buffer.from(`${header}hi`), '', header.length))
    assert.equal(
      server.messages[0]?.body.toString(),
      'NATS/1.0\r\nA: b\r\nC: d\r\nNats-Request-Info: {"acc":"A"}\r\n\r\nhi',
    )
  })
}

for (const [first, second, json] of [
  [true, false, SHARED.replace('SVC', '"svc":"B",')],
  [false, true, '{"acc":"A","svc":"B","rtt":500000,"server":"here"}'],
  [false, false, '{"acc":"A","svc":"B","rtt":500000}'],
] as const) {
  test(`through a chain that shares ${first} and ${second}, the service is told what the first shares`, () => {
    const accounts = new World([
      account('E', { exports: [service('svc')] }),
      account('B', { imports: [importService('E', 'svc', 'svc', second)], exports: [service('svc')] }),
      account('A', { imports: [importService('B', 'svc', 'svc', first)] }),
    ])
    const [server, client] = [accounts.client('E'), accounts.client('A')]
    client.requestor = () => REQUESTOR
    server.subscribe('svc')
    client.publish('svc')
    assert.equal(server.messages[0]?.body.toString(), `NATS/1.0\r\nNats-Request-Info: ${json}\r\n\r\n`)
  })
}

test('an answer is passed on as it is', () => {
  const accounts = world()
  const [server, client] = [accounts.client('E'), accounts.client('A')]
  server.subscribe('svc.*')
  client.subscribe('inbox')
  client.publish('svc.1', '', { reply: 'inbox' })
  const body = Buffer.from('NATS/1.0\r\nNats-Service-Error: no\r\n\r\nx')
  accounts.broker.account('E').publish(new Message(server.messages[0]!.reply, body, '', body.length - 1))
  assert.equal(client.messages[0]?.body, body)
  assert.equal(client.messages[0]?.headerBytes, body.length - 1)
})
