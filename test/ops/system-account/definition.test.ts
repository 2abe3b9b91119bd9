import assert from 'node:assert/strict'
import test from 'node:test'
import { type Account, type AccountDefinition, checkDefinitions, Message, type Peer, Subscription } from '#core'
import { withSystemServices } from '#ops'
import { within } from '../../helpers/wait.ts'
import { type Json, jsonOf, SYSTEM, systemWorld } from './world.ts'

function definition(name: string, fields: Partial<AccountDefinition> = {}): AccountDefinition {
  return { name, exports: [], imports: [], mappings: [], limits: {}, ...fields }
}

/** The accounts of the sample source, with what the system account does for them. */
function definedWorld() {
  const rights = { permissions: { publish: { allow: ['>'] } } }
  const world = systemWorld({ rights })
  const definitions = [SYSTEM, '$G', 'A'].map((name) => withSystemServices(definition(name), SYSTEM))
  assert.deepEqual(checkDefinitions(definitions), [])
  world.broker.define(definitions)
  return world
}

/** A client of `account` asks, and gets the first answer. */
function ask(account: Account, subject: string, options = ''): Promise<Json> {
  const { promise, resolve } = Promise.withResolvers<Message>()
  const peer: Peer = {
    send: (_subscription, message) => resolve(message),
    requestor: () => ({ id: 7, user: 'bob', host: '192.0.2.7', kind: 'Client', clientType: 'nats' }),
  }
  account.subscribe(new Subscription(peer, '_INBOX.x', '1'))
  account.publish(new Message(subject, Buffer.from(options), '_INBOX.x'), peer)
  return within(promise, `an answer to ${subject}`).then(jsonOf)
}

for (const name of ['A', '$G', SYSTEM]) {
  test(`a user of ${name} learns who it is and what it may do`, async () => {
    using world = definedWorld()
    const { data } = await ask(world.broker.account(name), '$SYS.REQ.USER.INFO')
    assert.deepEqual(data, {
      user: 'bob',
      account: name,
      account_name: name,
      permissions: { publish: { allow: ['>'] }, subscribe: {} },
    })
  })
}

for (const subject of ['$SYS.REQ.ACCOUNT.PING.CONNZ', '$SYS.REQ.SERVER.PING.CONNZ']) {
  test(`${subject} tells an account of its own connections, and of no others`, async () => {
    using world = definedWorld()
    assert.equal((await ask(world.broker.account('$G'), subject)).data.num_connections, 2)
    assert.equal((await ask(world.broker.account('A'), subject, '{"acc":"$G"}')).data.num_connections, 0)
  })
}

test('$SYS.REQ.ACCOUNT.PING.STATZ tells an account of itself, and of no others', async () => {
  using world = definedWorld()
  const { data } = await ask(world.broker.account('$G'), '$SYS.REQ.ACCOUNT.PING.STATZ', '{"accounts":["$SYS"]}')
  assert.deepEqual(
    data.account_statz.map(({ acc }: Json) => acc),
    ['$G'],
  )
})

test('what an account says of these subjects itself stays', () => {
  const own = definition('A', {
    imports: [{ kind: 'service', account: 'B', subject: 'who', to: '$SYS.REQ.USER.INFO', sharesRequestor: false }],
  })
  const { imports } = withSystemServices(own, SYSTEM)
  assert.deepEqual(
    imports.filter(({ to }) => to === '$SYS.REQ.USER.INFO'),
    own.imports,
  )
  const exported = definition(SYSTEM, {
    exports: [
      {
        kind: 'service',
        subject: '$SYS.REQ.USER.*.INFO',
        access: { kind: 'accounts', accounts: ['A'] },
        responseType: 'single',
        allowsTrace: false,
      },
    ],
  })
  const { exports } = withSystemServices(exported, SYSTEM)
  assert.equal(exports.filter(({ subject }) => subject === '$SYS.REQ.USER.*.INFO').length, 1)
})

test('an export of the system account that covers them takes their place, wildcards and all', () => {
  const wide = {
    kind: 'service',
    subject: '$SYS.REQ.ACCOUNT.*.>',
    access: { kind: 'public' },
    responseType: 'single',
    allowsTrace: false,
  } as const
  const { exports } = withSystemServices(definition(SYSTEM, { exports: [wide] }), SYSTEM)
  assert.deepEqual(
    exports.map(({ subject }) => subject),
    [wide.subject, '$SYS.REQ.USER.*.INFO'],
  )
})

test('accounts have these services even if the system account exports them to somebody else alone', async () => {
  using world = systemWorld({ rights: {} })
  const exported = {
    kind: 'service',
    subject: '$SYS.REQ.>',
    access: { kind: 'token' },
    responseType: 'single',
    allowsTrace: false,
  } as const
  const definitions = [definition(SYSTEM, { exports: [exported] }), definition('A')]
  world.broker.define(definitions.map((one) => withSystemServices(one, SYSTEM)))
  assert.equal((await ask(world.broker.account('A'), '$SYS.REQ.ACCOUNT.PING.CONNZ')).data.num_connections, 0)
  assert.equal((await ask(world.broker.account('A'), '$SYS.REQ.USER.INFO')).data.account, 'A')
})

for (const name of ['two words', 'a.b', '*']) {
  test(`an account ${JSON.stringify(name)}, which cannot be a token of a subject, has to do without`, () => {
    assert.deepEqual(withSystemServices(definition(name), SYSTEM), definition(name))
  })
}
