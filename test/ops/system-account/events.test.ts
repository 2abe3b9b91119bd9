import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InProcessClient } from '#core'
import { account, SAMPLE_SERVER } from '../monitoring/sample-source.ts'
import { type Json, jsonOf, observed, systemWorld } from './world.ts'

const NOW = '2026-01-02T03:04:05.678Z'
const SERVER = { name: 'bells', host: '127.0.0.1', id: SAMPLE_SERVER.id, ver: '2.9.25', jetstream: false, flags: 0 }

test('who is subscribed hears of a client that comes, in the fields of nats-server', async () => {
  using world = systemWorld()
  world.listen('$SYS.ACCOUNT.*.CONNECT')
  world.system.loggedIn(observed({ details: { jwt: 'e.y.J', issuerKey: 'AKEY', tags: ['blue'] } }))
  await nextTurn()
  const [{ subject, json } = assert.fail('nothing was heard')] = world.heard
  assert.equal(subject, '$SYS.ACCOUNT.A.CONNECT')
  assert.match(json.id, /^[0-9A-Za-z]{22}$/)
  assert.deepEqual(json, {
    type: 'io.nats.server.advisory.v1.client_connect',
    id: json.id,
    timestamp: NOW,
    server: { ...SERVER, seq: 1, time: NOW },
    client: {
      start: '2026-01-02T03:03:05.678Z',
      host: '192.0.2.7',
      id: 7,
      acc: 'A',
      user: 'bell',
      name: 'app',
      lang: 'node',
      ver: '1.2.3',
      jwt: 'e.y.J',
      issuer_key: 'AKEY',
      name_tag: 'A',
      tags: ['blue'],
      kind: 'Client',
      client_type: 'websocket',
    },
  })
})

test('a client that leaves is told of with what it sent and received, and why it left', async () => {
  using world = systemWorld()
  world.listen('$SYS.ACCOUNT.A.DISCONNECT')
  world.system.left(observed({ stopMs: Date.parse(NOW) - 1_000, reason: 'Client Closed' }))
  await nextTurn()
  const [{ json } = assert.fail('nothing was heard')] = world.heard
  assert.equal(json.type, 'io.nats.server.advisory.v1.client_disconnect')
  assert.deepEqual([json.client.rtt, json.client.stop], [1_500_000, '2026-01-02T03:04:04.678Z'])
  assert.deepEqual(
    [json.sent, json.received],
    [
      { msgs: 3, bytes: 30 },
      { msgs: 4, bytes: 40 },
    ],
  )
  assert.equal(json.reason, 'Client Closed')
})

test('who is refused is told of without the reason that only the log may know', async () => {
  using world = systemWorld()
  world.listen(`$SYS.SERVER.${SAMPLE_SERVER.id}.CLIENT.AUTH.ERR`)
  world.system.loginRefused(observed({ account: '' }), 'wrong password')
  await nextTurn()
  const [{ json } = assert.fail('nothing was heard')] = world.heard
  assert.equal(json.reason, 'Authentication Failure')
  assert.deepEqual([json.client.acc, json.client.name_tag, json.client.stop], ['$G', '$G', NOW])
  assert.doesNotMatch(JSON.stringify(json), /wrong password/)
})

test('the owners of the default account hear that somebody was refused, those of a callout also why', async () => {
  using world = systemWorld()
  const heardIn = { A: [] as Json[], $G: [] as Json[] }
  for (const name of ['A', '$G'] as const) {
    const owner = new InProcessClient(world.broker.account(name), (error) => assert.fail(error as Error))
    owner.subscribe('$SYS.ACCOUNT.CLIENT.AUTH.ERR', (message) => heardIn[name].push(jsonOf(message)))
  }
  world.system.loginRefused(observed({ account: '' }), 'wrong password')
  world.system.loginRefused(observed({ account: '' }), 'no such account', 'A')
  await nextTurn()
  const told = (events: Json[]) =>
    events.map(({ type, reason, client }) => [type.split('.').at(-1), reason, client.user])
  assert.deepEqual(told(heardIn.$G), [['client_disconnect', 'Authentication Failure', 'bell']])
  assert.deepEqual(told(heardIn.A), [['client_disconnect', 'No such account', 'bell']])
})

test('how many connections an account has is told under both names when it changes, and again while there are some', async () => {
  const accounts = [account('A', { clients: 2 })]
  using world = systemWorld({ source: { accounts: () => accounts } })
  world.listen('$SYS.SERVER.ACCOUNT.A.CONNS')
  world.listen('$SYS.ACCOUNT.A.SERVER.CONNS')
  const { broker } = world
  assert.ok(broker.account('A').enter('client'))
  world.system.loggedIn(observed())
  await nextTurn()
  assert.deepEqual(
    world.heard.map(({ subject }) => subject),
    ['$SYS.SERVER.ACCOUNT.A.CONNS', '$SYS.ACCOUNT.A.SERVER.CONNS'],
  )
  const { json } = world.heard[0]!
  assert.equal(json.type, 'io.nats.server.advisory.v1.account_connections')
  assert.deepEqual([json.acc, json.conns, json.total_conns, json.sent.msgs], ['A', 2, 2, 2])

  world.clock.advance(30_000)
  await nextTurn()
  assert.equal(world.heard.length, 4)
  broker.account('A').leave('client')
  world.clock.advance(30_000)
  await nextTurn()
  assert.equal(world.heard.length, 4)
})

test('nothing is made for nobody', () => {
  let reads = 0
  const count = <T>(value: T): T => {
    reads++
    return value
  }
  using world = systemWorld({ source: { accounts: () => count([]) } })
  world.broker.account('A').enter('client')
  world.system.loggedIn(observed())
  world.system.left(observed())
  world.system.loginRefused(observed(), 'wrong password')
  world.clock.advance(60_000)
  assert.equal(reads, 0)
})

test('statistics come often at first, then every ten seconds', async () => {
  using world = systemWorld()
  world.listen('$SYS.SERVER.*.STATSZ')
  world.clock.advance(250 + 500 + 1_000 + 2_000 + 4_000 + 8_000)
  await nextTurn()
  assert.equal(world.heard.length, 6)
  world.clock.advance(20_000)
  await nextTurn()
  assert.equal(world.heard.length, 8)
  const { server, statsz } = world.heard[0]!.json
  assert.equal(server.id, SAMPLE_SERVER.id)
  assert.deepEqual([statsz.connections, statsz.total_connections, statsz.active_accounts], [2, 3, 1])
  assert.deepEqual(
    [statsz.sent, statsz.received_from_clients],
    [
      { msgs: 1, bytes: 5 },
      { msgs: 1, bytes: 5 },
    ],
  )
})

test('lame duck mode and the end are announced; afterwards nothing runs any more', async () => {
  const world = systemWorld()
  world.listen('$SYS.SERVER.>')
  world.system.lameDuck()
  world.system.close()
  await nextTurn()
  const { id } = SAMPLE_SERVER
  assert.deepEqual(
    world.heard.map(({ subject }) => subject),
    [`$SYS.SERVER.${id}.LAMEDUCK`, `$SYS.SERVER.${id}.SHUTDOWN`],
  )
  assert.deepEqual(world.heard[1]!.json, { ...SERVER, seq: 2, time: NOW })
  assert.equal(world.clock.pending, 0)
  assert.equal(world.broker.account('$SYS').subscriptionCount, 1)
})
