/** A hub of the operator's own, with SignalR's own clients and NATS' own, while the vault's hub is off. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { HubConnection } from '@microsoft/signalr'
import type { NatsConnection } from '@nats-io/nats-core'
import { SignJWT } from 'jose'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { until, within } from '../helpers/wait.ts'
import { connectTcp } from './nats-clients.ts'
import { connectionTo, WAYS, type Way } from './ways.ts'

const KEY = 'a-key-of-the-hub-chat-with-32-characters'
const OLD_KEY = 'the-key-before-of-the-hub-chat-with-32-ch'

let server: TestServer
before(async () => {
  server = await startTestServer({
    vault: { domain: 'http://localhost/base' },
    web: { servesHub: false },
    nats: {
      accounts: [{ name: 'APP' }],
      users: [
        { user: 'app', password: 'p', account: 'APP' },
        {
          user: 'bobs-friend',
          password: 'p',
          account: 'APP',
          permissions: { publish: { allow: ['live.chat.user.bob'] } },
        },
        { user: 'stranger', password: 'p' },
      ],
    },
    apps: {
      hubs: {
        chat: { keys: [KEY, OLD_KEY], account: 'APP', subject: 'live.chat' },
        lobby: { anonymous: true },
      },
    },
  })
})
after(() => server.close())

const urlOf = (hub: string) => `${server.webUrl}/base/hubs/${hub}`

function tokenOf(user: string, groups: readonly string[] = [], key = KEY): Promise<string> {
  return new SignJWT({ sub: user, groups: [...groups] })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(key))
}

/** A client, and what was called on it. */
class Client implements AsyncDisposable {
  readonly connection: HubConnection
  readonly heard: unknown[][] = []

  constructor(token: string | undefined, way: Way, hub = 'chat') {
    this.connection = connectionTo(urlOf(hub), way, token).build()
    this.connection.on('newMessage', (...args: unknown[]) => void this.heard.push(args))
  }

  static async start(...args: ConstructorParameters<typeof Client>): Promise<Client> {
    const client = new Client(...args)
    await within(client.connection.start(), 'the start')
    return client
  }

  /** Resolves with all that was heard when that much was. */
  async hears(count: number): Promise<unknown[][]> {
    await until(() => this.heard.length >= count, `${count} messages, of which ${this.heard.length} came`)
    return this.heard
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.stop()
  }
}

const message = (...args: unknown[]) => JSON.stringify({ target: 'newMessage', arguments: args })

function http(path: string, method: string, body?: string): Promise<Response> {
  return fetch(`${urlOf('chat')}/${path}`, { method, headers: { Authorization: `Bearer ${KEY}` }, body: body ?? null })
}

/** A NATS client of one of the users. */
async function natsAs(user: string): Promise<NatsConnection & AsyncDisposable> {
  const client = await connectTcp(server.natsUrl, { user, pass: 'p', reconnect: false })
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
}

for (const [name, way] of WAYS) {
  test(`${name}: a user, a group and everybody are told by NATS, by HTTP and from within`, async () => {
    await using bob = await Client.start(await tokenOf('bob@example.com', ['team']), way)
    await using eve = await Client.start(await tokenOf('eve', ['team.a'], OLD_KEY), way)
    await using nats = await natsAs('app')
    const hub = server.server.hub('chat')
    const both = async (count: number) => [await bob.hears(count), await eve.hears(count)]

    nats.publish('live.chat.all', message(1, { Text: 'ä', at: null }))
    assert.deepEqual(await both(1), [[[1, { Text: 'ä', at: null }]], [[1, { Text: 'ä', at: null }]]])

    nats.publish('live.chat.user.bob@example.com', message('to bob'))
    nats.publish('live.chat.group.team.a', message('to team a'))
    assert.deepEqual((await bob.hears(2))[1], ['to bob'])
    assert.deepEqual((await eve.hears(2))[1], ['to team a'])

    assert.equal((await http('users/bob%40example.com', 'POST', message('by http'))).status, 202)
    assert.equal((await http('groups/team.a', 'POST', message('by http'))).status, 202)
    assert.equal((await http('all', 'POST', message('to all by http'))).status, 202)
    const heard = (await both(4)).map((all) => all.slice(2))
    assert.deepEqual(heard, [
      [['by http'], ['to all by http']],
      [['by http'], ['to all by http']],
    ])

    assert.equal((await http('groups/new/users/eve', 'PUT')).status, 202)
    hub.group('new').send('newMessage', 'inside')
    hub.group('new').remove('eve')
    hub.group('new').send('newMessage', 'outside')
    hub.user('eve').send('newMessage', 'last')
    hub.user('bob@example.com').send('newMessage', 'last')
    assert.deepEqual((await eve.hears(6)).slice(4), [['inside'], ['last']])
    assert.deepEqual((await bob.hears(5)).slice(4), [['last']])

    await assert.rejects(eve.connection.invoke('sendToAll', 'x'), /Unknown hub method 'sendToAll'/)
  })

  test(`${name}: who has no good token does not come in`, async () => {
    const good = await tokenOf('bob')
    const tokens = [undefined, 'x', `${good}x`, await tokenOf('b*b *'), await tokenOf('bob', [], `${KEY}x`)]
    for (const token of tokens) {
      await assert.rejects(Client.start(token, way), way.skipNegotiation ? /./ : /401/)
    }
  })

  test(`${name}: strangers hear what is for everybody`, async () => {
    await using stranger = await Client.start(undefined, way, 'lobby')
    server.server.hub('lobby').user('bob').send('newMessage', 'to bob')
    server.server.hub('lobby').all.send('newMessage', 'to all')
    assert.deepEqual(await stranger.hears(1), [['to all']])
  })
}

describe('NATS', () => {
  test('a request is answered with the number of connections, or by nobody', async () => {
    await using bob = await Client.start(await tokenOf('bob'), WAYS[0]![1])
    await using bobToo = await Client.start(await tokenOf('bob'), WAYS[1]![1])
    await using nats = await natsAs('app')
    const answer = await nats.request('live.chat.user.bob', message('hi'), { timeout: 5_000 })
    assert.deepEqual(answer.json(), { connections: 2 })
    assert.deepEqual([await bob.hears(1), await bobToo.hears(1)], [[['hi']], [['hi']]])
    await assert.rejects(nats.request('live.chat.user.nobody', message('hi'), { timeout: 5_000 }), /no responders/)
    const wrong = await nats.request('live.chat.user.bob', '{"target":"newMessage"}', { timeout: 5_000 })
    assert.deepEqual(wrong.json(), { error: '"arguments" must be a list.' })
  })

  test('permissions of users and the walls between accounts say who may publish', async () => {
    await using bob = await Client.start(await tokenOf('bob'), WAYS[0]![1])
    await using eve = await Client.start(await tokenOf('eve'), WAYS[0]![1])
    await using friend = await natsAs('bobs-friend')
    await using stranger = await natsAs('stranger')
    const refused: string[] = []
    const listen = async () => {
      for await (const status of friend.status()) if (status.type === 'error') refused.push(status.error.message)
    }
    void listen()
    stranger.publish('live.chat.all', message('from another account'))
    await stranger.flush()
    friend.publish('live.chat.user.eve', message('forbidden'))
    friend.publish('live.chat.all', message('forbidden'))
    friend.publish('live.chat.control', '{"action":"join","user":"bob","group":"team"}')
    friend.publish('live.chat.user.bob', message('allowed'))
    await friend.flush()
    await until(() => refused.length >= 3, 'three refusals')
    server.server.hub('chat').group('team').send('newMessage', 'to the team')
    server.server.hub('chat').all.send('newMessage', 'last')
    assert.deepEqual(await bob.hears(2), [['allowed'], ['last']])
    assert.deepEqual(await eve.hears(1), [['last']])
  })
})

test('the rest of the server is as it was: the hub of the vault is off, and other paths are the API', async () => {
  const status = async (path: string, method = 'GET') => (await fetch(server.webUrl + path, { method })).status
  assert.equal(await status('/base/notifications/hub/negotiate', 'POST'), 404)
  assert.equal(await status('/base/hubs/none/negotiate', 'POST'), 404)
  assert.equal(await status('/base/alive'), 200)
  assert.throws(() => server.server.hub('none'), /There is no hub "none"; there are: chat, lobby/)
})
