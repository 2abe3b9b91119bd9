/** Monitoring of a server with many accounts and users, beside that of a nats-server with the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeJwt, KeyPair } from '#auth'
import { connectTcp, type NatsConnection } from '../conformance/nats-clients.ts'
import { startNatsServer } from '../helpers/nats-server.ts'
import { requireProgram } from '../helpers/programs.ts'
import { until } from '../helpers/wait.ts'
import { assertSameShape, type Json } from '../ops/monitoring/shape.ts'
import { ConfiguredServer } from './configured-server.ts'

type JsonObject = { [name: string]: Json }

const CONFIG = `
http: "127.0.0.1:-1"
no_auth_user: guest
system_account: SYS
accounts {
  A {
    users: [ { user: alice, password: not-to-be-shown }, { user: guest, password: not-to-be-shown-either } ]
    exports: [
      { stream: "news.>" }
      { service: "time.get", accounts: [B] }
      { service: "many.>", response_type: stream }
      { service: "timed.x", latency: { sampling: 50, subject: lat } }
    ]
    mappings: { "old.*": "new.$1", split: [ { destination: s1, weight: 40 }, { destination: s2, weight: 30 } ] }
  }
  B {
    users: [ { user: bob, password: not-to-be-shown } ]
    imports: [
      { stream: { account: A, subject: "news.>" }, prefix: a }
      { service: { account: A, subject: "time.get" }, to: clock, share: true }
    ]
  }
  SYS { users: [ { user: sys, password: not-to-be-shown } ] }
  EMPTY {}
}
`

interface Monitored {
  readonly natsUrl: string
  readonly monitoringUrl: string
}

/** Alice and a guest in account A, where a third was, and Bob in B; two messages within A, one from A to B. */
async function connectClients({ natsUrl, monitoringUrl }: Monitored): Promise<AsyncDisposable> {
  await using clients = new AsyncDisposableStack()
  const connect = async (name: string, user?: string): Promise<NatsConnection> => {
    const client = await connectTcp(natsUrl, { name, reconnect: false, ...(user && { user, pass: 'not-to-be-shown' }) })
    clients.defer(() => client.close())
    return client
  }
  const alice = await connect('first', 'alice')
  const guest = await connect('second')
  const bob = await connect('third', 'bob')
  const leaving = await connect('gone', 'alice')
  leaving.subscribe('orders')
  await leaving.flush()
  await leaving.close()
  const heard = [alice.subscribe('news.*', { max: 2 }), bob.subscribe('a.news.today', { max: 1 })]
  await alice.flush()
  await bob.flush()
  guest.publish('news.today', 'hello')
  guest.publish('news.other', 'hello')
  await guest.flush()
  for (const subscription of heard) for await (const _ of subscription);
  await until(async () => (await ask(monitoringUrl, '/connz?state=closed')).num_connections === 1, 'one to be gone')
  return clients.move()
}

async function ask(monitoring: string, request: string): Promise<JsonObject> {
  const response = await fetch(monitoring + request)
  const text = await response.text()
  assert.equal(response.status, 200, `${request}: ${text}`)
  assert.doesNotMatch(text, /not-to-be-shown/)
  return JSON.parse(text) as JsonObject
}

/** Who is listed, with what is said of each. */
async function listed(monitoring: string, query: string, fields: readonly string[]): Promise<unknown[][]> {
  const { connections } = await ask(monitoring, `/connz?${query}`)
  return (connections as JsonObject[]).map((connection) => fields.map((field) => connection[field]))
}

async function accountDetail(monitoring: string, name: string): Promise<JsonObject> {
  return (await ask(monitoring, `/accountz?acc=${name}`)).account_detail as JsonObject
}

const ABOUT = ['name', 'authorized_user', 'account', 'name_tag']

/** What both servers have to say alike, but for the order of lists that have none. */
async function factsOf(monitoring: string): Promise<Record<string, unknown>> {
  const { account_statz } = await ask(monitoring, '/accstatz?unused=1')
  const { system_account, accounts } = await ask(monitoring, '/accountz')
  const { auth_required, connections, system_account: inVarz } = await ask(monitoring, '/varz')
  return {
    everybody: await listed(monitoring, 'auth=1', ABOUT),
    'without auth=1': await listed(monitoring, '', ABOUT),
    'of an account': await listed(monitoring, 'acc=B', ['name']),
    'of a user': await listed(monitoring, 'user=alice&state=any&sort=cid', ['name']),
    'of a user of another account': await listed(monitoring, 'user=alice&acc=B', ['name']),
    closed: await listed(monitoring, 'state=closed&auth=1&acc=A', ABOUT),
    subscribed: await listed(monitoring, 'acc=B&subs=1', ['subscriptions_list']),
    accounts: (accounts as string[]).toSorted(),
    used: ((await ask(monitoring, '/accstatz')).account_statz as JsonObject[]).map(({ acc }) => acc).toSorted(),
    traffic: Object.fromEntries(
      (account_statz as JsonObject[]).map(({ acc, conns, total_conns, received, slow_consumers }) => [
        acc,
        [conns, total_conns, (received as JsonObject).msgs, (received as JsonObject).bytes, slow_consumers],
      ]),
    ),
    mappings: (await accountDetail(monitoring, 'A')).mappings,
    exports: bySubject((await accountDetail(monitoring, 'A')).exports),
    imports: bySubject((await accountDetail(monitoring, 'B')).imports).length,
    connections: [(await accountDetail(monitoring, 'A')).client_connections, connections],
    system: [system_account, inVarz, (await accountDetail(monitoring, 'SYS')).is_system],
    auth_required,
  }
}

/** Without those that every account has of the system account in nats-server, where they are how it is asked. */
function bySubject(list: Json | undefined): JsonObject[] {
  const subject = (item: JsonObject) => String(item.subject)
  return (list as JsonObject[])
    .filter((item) => !subject(item).startsWith('$SYS'))
    .toSorted((a, b) => (subject(a) < subject(b) ? -1 : 1))
}

test('accounts and users are shown as by a nats-server with the same configuration and clients', {
  skip: requireProgram('nats-server').skip,
}, async () => {
  await using nats = await startNatsServer(`listen: "127.0.0.1:-1"\n${CONFIG}`)
  const theirs: Monitored = { natsUrl: nats.url, monitoringUrl: new URL(nats.ports.monitoring![0]!).origin }
  await using ours = await ConfiguredServer.start(CONFIG)
  await using _theirs = await connectClients(theirs)
  await using _ours = await connectClients(ours)
  const [facts, expected] = [await factsOf(ours.monitoringUrl), await factsOf(theirs.monitoringUrl)]
  // As the newest nats-server has it, and that of this test need not.
  for (const side of [facts, expected]) for (const list of ['everybody', 'closed']) dropTags(side[list] as unknown[][])
  assert.deepEqual(facts, expected)

  const version = String((await ask(theirs.monitoringUrl, '/varz')).version)
  for (const request of ['/connz?auth=1', '/connz?state=closed&auth=1&subs=detail', '/accstatz', '/subsz?acc=B']) {
    const [answer, reference] = [await ask(ours.monitoringUrl, request), await ask(theirs.monitoringUrl, request)]
    assertSameShape(answer, reference, version, request)
  }
})

function dropTags(rows: unknown[][]): void {
  for (const row of rows) row.length = ABOUT.indexOf('name_tag')
}

test('users with JWTs are shown with them, their accounts by the names that people gave them; bearers without', async () => {
  const [operator, system, account, user, bearer] = (['operator', 'account', 'account', 'user', 'user'] as const).map(
    (kind) => KeyPair.create(kind),
  ) as [KeyPair, KeyPair, KeyPair, KeyPair, KeyPair]
  const nowMs = Date.now()
  const limits = { conn: -1, leaf: -1, subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true }
  const accountJwt = (key: KeyPair, name: string) =>
    encodeJwt({ sub: key.publicKey, name, nats: { type: 'account', limits, tags: ['eu'] } }, operator, nowMs)
  const userJwt = (key: KeyPair, fields: object) =>
    encodeJwt(
      { sub: key.publicKey, name: 'joe', nats: { type: 'user', subs: -1, data: -1, payload: -1, ...fields } },
      account,
      nowMs,
    )
  const operatorJwt = encodeJwt(
    { sub: operator.publicKey, name: 'Acme', nats: { type: 'operator', system_account: system.publicKey } },
    operator,
    nowMs,
  )
  await using server = await ConfiguredServer.start(`
    http: "127.0.0.1:-1"
    operator: ${operatorJwt}
    resolver: MEMORY
    resolver_preload: {
      ${system.publicKey}: ${accountJwt(system, 'SYS')}
      ${account.publicKey}: ${accountJwt(account, 'Team')}
    }
  `)
  const jwt = userJwt(user, { tags: ['t'] })
  const signing = await connectTcp(server.natsUrl, {
    authenticator: (nonce) => ({ jwt, sig: user.sign(nonce ?? '').toString('base64url'), nkey: '' }),
  })
  const bearing = await connectTcp(server.natsUrl, {
    authenticator: () => ({ jwt: userJwt(bearer, { bearer_token: true }), sig: '', nkey: '' }),
  })

  const fields = ['authorized_user', 'account', 'jwt', 'issuer_key', 'name_tag', 'tags']
  const issuer = account.publicKey
  const expected = [
    [user.publicKey, issuer, jwt, issuer, 'Team', ['t']],
    [bearer.publicKey, issuer, undefined, issuer, 'Team', undefined],
  ]
  assert.deepEqual(await listed(server.monitoringUrl, 'auth=1', fields), expected)
  const detail = await accountDetail(server.monitoringUrl, issuer)
  assert.deepEqual(
    [detail.name_tag, detail.tags, detail.issuer_key, detail.client_connections, detail.jwt],
    ['Team', ['eu'], operator.publicKey, 2, accountJwt(account, 'Team')],
  )
  const varz = await ask(server.monitoringUrl, '/varz')
  assert.deepEqual(
    [varz.auth_required, varz.system_account, varz.trusted_operators_jwt],
    [true, system.publicKey, [operatorJwt]],
  )
  for (const client of [signing, bearing]) await client.close()
  await until(async () => (await ask(server.monitoringUrl, '/varz')).connections === 0, 'both to be gone')
  assert.deepEqual(await listed(server.monitoringUrl, 'state=closed&auth=1&sort=cid', fields), expected)
})
