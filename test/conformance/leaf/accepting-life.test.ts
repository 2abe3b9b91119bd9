/** How links to real nats-servers that came in live: what they may bring, how they end, and how they come back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlayedSpoke } from '../../doors/nats/leaf/accepted/played-spoke.ts'
import { startNatsNode } from '../../helpers/nats-cluster.ts'
import { until } from '../../helpers/wait.ts'
import { ConfiguredServer } from '../../services/configured-server.ts'
import { connectTcp } from '../nats-clients.ts'
import { describeHubs } from './hubs.ts'
import { connectTo, crosses, heard } from './spoke.ts'

const LEAFNODES = 'http: "127.0.0.1:-1"\nleafnodes { listen: "127.0.0.1:-1" }'
const ACCOUNTS = `accounts {
  A { users: [
    { user: a, password: p }
    { user: scoped, password: p, permissions: { publish: ["up.>", "_INBOX.>"], subscribe: { deny: "secret.>" } } }
  ] }
  B { users: [ { user: b, password: p } ] }
}`

/** `remotes` are what they say, each in its braces. */
function spokeConfig(...remotes: readonly string[]): string {
  return `leafnodes { reconnect: 1, remotes: [ ${remotes.map((remote) => `{ ${remote} }`).join(', ')} ] }`
}

function urlOf({ server }: ConfiguredServer, login = ''): string {
  return `url: "nats://${login}127.0.0.1:${server.addresses.leafnodes?.port}"`
}

interface Leafz {
  readonly leafnodes: number
  readonly leafs: { id: number; account: string; name: string; subscriptions: number; subscriptions_list?: string[] }[]
}

async function leafz(hub: ConfiguredServer, query = ''): Promise<Leafz> {
  return (await hub.monitoring(`/leafz${query}`)).body as unknown as Leafz
}

function linked(hub: ConfiguredServer, count = 1): Promise<unknown> {
  return until(async () => (await leafz(hub)).leafnodes === count, `${count} leaf nodes`)
}

describeHubs('a spoke', ({ command }) => {
  const startSpoke = (config: string, name = 'spoke') =>
    startNatsNode({ name, config: `server_name: ${name}\n${config}`, ...(command && { command }) })

  test('is bound to the account of its user, and to no other', async () => {
    await using hub = await ConfiguredServer.start(`${ACCOUNTS}\n${LEAFNODES}`)
    const local = 'accounts { X { users: [ { user: x, password: p } ] }, Y { users: [ { user: y, password: p } ] } }'
    const remotes = [`${urlOf(hub, 'a:p@')}, account: X`, `${urlOf(hub, 'b:p@')}, account: Y`]
    await using spoke = await startSpoke(`${local}\n${spokeConfig(...remotes)}`)
    await linked(hub, 2)
    const as = (url: string, user: string) => connectTo(url, { user, pass: 'p' })
    await using a = await as(hub.natsUrl, 'a')
    await using b = await as(hub.natsUrl, 'b')
    await using x = await as(spoke.url, 'x')
    await using y = await as(spoke.url, 'y')
    const elsewhere = await heard(b.client, 'to.a')
    await crosses(x.client, a.client, 'to.a')
    await crosses(b.client, y.client, 'to.y')
    assert.equal(elsewhere.length, 0)
    const accounts = (await leafz(hub)).leafs.map(({ account }) => account)
    assert.deepEqual(accounts.sort(), ['A', 'B'])
    const { body } = await hub.monitoring('/accstatz')
    const statistics = body.account_statz as { acc: string; leafnodes: number; conns: number }[]
    assert.deepEqual(
      statistics.filter(({ acc }) => acc.length === 1).map(({ acc, leafnodes, conns }) => [acc, leafnodes, conns]),
      [
        ['A', 1, 1],
        ['B', 1, 1],
      ],
    )
  })

  test('keeps to its permissions without being closed', async () => {
    await using hub = await ConfiguredServer.start(`${ACCOUNTS}\n${LEAFNODES}`)
    await using spoke = await startSpoke(spokeConfig(urlOf(hub, 'scoped:p@')))
    await linked(hub)
    await using here = await connectTo(hub.natsUrl, { user: 'a', pass: 'p' })
    await using there = await connectTo(spoke.url)
    const forbidden = [await heard(here.client, 'other'), await heard(there.client, 'secret.x')]
    const all = await heard(there.client, '>')
    there.client.publish('other', 'x')
    await crosses(there.client, here.client, 'up.ok')
    here.client.publish('secret.x')
    await crosses(here.client, there.client, 'open')
    assert.deepEqual(
      forbidden.map((messages) => messages.length),
      [0, 0],
    )
    assert.equal(all.filter(({ subject }) => subject.startsWith('secret')).length, 0)
    const answer = here.client.request('open.ask', 'q', { timeout: 5_000 })
    there.client.subscribe('open.ask', { callback: (_, message) => void message.respond('a') })
    assert.equal((await answer.catch(() => here.client.request('open.ask', 'q', { timeout: 5_000 }))).string(), 'a')
    assert.equal((await leafz(hub)).leafnodes, 1)
  })

  test('may deny imports and exports of its own', async () => {
    await using hub = await ConfiguredServer.start(LEAFNODES)
    const denies = 'deny_imports: ["in.>"], deny_exports: ["out.>"]'
    await using spoke = await startSpoke(spokeConfig(`${urlOf(hub)}, ${denies}`))
    await linked(hub)
    await using here = await connectTo(hub.natsUrl)
    await using there = await connectTo(spoke.url)
    const [outs, ins] = [await heard(here.client, 'out.x'), await heard(there.client, 'in.x')]
    there.client.publish('out.x')
    here.client.publish('in.x')
    await crosses(there.client, here.client, 'up')
    await crosses(here.client, there.client, 'down')
    assert.deepEqual([outs.length, ins.length], [0, 0])
  })

  test('members of queue groups that are near come first, then those far away by their number', async () => {
    await using hub = await ConfiguredServer.start(LEAFNODES)
    await using near = await startSpoke(spokeConfig(urlOf(hub)), 'near')
    await using far = await startSpoke(spokeConfig(urlOf(hub)), 'far')
    await linked(hub, 2)
    await using here = await connectTo(hub.natsUrl)
    await using nearby = await connectTo(near.url)
    await using away = await connectTo(far.url)
    const members = await Promise.all([
      heard(nearby.client, 'work', 'crew'),
      heard(away.client, 'work', 'crew'),
      heard(away.client, 'work', 'crew'),
      heard(away.client, 'work', 'crew'),
    ])
    await crosses(here.client, nearby.client, 'set.near')
    await crosses(here.client, away.client, 'set.far')
    const total = () => members.flat().length
    for (let i = 0; i < 400; i++) here.client.publish('work', String(i))
    await until(() => total() === 400, '400 pieces of work')
    const [atNear = 0, ...atFar] = members.map((messages) => messages.length)
    // Expected: 100 of 400; seven standard deviations around it.
    assert.ok(atNear > 40 && atNear < 160, `${atNear} near, ${atFar} far`)
    assert.ok(
      atFar.every((count) => count > 40),
      String(atFar),
    )

    for (let i = 0; i < 50; i++) nearby.client.publish('work', 'own')
    await until(() => total() === 450, '50 more')
    assert.equal(members[0]!.filter((message) => message.string() === 'own').length, 50)

    const local = await heard(here.client, 'work', 'crew')
    for (let i = 0; i < 50; i++) here.client.publish('work', 'local')
    await until(() => local.length === 50, 'all of it here')
  })

  test('that is killed leaves no interest behind, and is back by itself', async () => {
    await using hub = await ConfiguredServer.start(LEAFNODES)
    await using spoke = await startSpoke(spokeConfig(urlOf(hub)))
    await linked(hub)
    await using here = await connectTo(hub.natsUrl)
    const there = await connectTcp(spoke.url, { reconnect: false })
    there.subscribe('ask', { callback: (_, message) => void message.respond('here') })
    await there.flush()
    await crosses(here.client, there, 'ready')
    assert.equal((await here.client.request('ask')).string(), 'here')
    await spoke.kill()
    await linked(hub, 0)
    await assert.rejects(here.client.request('ask', '', { timeout: 5_000 }), /no responders/i)
    await spoke.start()
    await linked(hub)
    await using again = await connectTo(spoke.url)
    await crosses(here.client, again.client, 'again')
    const { leafs } = await leafz(hub, '?subs=1')
    assert.ok(!leafs[0]!.subscriptions_list?.includes('ask'))
  })

  test('with 10,000 subscriptions, which come, are found, and go', async () => {
    await using hub = await ConfiguredServer.start(LEAFNODES)
    await using spoke = await startSpoke(spokeConfig(urlOf(hub)))
    await linked(hub)
    await using here = await connectTo(hub.natsUrl)
    const there = await connectTcp(spoke.url)
    const got: string[] = []
    const callback = (_: unknown, { subject }: { subject: string }) => void got.push(subject)
    for (let i = 0; i < 10_000; i++) there.subscribe(`many.${i}`, { callback })
    await there.flush()
    await crosses(here.client, there, 'ready')
    const subscriptions = async () => (await leafz(hub)).leafs[0]?.subscriptions ?? 0
    await until(async () => (await subscriptions()) >= 10_000, 'all of them')
    for (let i = 0; i < 10_000; i++) here.client.publish(`many.${i}`)
    await until(() => got.length === 10_000, 'a message for each')
    assert.equal(new Set(got).size, 10_000)
    await there.close()
    await until(async () => (await subscriptions()) < 100, 'their end')
  })

  test('large messages arrive whole, in both directions', async () => {
    await using hub = await ConfiguredServer.start(LEAFNODES)
    await using spoke = await startSpoke(spokeConfig(urlOf(hub)))
    await linked(hub)
    await using here = await connectTo(hub.natsUrl)
    await using there = await connectTo(spoke.url)
    for (const [from, to, subject] of [
      [here.client, there.client, 'down'],
      [there.client, here.client, 'up'],
    ] as const) {
      let whole = 0
      let next = 0
      const callback = (_: unknown, { data }: { data: Uint8Array }) => {
        if (data.length === MIB && isOf(data, next)) whole++
        next++
      }
      to.subscribe(`${subject}.large`, { callback })
      await to.flush()
      await crosses(from, to, `${subject}.ready`)
      for (let i = 0; i < LARGE_MESSAGES; i++) {
        from.publish(`${subject}.large`, payloadOf(i))
        // Not more on the way than a client may have waiting.
        if (i % 8 === 7) await until(() => next >= i - 7, `message ${i} ${subject}`)
      }
      await until(() => next === LARGE_MESSAGES, `all messages ${subject}`)
      assert.equal(whole, LARGE_MESSAGES)
    }
  })

  test('that is in a ring with another is told of the loop, and the rest goes on', async () => {
    await using hub = await ConfiguredServer.start(LEAFNODES)
    await using upper = await startNatsNode({
      name: 'upper',
      leafnodes: true,
      config: 'server_name: upper',
      leafConfig: `reconnect: 1, remotes: [ { ${urlOf(hub)} } ]`,
      ...(command && { command }),
    })
    await linked(hub)
    await using lower = await startSpoke(spokeConfig(urlOf(hub), `url: "${upper.leafUrl}"`), 'lower')
    const looped = /Loop detected for leafnode account/
    await until(() => looped.test(logOf(hub) + upper.program.output + lower.program.output), 'a loop that is found')
    // One of the three links rests for 30 seconds, and each message still arrives once.
    await using here = await connectTo(hub.natsUrl)
    await using above = await connectTo(upper.url)
    await crosses(above.client, here.client, 'ring')
    const messages = await heard(here.client, 'once')
    await crosses(above.client, here.client, 'set')
    for (let i = 0; i < 50; i++) above.client.publish('once', String(i))
    await above.client.flush()
    await crosses(above.client, here.client, 'later')
    assert.deepEqual(
      messages.map((message) => message.string()),
      Array.from({ length: 50 }, (_, i) => String(i)),
    )
  })

  test('with wrong credentials hears so, and comes again', async () => {
    await using hub = await ConfiguredServer.start(`${ACCOUNTS}\n${LEAFNODES}`)
    await using spoke = await startSpoke(spokeConfig(urlOf(hub, 'a:wrong@')))
    await spoke.program.saying(/Authorization Violation/)
    const refused = () => hub.log.filter(({ event }) => event === 'login refused')
    await until(() => refused().length >= 2, 'another try')
    assert.match(JSON.stringify(refused()[0]), /wrong password/)
    assert.doesNotMatch(JSON.stringify(hub.log), /"wrong"|:wrong@/)
    assert.equal((await leafz(hub)).leafnodes, 0)
  })

  test('that comes to the port for clients says so', async () => {
    await using hub = await ConfiguredServer.start(LEAFNODES)
    await using spoke = await startSpoke(spokeConfig(`url: "nats://127.0.0.1:${hub.tcp.port}"`))
    await spoke.program.saying(/attempted to connect to wrong port/)
  })

  test('is told of by events in the system account, and can be kicked', async () => {
    const accounts = ACCOUNTS.replace('accounts {', 'accounts { SYS { users: [ { user: s, password: p } ] }')
    await using hub = await ConfiguredServer.start(`${accounts}\nsystem_account: SYS\n${LEAFNODES}`)
    await using system = await connectTo(hub.natsUrl, { user: 's', pass: 'p' })
    const events = await heard(system.client, '$SYS.ACCOUNT.A.*')
    await using _ = await startSpoke(spokeConfig(urlOf(hub, 'a:p@')))
    await linked(hub)
    const { id } = (await leafz(hub)).leafs[0]!
    const event = (name: string) =>
      until(() => events.find(({ subject }) => subject.endsWith(`.${name}`)), name).then((message) => message.json())
    type Event = { client: { kind: string; id: number; name: string; client_type?: string }; reason?: string }
    const connected = (await event('CONNECT')) as Event
    const { kind, id: told, name, client_type } = connected.client
    assert.deepEqual([kind, told, name, client_type], ['Leafnode', id, 'spoke', undefined])
    const kick = `$SYS.REQ.SERVER.${hub.server.serverId}.KICK`
    await system.client.request(kick, JSON.stringify({ cid: id }), { timeout: 5_000 })
    const left = (await event('DISCONNECT')) as Event
    assert.deepEqual([left.client.id, left.reason], [id, 'Kicked'])
    await until(async () => (await leafz(hub)).leafs.some((leaf) => leaf.id !== id), 'its return')
  })
})

test('a client of NATS that comes to the port for leaf nodes is told so', async () => {
  await using hub = await ConfiguredServer.start(LEAFNODES)
  const { port } = hub.server.addresses.leafnodes!
  await assert.rejects(connectTcp(`nats://127.0.0.1:${port}`, { reconnect: false }), /leaf node port/)
})

test('a spoke that reads no more is cut off, without delaying others', async () => {
  await using hub = await ConfiguredServer.start(`max_pending: 4194304\n${LEAFNODES}`)
  const { spoke } = await PlayedSpoke.enter(hub.server.addresses.leafnodes!, { name: 'slow' })
  using _ = spoke
  spoke.say('LS+ flood\r\n')
  await spoke.settled()
  spoke.socket.socket.pause()
  await using here = await connectTo(hub.natsUrl)
  await using other = await connectTo(hub.natsUrl)
  const messages = await heard(other.client, 'flood')
  const payload = new Uint8Array(512 * 1024)
  let sent = 0
  await until(async () => {
    here.client.publish('flood', payload)
    sent++
    await here.client.flush()
    return (await leafz(hub)).leafnodes === 0
  }, 'its end')
  await until(() => messages.length === sent, 'every message at the other')
  const { body } = await hub.monitoring('/varz')
  assert.equal((body.slow_consumer_stats as { leafs: number }).leafs, 1)
})

const MIB = 1024 * 1024
const LARGE_MESSAGES = 200

function payloadOf(number: number): Uint8Array {
  const payload = new Uint8Array(MIB)
  for (let i = 0; i < MIB; i += 997) payload[i] = (i + number) % 251
  return payload
}

function isOf(payload: Uint8Array, number: number): boolean {
  for (let i = 0; i < MIB; i += 997) if (payload[i] !== (i + number) % 251) return false
  return true
}

function logOf({ log }: ConfiguredServer): string {
  return JSON.stringify(log)
}
