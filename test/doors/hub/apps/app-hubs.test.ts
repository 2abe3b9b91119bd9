import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InProcessClient } from '#core'
import { AppTokens } from '#doors/hub'
import { type HubMessage, HubMessageType, messagePackProtocol, readWhole } from '#wire/signalr'
import { FakeClock } from '../../../helpers/fake-clock.ts'
import { within } from '../../../helpers/wait.ts'
import { HubClient } from '../hub-client.ts'
import { RawDevice } from '../raw-device.ts'
import { type AppHubServer, KEY, startAppHub } from './app-hub-server.ts'

/** What is called on a client: the next message has to be that. */
async function nextCall(client: HubClient): Promise<[target: string, ...args: unknown[]]> {
  const message = await client.next()
  assert.ok(message.type === HubMessageType.Invocation, `got a message of type ${message.type}`)
  assert.equal(message.invocationId, null)
  return [message.target, ...message.arguments]
}

let ends = 0

/** All that was called until now: what is told to all behind it arrives behind it. */
async function callsUntilNow(hub: AppHubServer, client: HubClient): Promise<string[]> {
  const end = `end ${ends++}`
  hub.hubs.hub('chat').all.send(end)
  const targets: string[] = []
  for (let [target] = await nextCall(client); target !== end; [target] = await nextCall(client)) targets.push(target)
  return targets.filter((target) => !target.startsWith('end '))
}

const message = (target: string, ...args: unknown[]) => JSON.stringify({ target, arguments: args })

describe('what is published', () => {
  test('reaches the connections of the user, the members of the group, or everybody', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob', ['team'])
    const bobToo = await hub.connect('bob')
    const eve = await hub.connect('eve.x@example.com', ['team', 'team.a'])
    hub.publish('hub.chat.user.bob', message('to bob'))
    hub.publish('hub.chat.user.eve.x@example.com', message('to eve'))
    hub.publish('hub.chat.group.team', message('to the team'))
    hub.publish('hub.chat.group.team.a', message('to team a'))
    hub.publish('hub.chat.user.nobody', message('to nobody'))
    hub.publish('hub.chat.all', message('to all'))
    assert.deepEqual(await callsUntilNow(hub, bob), ['to bob', 'to the team', 'to all'])
    assert.deepEqual(await callsUntilNow(hub, bobToo), ['to bob', 'to all'])
    assert.deepEqual(await callsUntilNow(hub, eve), ['to eve', 'to the team', 'to team a', 'to all'])
  })

  test('is what was published, whoever publishes it', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob', ['team'])
    const args = [1, 'ä', null, { Name: 'Upper', list: [true, 1.5] }]
    hub.publish('hub.chat.user.bob', message('news', ...args))
    hub.hubs
      .hub('chat')
      .user('bob')
      .send('news', ...args)
    hub.hubs
      .hub('chat')
      .group('team')
      .send('news', ...args)
    hub.hubs.hub('chat').all.send('news', ...args)
    await fetch(`${hub.url}/users/bob`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${KEY}` },
      body: message('news', ...args),
    })
    for (let i = 0; i < 5; i++) assert.deepEqual(await nextCall(bob), ['news', ...args])
  })

  test('with headers is told without them', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob')
    const client = new InProcessClient(hub.account, () => {})
    client.publish('hub.chat.all', Buffer.from(message('news')), '', Buffer.from('NATS/1.0\r\nA: b\r\n\r\n'))
    assert.deepEqual(await nextCall(bob), ['news'])
  })

  test('as a request is answered with the number of connections', async () => {
    await using hub = await startAppHub()
    await hub.connect('bob')
    await hub.connect('bob')
    await hub.connect('eve')
    assert.deepEqual(await hub.request('hub.chat.user.bob', message('news')), { connections: 2 })
    assert.deepEqual(await hub.request('hub.chat.all', message('news')), { connections: 3 })
    assert.equal(hub.publish('hub.chat.user.nobody', message('news')), 0, 'nobody responds')
  })

  test('and is no message is dropped, named in the log without what it says, and answered', async () => {
    await using hub = await startAppHub({ maxPendingBytes: 64 * 1024 })
    const bob = await hub.connect('bob')
    hub.publish('hub.chat.all', '{"secret"')
    hub.publish('hub.chat.all', Buffer.alloc(0))
    assert.deepEqual(await hub.request('hub.chat.user.bob', '{"secret":1}'), {
      error: '"target" must be the name of a method.',
    })
    // A quarter of what may be pending.
    assert.deepEqual(await hub.request('hub.chat.user.bob', message('x', 'a'.repeat(16 * 1024))), {
      error: 'The message has more than 16384 bytes.',
    })
    assert.deepEqual(await callsUntilNow(hub, bob), [])
    const lines = hub.log.filter((line) => line.includes('not understood'))
    assert.equal(lines.length, 4)
    assert.match(
      lines[0]!,
      /"hub":"\/base\/hubs\/chat".*"subject":"hub\.chat\.all","reason":"The message must be JSON\."/,
    )
    assert.doesNotMatch(hub.log.join('\n'), /secret/)
  })

  test('of the greatest length is heard in both protocols', async () => {
    await using hub = await startAppHub()
    const token = await new AppTokens({ hub: 'chat', keys: [KEY], clock: new FakeClock(Date.now()) }).issueClient(
      { user: 'eve', groups: [] },
      60,
    )
    const url = hub.url.replace('http', 'ws')
    const [bob, eve] = [await hub.connect('bob'), await HubClient.start(url, token, 'messagepack')]
    // Numbers that are longest in MessagePack: nine bytes each.
    const count = Math.floor((1024 * 1024 - message('x', []).length) / '9e9,'.length)
    const payload = message('x', []).replace('[[]]', `[[${Array(count).fill('9e9')}]]`)
    assert.ok(payload.length > 1024 * 1024 - 8 && payload.length <= 1024 * 1024)
    hub.publish('hub.chat.all', payload)
    assert.ok((await bob.nextFrame()).equals(Buffer.from(`{"type":1,${payload.slice(1)}\x1e`)))
    const [heard] = readWhole(messagePackProtocol(2 ** 20, 2 ** 24), await eve.nextFrame())
    assert.ok(heard?.type === HubMessageType.Invocation)
    assert.deepEqual(heard.arguments, [Array(count).fill(9e9)])
  })

  test('reaches nobody behind a connection that ended', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob', ['team'])
    const whenAlone = hub.account.subscriptionCount
    const eve = await hub.connect('eve', ['team', 'b'])
    assert.equal(hub.account.subscriptionCount, whenAlone + 2, 'one for eve and one for b; the others are shared')
    await eve.close()
    await hub.connectionsLeft(1)
    assert.equal(hub.account.subscriptionCount, whenAlone)
    await bob.close()
    await hub.connectionsLeft(0)
    assert.equal(hub.account.subscriptionCount, 1, 'what is said to the hub itself')
  })
})

describe('groups', () => {
  test('the connections that a user has are put into a group and taken out of it', async () => {
    await using hub = await startAppHub()
    const chat = hub.hubs.hub('chat')
    const bob = [await hub.connect('bob'), await hub.connect('bob', ['team'])]
    const eve = await hub.connect('eve')
    chat.group('team').add('bob')
    const late = await hub.connect('bob')
    chat.group('team').send('inside')
    chat.group('team').remove('bob')
    chat.group('team').send('outside')
    for (const client of bob) assert.deepEqual(await callsUntilNow(hub, client), ['inside'])
    assert.deepEqual(await callsUntilNow(hub, late), [], 'it came later')
    assert.deepEqual(await callsUntilNow(hub, eve), [])
    chat.group('team').add('bob')
    for (const client of [...bob, late]) await client.close()
    await hub.connectionsLeft(1)
    assert.equal(hub.account.hasInterest('hub.chat.group.team'), false)
  })

  test('also over NATS, where a request is answered with the number of connections', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob')
    const change = (action: string, user = 'bob') => JSON.stringify({ action, user, group: 'team' })
    assert.deepEqual(await hub.request('hub.chat.control', change('join')), { connections: 1 })
    hub.publish('hub.chat.group.team', message('inside'))
    assert.deepEqual(await callsUntilNow(hub, bob), ['inside'])
    for (const [payload, error] of [
      ['', '"action" must be "join" or "leave".'],
      ['null', '"action" must be "join" or "leave".'],
      [change('enter'), '"action" must be "join" or "leave".'],
      [change('join', 'b*b c'), '"user" must be the id of a user.'],
      [change('join', '>'), '"user" must be the id of a user.'],
      ['{"action":"join","user":"bob","group":""}', '"group" must be the name of a group.'],
      [`{"action":"join","user":"bob","group":"${'g'.repeat(9_000)}"}`, '"action" must be "join" or "leave".'],
    ] as const) {
      assert.deepEqual(await hub.request('hub.chat.control', payload), { error })
    }
  })

  test('of one connection there are 128 at most', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect(
      'bob',
      Array.from({ length: 127 }, (_, i) => `g${i}`),
    )
    const chat = hub.hubs.hub('chat')
    chat.group('one-more').add('bob')
    chat.group('too-many').add('bob')
    chat.group('too-many').send('too many')
    chat.group('one-more').send('one more')
    assert.deepEqual(await callsUntilNow(hub, bob), ['one more'])
    assert.equal(hub.log.filter((line) => line.includes('in too many already')).length, 1)
  })
})

describe('who comes in', () => {
  const refusedWith = async (hub: AppHubServer, query: string) => {
    const response = await fetch(`${hub.url}/negotiate${query}`, { method: 'POST' })
    return [response.status, ((await response.json()) as { message: string }).message]
  }

  test('needs a good token, and learns nothing about a bad one', async () => {
    await using hub = await startAppHub()
    assert.deepEqual(await refusedWith(hub, ''), [401, 'Invalid claim'])
    assert.deepEqual(await refusedWith(hub, '?access_token=x'), [401, 'Invalid token'])
    assert.deepEqual(await refusedWith(hub, `?access_token=${KEY}`), [401, 'Invalid token'])
    await assert.rejects(HubClient.connect(hub.url.replace('http', 'ws'), 'x', 'json'), /refused/)
    assert.equal(hub.hubs.connectionCount, 0)
  })

  test('without a token, where that is allowed, hears what is for all and nothing else', async () => {
    await using hub = await startAppHub({ anonymous: true })
    const stranger = await HubClient.start(hub.url.replace('http', 'ws'), '', 'json')
    const bob = await hub.connect('bob')
    for (const subject of ['user.undefined', 'user.bob', 'group.team', 'all']) {
      hub.publish(`hub.chat.${subject}`, message(subject))
    }
    assert.deepEqual(await callsUntilNow(hub, stranger), ['all'])
    assert.deepEqual(await callsUntilNow(hub, bob), ['user.bob', 'all'])
    assert.deepEqual(await refusedWith(hub, '?access_token=x'), [401, 'Invalid token'])
  })

  test('without a token takes a quarter of all connections at most', async () => {
    await using hub = await startAppHub({ anonymous: true, maxConnections: 8 })
    const url = hub.url.replace('http', 'ws')
    for (let i = 0; i < 2; i++) await HubClient.start(url, '', 'json')
    assert.deepEqual(await refusedWith(hub, ''), [503, 'Service unavailable'])
  })

  test('once too often closes the oldest connection of the user', async () => {
    await using hub = await startAppHub({ maxConnectionsPerUser: 2 })
    const oldest = await hub.connect('bob')
    await hub.connect('eve')
    await hub.connect('bob')
    await hub.connect('bob')
    const error = 'Too many connections of this user.'
    assert.deepEqual(await oldest.next(), { type: HubMessageType.Close, error, allowReconnect: false })
    await hub.connectionsLeft(3)
  })

  test('has nothing to call', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob')
    bob.send('{"type":1,"invocationId":"7","target":"sendToAll","arguments":["x"]}\x1e')
    assert.deepEqual(await bob.next(), {
      type: HubMessageType.Completion,
      invocationId: '7',
      outcome: { kind: 1, error: "Unknown hub method 'sendToAll'" },
    })
    assert.deepEqual(await callsUntilNow(hub, bob), [])
  })
})

describe('the end of a token', () => {
  for (const closeOnExpiration of [false, true]) {
    test(`${closeOnExpiration ? 'closes the connection where that is wanted' : 'leaves the connection open'}`, async () => {
      const clock = new FakeClock()
      await using hub = await startAppHub({ clock, closeOnExpiration })
      const bob = await hub.connect('bob')
      // The clocks of who made it and of ours may differ.
      clock.advance(60_000 + 29_000)
      hub.hubs.hub('chat').user('bob').send('still here')
      assert.deepEqual(await nextCall(bob), ['still here'])
      clock.advance(2_000)
      hub.hubs.hub('chat').user('bob').send('and now')
      const next = await bob.next()
      if (closeOnExpiration) {
        assert.deepEqual(next, { type: HubMessageType.Close, error: null, allowReconnect: true })
        await hub.connectionsLeft(0)
      } else {
        assert.equal(next.type, HubMessageType.Invocation)
      }
    })
  }
})

test('a client that does not read is closed when it is behind, and told that it may come back', async () => {
  await using hub = await startAppHub({ maxPendingBytes: 1024 * 1024 })
  const tokens = new AppTokens({ hub: 'chat', keys: [KEY], clock: new FakeClock(Date.now()) })
  const slow = await RawDevice.start(
    hub.port,
    await tokens.issueClient({ user: 'bob', groups: [] }, 60),
    '/base/hubs/chat',
  )
  const quick = await hub.connect('eve')
  slow.stopReading()
  const all = hub.hubs.hub('chat').all
  const COUNT = 120
  for (let i = 0; i < COUNT; i++) {
    all.send('long', i, 'x'.repeat(200_000))
    assert.deepEqual((await nextCall(quick)).slice(0, 2), ['long', i])
  }
  slow.readAgain()
  const isClose = ({ type }: HubMessage) => type === HubMessageType.Close
  await slow.until(isClose, 'the Close')
  assert.deepEqual(slow.messages.find(isClose), {
    type: HubMessageType.Close,
    error: 'Too many messages were waiting.',
    allowReconnect: true,
  })
  const heard = slow.messages.flatMap((one) => (one.type === HubMessageType.Invocation ? [one.arguments[0]] : []))
  assert.ok(heard.length < COUNT)
  assert.deepEqual(
    heard,
    Array.from(heard, (_, i) => i),
    'nothing is missing among what was heard',
  )
  await within(slow.closed, 'the end')
})

describe('in the process', () => {
  test('what cannot be sent is a TypeError, and reaches nobody', async () => {
    await using hub = await startAppHub({ maxPendingBytes: 64 * 1024 })
    const bob = await hub.connect('bob')
    const chat = hub.hubs.hub('chat')
    let deep: unknown = 0
    for (let i = 0; i < 80; i++) deep = [deep]
    for (const send of [
      () => chat.user('*'),
      () => chat.user('a b'),
      () => chat.user(''),
      () => chat.group('>'),
      () => chat.group('team').add('a..b'),
      () => chat.group('team').remove('a\nb'),
      () => chat.all.send(''),
      () => chat.all.send('x', deep),
      () => chat.all.send('x', 10n),
      () => chat.all.send('x', 'a'.repeat(20_000)),
    ]) {
      assert.throws(send, TypeError)
    }
    assert.deepEqual(await callsUntilNow(hub, bob), [])
  })

  test('a hub that is not there is named with those that are', async () => {
    await using hub = await startAppHub()
    assert.throws(() => hub.hubs.hub('chta'), { message: 'There is no hub "chta"; there are: chat' })
  })
})

test('who drains takes nobody in and sends everybody away', async () => {
  await using hub = await startAppHub()
  const bob = await hub.connect('bob')
  const gone = hub.hubs.drain(0)
  assert.deepEqual(await bob.next(), { type: HubMessageType.Close, error: null, allowReconnect: true })
  await assert.rejects(hub.connect('bob'), /refused/)
  await within(gone, 'the end')
  assert.equal(hub.account.subscriptionCount, 0)
})
