import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppTokens } from '#doors/hub'
import { systemClock } from '#kit'
import { HubMessageType } from '#wire/signalr'
import type { HubClient } from '../hub-client.ts'
import { type Answer, type AskOptions, ask, send, wholeAnswer } from '../requests.ts'
import { type AppHubServer, KEY, startAppHub } from './app-hub-server.ts'

const GOOD = '{"target":"news","arguments":[1]}'

const tokens = new AppTokens({ hub: 'chat', keys: [KEY], clock: systemClock })

/** To a path below that of the hub, by default with the key and a message. */
function request(hub: AppHubServer, method: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const body = method === 'POST' ? { body: GOOD } : {}
  return ask(hub, method, `/base/hubs/chat/${path}`, { token: KEY, ...body, ...options })
}

async function nextTarget(client: HubClient): Promise<string> {
  const message = await client.next()
  assert.ok(message.type === HubMessageType.Invocation)
  return message.target
}

describe('POST', () => {
  for (const path of [
    'all',
    'users/bob%40x.example',
    'users/b%6fb@x.example',
    'groups/team%2Fa',
    'groups/%C5%BEofie',
  ]) {
    test(`to ${path} is accepted, and told`, async () => {
      await using hub = await startAppHub()
      const bob = await hub.connect('bob@x.example', ['team/a', 'žofie'])
      const { status, text, headers } = await request(hub, 'POST', path)
      assert.deepEqual([status, text, headers['content-length']], [202, '', '0'])
      assert.equal(await nextTarget(bob), 'news')
    })
  }

  test('is for the token of a publisher as well', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob')
    assert.equal((await request(hub, 'POST', 'all', { token: await tokens.issuePublisher(60) })).status, 202)
    assert.equal(await nextTarget(bob), 'news')
  })

  for (const [name, path, options, status, error] of [
    ['without a key', 'all', { token: '' }, 401, 'Unauthorized.'],
    ['with another key', 'all', { token: KEY.replace('a', 'b') }, 401, 'Unauthorized.'],
    ['with the token of a client', 'all', 'client', 401, 'Unauthorized.'],
    ['with a key in the query', `all?access_token=${KEY}`, { token: '' }, 401, 'Unauthorized.'],
    [
      'with a key as a password',
      'all',
      { token: '', headers: { Authorization: `Basic ${KEY}` } },
      401,
      'Unauthorized.',
    ],
    ['to a wildcard', 'users/*', {}, 400, 'This cannot be the id of a user: '],
    ['to a user with a space', 'users/bob%20x', {}, 400, 'This cannot be the id of a user: '],
    ['to a user with a line break', 'users/bob%0d%0aPUB', {}, 400, 'This cannot be the id of a user: '],
    ['to nobody', 'users/', {}, 400, 'This cannot be the id of a user: '],
    ['to a group of all groups', 'groups/%3E', {}, 400, 'This cannot be the name of a group: '],
    ['to what is no UTF-8', 'users/%ff', {}, 400, 'The path is not percent-encoded UTF-8.'],
    ['without a body', 'all', { body: '' }, 400, 'The message must be JSON.'],
    ['of no message', 'all', { body: '{"target":"x"}' }, 400, '"arguments" must be a list.'],
    ['of too much', 'all', { body: Buffer.alloc(10_000_000, ' ') }, 413, 'The message has more than 1048576 bytes.'],
    ['to what is not there', 'everybody', {}, 404, 'Not found.'],
    ['below a user', 'users/bob/x', {}, 404, 'Not found.'],
    ['below all', 'all/x', {}, 404, 'Not found.'],
    ['to a membership', 'groups/g/users/bob', {}, 405, 'Here only PUT and DELETE will do.'],
  ] as const) {
    test(`${name} is refused with ${status}`, async () => {
      await using hub = await startAppHub()
      const bob = await hub.connect('bob', ['g'])
      const client = async () => ({ token: await tokens.issueClient({ user: 'bob', groups: [] }, 60) })
      const answer = await request(hub, 'POST', path, options === 'client' ? await client() : options)
      assert.equal(answer.status, status)
      assert.equal(answer.headers['content-type'], 'application/json')
      assert.ok((JSON.parse(answer.text) as { error: string }).error.startsWith(error), answer.text)
      assert.equal(answer.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined)
      assert.equal(answer.headers.allow, status === 405 ? 'PUT, DELETE' : undefined)
      // Nothing was told before this.
      hub.hubs.hub('chat').all.send('first')
      assert.equal(await nextTarget(bob), 'first')
      assert.doesNotMatch(hub.log.join('\n'), new RegExp(KEY))
    })
  }

  test('of too much, whose length is not announced, is refused with 413', async () => {
    await using hub = await startAppHub()
    const outgoing = send(hub, 'POST', '/base/hubs/chat/all', {
      token: KEY,
      headers: { 'Transfer-Encoding': 'chunked' },
      body: Buffer.alloc(2_000_000, ' '),
    })
    assert.equal((await wholeAnswer(outgoing)).status, 413)
  })

  test('of as much as there may be is told', async () => {
    await using hub = await startAppHub()
    const bob = await hub.connect('bob')
    const body = GOOD.padEnd(1024 * 1024)
    assert.equal((await request(hub, 'POST', 'all', { body })).status, 202)
    assert.equal(await nextTarget(bob), 'news')
    assert.equal((await request(hub, 'POST', 'all', { body: `${body} ` })).status, 413)
  })
})

test('a POST to the hub itself is one of a SignalR client, and publishes nothing', async () => {
  await using hub = await startAppHub()
  const bob = await hub.connect('bob', ['g'])
  const answer = await request(hub, 'POST', '')
  assert.deepEqual([answer.status, answer.text], [400, 'Connection ID required'])
  hub.hubs.hub('chat').all.send('first')
  assert.equal(await nextTarget(bob), 'first')
})

test('PUT and DELETE change who is in a group', async () => {
  await using hub = await startAppHub()
  const bob = await hub.connect('bob')
  const team = hub.hubs.hub('chat').group('team')
  const all = hub.hubs.hub('chat').all
  team.send('before')
  assert.equal((await request(hub, 'PUT', 'groups/team/users/bob')).status, 202)
  assert.equal((await request(hub, 'PUT', 'groups/team/users/bob')).status, 202)
  team.send('inside')
  assert.equal((await request(hub, 'DELETE', 'groups/team/users/bob')).status, 202)
  assert.equal((await request(hub, 'DELETE', 'groups/none/users/nobody')).status, 202)
  team.send('after')
  all.send('end')
  assert.deepEqual([await nextTarget(bob), await nextTarget(bob)], ['inside', 'end'])
})

for (const [method, path, token, status] of [
  ['PUT', 'groups/team/users/bob', '', 401],
  ['PUT', 'groups/team/users/*', KEY, 400],
  ['PUT', 'groups/a..b/users/bob', KEY, 400],
  ['PUT', 'groups/team/members/bob', KEY, 404],
  ['PUT', 'groups/team', KEY, 405],
  ['GET', 'groups/team/users/bob', KEY, 405],
  ['GET', 'all', KEY, 405],
  ['OPTIONS', 'all', KEY, 405],
] as const) {
  test(`${method} ${path} is refused with ${status}`, async () => {
    await using hub = await startAppHub()
    assert.equal((await request(hub, method, path, { token })).status, status)
  })
}
