import assert from 'node:assert/strict'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { encodeHeaders, parseHeaders } from '#wire/nats'
import { account, connection, NOW_MS, SAMPLE_SERVER } from '../monitoring/sample-source.ts'
import { jsonOf, systemWorld } from './world.ts'

const OWN = `$SYS.REQ.SERVER.${SAMPLE_SERVER.id}`

for (const [subject, options, field, expected] of [
  ['PING.IDZ', undefined, 'name', 'bells'],
  ['PING.VARZ', undefined, 'data.server_name', 'bells'],
  ['PING', undefined, 'statsz.connections', 2],
  ['PING.STATSZ', undefined, 'statsz.connections', 2],
  ['PING.CONNZ', { limit: 1, sort: 'cid' }, 'data.num_connections', 1],
  ['PING.CONNZ', { state: 1 }, 'data.connections.0.cid', 3],
  ['PING.CONNZ', { cid: 1, auth: true, subscriptions: true }, 'data.connections.0.subscriptions_list.0', 'foo.>'],
  [
    'PING.CONNZ',
    { cid: 1, Subscriptions_Detail: true },
    'data.connections.0.subscriptions_list_detail.1.qgroup',
    'workers',
  ],
  ['PING.SUBSZ', { account: '$G' }, 'data.num_subscriptions', 3],
  ['PING.ACCOUNTZ', undefined, 'data.accounts.1', '$SYS'],
  ['PING.ACCOUNTZ', { account: '$G' }, 'data.account_detail.client_connections', 2],
  ['PING.HEALTHZ', undefined, 'data', { status: 'ok', status_code: 200 }],
  ['PING.HEALTHZ', { stream: 'x' }, 'data.status_code', 400],
  ['PING.LEAFZ', undefined, 'data.leafnodes', 0],
  ['PING.ROUTEZ', undefined, 'data.num_routes', 0],
  ['PING.GATEWAYZ', undefined, 'data.outbound_gateways', {}],
  ['PING.JSZ', undefined, 'data.disabled', true],
  ['PING.IPQUEUESZ', undefined, 'data', {}],
  ['PING.RAFTZ', undefined, 'data', {}],
] as const) {
  test(`${subject} ${JSON.stringify(options ?? {})} answers ${field}, asked of all servers and of this one`, async () => {
    using world = systemWorld()
    const subjects = [`$SYS.REQ.SERVER.${subject}`]
    if (subject !== 'PING') subjects.push(subject.replace('PING', OWN))
    for (const asked of subjects) {
      const json = jsonOf(await world.ask(asked, options))
      assert.deepEqual(at(json, field), expected)
      if (!subject.endsWith('IDZ')) assert.equal(json.server.id, SAMPLE_SERVER.id)
    }
  })
}

for (const [subject, options, field, expected] of [
  ['$G.CONNZ', undefined, 'data.num_connections', 2],
  ['$SYS.CONNZ', undefined, 'data.num_connections', 0],
  ['$G.CONNZ', { acc: '$SYS' }, 'data.num_connections', 2],
  ['$G.SUBSZ', undefined, 'data.total', 3],
  ['$G.LEAFZ', undefined, 'data.leafnodes', 0],
  ['$G.JSZ', undefined, 'error.description', 'jetstream not enabled'],
  ['$G.INFO', undefined, 'data.account_name', '$G'],
  ['NONE.INFO', undefined, 'error', { code: 500, description: 'Account NONE does not exist' }],
  ['$G.STATZ', undefined, 'data.account_statz.0.conns', 2],
  ['$SYS.STATZ', { include_unused: true }, 'data.account_statz.0.conns', 0],
  ['NONE.STATZ', { include_unused: true }, 'data.account_statz', []],
  ['PING.STATZ', undefined, 'data.account_statz.length', 1],
  ['PING.STATZ', { include_unused: true }, 'data.account_statz.length', 2],
  ['PING.STATZ', { include_unused: true, accounts: ['$SYS'] }, 'data.account_statz.0.acc', '$SYS'],
  ['$G.CONNS', undefined, 'conns', 2],
] as const) {
  test(`of an account, ${subject} ${JSON.stringify(options ?? {})} answers ${field}`, async () => {
    using world = systemWorld()
    assert.deepEqual(at(jsonOf(await world.ask(`$SYS.REQ.ACCOUNT.${subject}`, options)), field), expected)
  })
}

for (const [what, subject, options] of [
  ['a request for another server', 'SERVER.PING.VARZ', { server_name: 'other' }],
  [
    'one for another server by a part of its name that has to be all of it',
    'SERVER.PING.VARZ',
    { server_name: 'bell', exact_match: true },
  ],
  ['one for servers of a cluster', 'SERVER.PING', { cluster: 'c' }],
  ['one for servers with a tag', 'SERVER.PING.VARZ', { tags: ['blue'] }],
  ['statistics of an account without connections', 'ACCOUNT.$SYS.STATZ', undefined],
  ['connections of an account without connections', 'ACCOUNT.$SYS.CONNS', undefined],
  ['JetStream of the leader', 'SERVER.PING.JSZ', { leader_only: true }],
] as const) {
  test(`${what}: no answer`, async () => {
    using world = systemWorld()
    const answer = world.ask(`$SYS.REQ.${subject}`, options)
    // What comes after it has its answer: so this one had its turn.
    jsonOf(await world.ask('$SYS.REQ.SERVER.PING.HEALTHZ'))
    world.clock.advance(1_000)
    assert.equal(await answer, undefined)
  })
}

test('a request for servers of this name is answered', async () => {
  using world = systemWorld()
  jsonOf(await world.ask('$SYS.REQ.SERVER.PING.VARZ', { server_name: 'ell', host: '127' }))
  jsonOf(await world.ask('$SYS.REQ.SERVER.PING.VARZ', { server_name: 'bells', exact_match: true }))
})

for (const [what, subject, options, code] of [
  ['no JSON', 'PING.VARZ', '{bad', 400],
  ['no object', 'PING.VARZ', '[]', 400],
  ['a value of the wrong type', 'PING.CONNZ', { sort: 1 }, 400],
  ['a fraction', 'PING.CONNZ', { limit: 1.5 }, 400],
  ['statistics with no JSON', 'PING', '{bad', 400],
  ['an order that there is not', 'PING.CONNZ', { sort: 'nope' }, 500],
  ['a state that there is not', 'PING.CONNZ', { state: 3 }, 500],
  ['an account that there is not', 'PING.ACCOUNTZ', { account: 'NONE' }, 500],
] as const) {
  test(`a request with ${what} is refused with ${code}`, async () => {
    using world = systemWorld()
    const { error, server } = jsonOf(await world.ask(`$SYS.REQ.SERVER.${subject}`, options))
    assert.equal(error.code, code)
    assert.notEqual(error.description, '')
    assert.equal(server.id, SAMPLE_SERVER.id)
  })
}

test('an answer is compressed for who can take it', async () => {
  using world = systemWorld()
  const accepting = (encoding: string) => encodeHeaders({ headers: new Map([['Accept-Encoding', [encoding]]]) })
  const encodingOf = (answer: { body: Buffer; headerBytes: number } | undefined) =>
    parseHeaders(answer!.body.subarray(0, answer!.headerBytes)).headers.get('Content-Encoding')
  const zipped = await world.ask('$SYS.REQ.SERVER.PING.VARZ', undefined, accepting('deflate, gzip'))
  assert.deepEqual(encodingOf(zipped), ['gzip'])
  assert.equal(JSON.parse(gunzipSync(zipped!.payload).toString()).data.server_name, 'bells')
  const plain = await world.ask('$SYS.REQ.SERVER.PING.VARZ', undefined, accepting('br'))
  assert.deepEqual(encodingOf(plain), ['identity'])
  assert.equal(jsonOf(plain).data.server_name, 'bells')
})

test('an answer that no message could hold is refused', async () => {
  const name = 'x'.repeat(100_000)
  const connections = () => Array.from({ length: 200 }, (_, cid) => connection({ cid, name }))
  using world = systemWorld({ source: { connections } })
  const { error } = jsonOf(await world.ask('$SYS.REQ.SERVER.PING.CONNZ'))
  assert.match(error.description, /too long/)
  assert.equal(jsonOf(await world.ask('$SYS.REQ.SERVER.PING.CONNZ', { limit: 2 })).data.num_connections, 2)
})

test('statistics that nobody asks to be sent to go to all who listen', async () => {
  using world = systemWorld()
  world.listen('$SYS.SERVER.*.STATSZ')
  world.client.publish('$SYS.REQ.SERVER.PING', Buffer.alloc(0))
  jsonOf(await world.ask('$SYS.REQ.SERVER.PING.HEALTHZ'))
  assert.equal(world.heard.length, 1)
})

test('operators end connections, send clients away and reload, and hear when that cannot be', async () => {
  const done: unknown[] = []
  using world = systemWorld({
    control: {
      kick: (cid) => cid === 7 && done.push(`kick ${cid}`) > 0,
      sendAway: (cid) => (cid === 7 ? 'told' : cid === 8 ? 'unable' : 'unknown'),
      reload: async () => {
        if (done.push('reload') > 2) throw new Error('there is no such file')
      },
    },
  })
  const ask = async (command: string, options?: object) => jsonOf(await world.ask(`${OWN}.${command}`, options)).error
  assert.equal(await ask('KICK', { cid: 7 }), undefined)
  assert.deepEqual(await ask('KICK', { cid: 9 }), { code: 500, description: 'no such client or leafnode id' })
  assert.equal((await ask('KICK', { cid: '7' })).code, 400)
  assert.equal(await ask('LDM', { cid: 7 }), undefined)
  assert.match((await ask('LDM', { cid: 8 })).description, /does not support Lame Duck Mode/)
  assert.deepEqual(await ask('LDM', { cid: 9 }), { code: 500, description: 'no such client id' })
  assert.equal(await ask('RELOAD'), undefined)
  assert.deepEqual(await ask('RELOAD'), { code: 500, description: 'there is no such file' })
  assert.deepEqual(done, ['kick 7', 'reload', 'reload'])
})

test('a user learns its account, permissions and how long they last', async () => {
  using world = systemWorld({
    rights: {
      permissions: {
        publish: { allow: ['foo'] },
        subscribe: { allow: ['foo q'], deny: ['x'] },
        responses: { maxMessages: 1, ttlMs: 120_000 },
      },
      expiry: { atMs: NOW_MS + 90_500 },
    },
  })
  const info = { id: 7, acc: 'A', user: 'a', name_tag: 'Ann' }
  const headers = encodeHeaders({ headers: new Map([['Nats-Request-Info', [JSON.stringify(info)]]]) })
  assert.deepEqual(jsonOf(await world.ask('$SYS.REQ.USER.A.INFO', undefined, headers)).data, {
    user: 'a',
    account: 'A',
    account_name: 'A',
    user_name: 'Ann',
    permissions: {
      publish: { allow: ['foo'] },
      subscribe: { allow: ['foo q'], deny: ['x'] },
      responses: { max: 1, ttl: 120_000_000_000 },
    },
    expires: 90_000_000_000,
  })
  assert.deepEqual(jsonOf(await world.ask('$SYS.REQ.USER.A.INFO')).error, { code: 400 })
})

test('requests about account JWTs go to who has them', async () => {
  using world = systemWorld({ answerClaims: async (subject, payload) => Buffer.from(`{"to":"${subject} ${payload}"}`) })
  assert.deepEqual(jsonOf(await world.ask('$SYS.REQ.CLAIMS.LIST', 'x')), { to: '$SYS.REQ.CLAIMS.LIST x' })
  assert.equal(jsonOf(await world.ask('$SYS.REQ.ACCOUNT.A.CLAIMS.LOOKUP')).to, '$SYS.REQ.ACCOUNT.A.CLAIMS.LOOKUP ')
})

test('where there are no account JWTs, and for services that there are not, there are no responders', async () => {
  using world = systemWorld()
  assert.equal(await world.ask('$SYS.REQ.CLAIMS.LIST'), undefined)
  assert.equal(await world.ask('$SYS.REQ.SERVER.PING.NOPE'), undefined)
  assert.equal(world.clock.pending, 2)
})

test('who asks more than can wait does not get all answers, and costs nobody else theirs for long', async () => {
  using world = systemWorld({ source: { accounts: () => [account('A', { subscriptions: 1 })] } })
  const answers = Promise.all(Array.from({ length: 400 }, () => world.ask('$SYS.REQ.SERVER.PING.ACCOUNTZ')))
  for (let turns = 0; turns < 600; turns++) await new Promise(setImmediate)
  world.clock.advance(1_000)
  assert.equal((await answers).filter((answer) => answer !== undefined).length, 256)
  jsonOf(await world.ask('$SYS.REQ.SERVER.PING.ACCOUNTZ'))
})

function at(json: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], json)
}
