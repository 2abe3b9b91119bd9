/** The handshake of links that this server makes, with hubs that are played. (spec: nats §5.3, §5.6) */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Subscription } from '#core'
import { WebSocketCompression } from '#net'
import { LeafRemotes } from '../../../../../src/services/nats/leaf-remotes.ts'
import { FakeClock } from '../../../../helpers/fake-clock.ts'
import { until } from '../../../../helpers/wait.ts'
import { playHub } from './played-hub.ts'
import { type SolicitorOptions, solicit } from './solicitor.ts'

const LATER_MS = 1_000_000
const compression = new WebSocketCompression()

/** With time that stands still, until the test lets it pass. */
function solicitInNoTime(urls: string, options: Partial<SolicitorOptions> = {}) {
  const clock = new FakeClock()
  return Object.assign(solicit({ urls, clock, reconnectMs: 1_000, ...options }), { clock })
}

test('CONNECT says who this server is, and nothing that would make it a client', async () => {
  await using hub = await playHub((visit) => visit.info())
  await using spoke = solicit({
    urls: hub.url.replace('//', '//bob:hush@'),
    serverName: 'büro',
    remote: { denyImports: ['quiet.>'], requestsIsolation: true },
  })
  const connect = await (await hub.visit(1)).connect()
  assert.deepEqual(connect, {
    version: connect.version,
    server_id: spoke.door.context.identity.id,
    name: 'büro',
    cluster: spoke.door.context.identity.id,
    headers: true,
    user: 'bob',
    pass: 'hush',
    deny_pub: ['quiet.>'],
    remote_account: '$G',
    isolate: true,
  })
  const [major, minor] = String(connect.version).split('.').map(Number)
  assert.ok(major === 2 && minor! >= 8, `${connect.version} is too old for min_version`)
})

test('a user alone is a token as well', async () => {
  await using hub = await playHub((visit) => visit.info())
  await using _spoke = solicit({ urls: hub.url.replace('//', '//tok3n@') })
  const { user, pass, auth_token } = await (await hub.visit(1)).connect()
  assert.deepEqual({ user, pass, auth_token }, { user: 'tok3n', pass: undefined, auth_token: 'tok3n' })
})

test('interest is told after the second INFO where one is announced, and right behind CONNECT where none is', async () => {
  await using hub = await playHub()
  await using spoke = solicit({ urls: hub.url })
  spoke.account.subscribe(new Subscription({ send() {} }, 'wanted.here', '1', ''))
  const visit = await hub.visit(1)
  visit.info()
  await visit.connect()
  visit.say('PING\r\n')
  await visit.hearing(/PONG\r\n$/)
  assert.doesNotMatch(visit.heard, /LS\+/)
  visit.answer()
  await visit.hearing(/LS\+ wanted\.here\r\n/)
  assert.match(visit.heard, /LS\+ \$LDS\./)

  await using hasty = await playHub((one) => one.info({ info_on_connect: undefined }))
  await using other = solicit({ urls: hasty.url })
  other.account.subscribe(new Subscription({ send() {} }, 'wanted.here', '1', ''))
  await (await hasty.visit(1)).hearing(/LS\+ wanted\.here\r\n/)
})

test('a hub that announces an answer and gives none is left after two seconds', async () => {
  await using hub = await playHub((visit) => visit.info())
  await using spoke = solicitInNoTime(hub.url)
  const visit = await hub.visit(1)
  await visit.connect()
  spoke.clock.advance(1_999)
  visit.say('PING\r\n')
  await visit.hearing(/PONG/)
  spoke.clock.advance(1)
  await visit.hearing(/-ERR 'Stale Leaf Node Connection - Closing'/)
  await visit.ended()
  assert.match(String((await spoke.logged('leaf node not connected')).reason), /no answer to CONNECT within 2000 ms/)
})

test('a hub that says nothing is left after first_info_timeout', async () => {
  await using hub = await playHub()
  await using spoke = solicitInNoTime(hub.url, { remote: { firstInfoTimeoutMs: 700 } })
  const visit = await hub.visit(1)
  await until(() => spoke.clock.pending === 1, 'the wait for INFO')
  spoke.clock.advance(700)
  await visit.ended()
  const { reason, hint } = await spoke.logged('leaf node not connected')
  assert.match(String(reason), /said nothing within 700 ms/)
  assert.match(String(hint), /leafnodes port/)
})

const WRONG_PORTS: readonly [name: string, info: object, hint: RegExp][] = [
  ['for clients', { leafnode_urls: undefined }, /port for clients of played hub/],
  ['for routes', { client_id: undefined }, /port for routes/],
  ['for gateways', { client_id: undefined, leafnode_urls: undefined, gateway: 'G' }, /port for gateways/],
]
for (const [name, info, hint] of WRONG_PORTS) {
  test(`a port ${name} is recognized, and the log says which is right`, async () => {
    await using hub = await playHub((visit) => visit.info(info))
    await using spoke = solicitInNoTime(hub.url)
    await (await hub.visit(1)).ended()
    const fields = await spoke.logged('leaf node not connected')
    assert.equal(fields.reason, 'attempted to connect to wrong port')
    assert.match(String(fields.hint), hint)
    assert.match(String(fields.hint), /leafnodes block/)
    assert.equal(hub.visits[0]!.heard, '')
  })
}

const NO_HUBS: readonly [name: string, words: string, reason: RegExp][] = [
  ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', /does not speak NATS there, but says "HTTP\/1\.1 400 Bad/],
  ['TLS at once', '\x15\x03\x01\x00\x02\x02\x28', /speaks TLS at once/],
  ['garbage', `${'\0\xff'.repeat(500)}`, /does not speak NATS/],
  ['an INFO that is no JSON', 'INFO {"server_id": \r\n', /INFO is no JSON object/],
  ['an INFO without an end', `INFO {"x":"${'y'.repeat(70_000)}`, /INFO is too long/],
  ['a CONNECT', 'INFO {"client_id":7,"leafnode_urls":[],"info_on_connect":true}\r\nCONNECT {}\r\n', /sent CONNECT/],
  [
    'a message before there is a link',
    'INFO {"client_id":7,"leafnode_urls":[],"info_on_connect":true}\r\nLMSG a 1\r\nx\r\n',
    /Protocol Violation/,
  ],
  [
    'nonsense behind INFO',
    'INFO {"client_id":7,"leafnode_urls":[],"info_on_connect":true}\r\nWHAT\r\n',
    /Unknown operation "WHAT"/,
  ],
]
for (const [name, words, reason] of NO_HUBS) {
  test(`${name} is no hub: the connection ends, and why is in the log once`, async () => {
    await using hub = await playHub((visit) => visit.socket.write(words, 'latin1'))
    await using spoke = solicitInNoTime(hub.url)
    for (let i = 1; i <= 4; i++) {
      await (await hub.visit(i)).ended()
      await until(() => spoke.log.filter(({ event }) => event === 'leaf node not connected').length >= i, 'the log')
      spoke.clock.advance(20_000)
    }
    const said = spoke.log.filter(({ level }) => level !== 'debug')
    // And once more after a minute.
    assert.ok(said.length <= 2, JSON.stringify(said))
    assert.equal(said[0]!.event, 'leaf node not connected')
    assert.match(String(said[0]!.fields.reason), reason)
    assert.equal(spoke.links.length, 0)
  })
}

test('a hub that says INFO without end costs no more than it says', async () => {
  await using hub = await playHub()
  await using spoke = solicit({ urls: hub.url })
  const visit = await (await hub.visit(1)).welcome()
  await spoke.linked()
  for (let i = 0; i < 2_000; i++) {
    visit.answer({
      import: { deny: ['a.>'] },
      leafnode_urls: Array.from({ length: 200 }, (_, n) => `10.0.${i % 256}.${n}:7422`),
    })
  }
  visit.say('PING\r\n')
  await visit.hearing(/PONG\r\n$/)
  // Its interest was told again when the permissions came, and not with every INFO.
  assert.equal(visit.heard.match(/LS\+ \$LDS/g)?.length, 2)
  assert.ok(spoke.remote.link)
})

const COMPLAINTS: readonly [text: string, seconds: number, hint: RegExp][] = [
  ['Loop detected for leafnode account="A". Delaying attempt to reconnect for 30s', 30, /take one of the remotes away/],
  ['remote leafnode has same cluster name', 30, /another name/],
  ['Permissions Violation for Publish to "x"', 30, /permissions of this user/],
  ['connection rejected since minimum version required is "9.0.0"', 5, /min_version/],
]
for (const [text, seconds, hint] of COMPLAINTS) {
  test(`after '${text.slice(0, 40)}…' it is tried again in ${seconds} seconds`, async () => {
    await using hub = await playHub((visit) => void visit.info())
    await using spoke = solicitInNoTime(hub.url)
    const visit = await hub.visit(1)
    await visit.connect()
    visit.say(`-ERR '${text}'\r\n`)
    await visit.ended()
    const fields = await spoke.logged('leaf node not connected')
    assert.equal(fields.reason, `Leafnode Error '${text}'`)
    assert.equal(fields.retryMs, seconds * 1000)
    assert.match(String(fields.hint), hint)
    spoke.clock.advance(seconds * 1000 - 1)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(hub.visits.length, 1)
    spoke.clock.advance(1)
    await hub.visit(2)
  })
}

test('who is not let in does not hammer: twice as long each time, up to half a minute', async () => {
  await using hub = await playHub((visit) => void visit.info())
  await using spoke = solicitInNoTime(hub.url.replace('//', '//bob:wrong@'))
  const pauses: number[] = []
  for (let i = 1; i <= 8; i++) {
    const visit = await hub.visit(i)
    await visit.connect()
    visit.say("-ERR 'Authorization Violation'\r\n")
    await visit.ended()
    await until(() => spoke.log.filter(({ event }) => event === 'leaf node not connected').length === i, 'the log')
    pauses.push(Number(spoke.log.at(-1)!.fields.retryMs))
    spoke.clock.advance(LATER_MS)
  }
  assert.ok(pauses[0]! >= 1_000 && pauses[0]! <= 2_000, String(pauses))
  assert.ok(
    pauses.slice(4).every((ms) => ms >= 16_000 && ms <= 31_000),
    String(pauses),
  )
  assert.doesNotMatch(JSON.stringify(spoke.log), /wrong/)
})

test('the same failure is said at first, and then ever more seldom, with how often it was', async () => {
  await using hub = await playHub((visit) => visit.socket.destroy())
  await using spoke = solicitInNoTime(hub.url)
  for (let i = 1; i <= 200; i++) {
    await hub.visit(i)
    await until(() => spoke.log.filter(({ event }) => event === 'leaf node not connected').length === i, 'the log')
    spoke.clock.advance(Number(spoke.log.at(-1)!.fields.retryMs))
  }
  const said = spoke.log.filter(({ level }) => level === 'error').map(({ fields }) => fields.times)
  assert.equal(said[0], undefined)
  assert.ok(said.length > 3 && said.length < 9, String(said))
  assert.ok(
    said.slice(1).every((times, i) => i === 0 || Number(times) > Number(said[i])),
    String(said),
  )
})

test('its own loop subject ends the link, is told, and is waited out', async () => {
  await using hub = await playHub()
  await using spoke = solicitInNoTime(hub.url)
  const visit = await (await hub.visit(1)).welcome()
  const [, loop] = await visit.hearing(/LS\+ (\$LDS\.\S+)\r\n/)
  visit.say(`LS+ ${loop}\r\n`)
  await visit.hearing(/-ERR 'Loop detected for leafnode account="\$G"\. Delaying attempt to reconnect for 30s'/)
  await visit.ended()
  assert.equal((await spoke.logged('leaf node not connected')).retryMs, 30_000)
  assert.deepEqual(spoke.links.map(Boolean), [true, false])
})

test('permissions of a later INFO hold from then on', async () => {
  await using hub = await playHub()
  await using spoke = solicit({ urls: hub.url, remote: { denyExports: ['never.>'] } })
  const visit = await (await hub.visit(1)).welcome()
  await spoke.linked()
  spoke.account.subscribe(new Subscription({ send() {} }, 'in.a', '1', ''))
  spoke.account.subscribe(new Subscription({ send() {} }, 'in.b', '2', ''))
  visit.say('LS+ >\r\n')
  await visit.hearing(/LS\+ in\.b/)
  await until(() => spoke.remote.link?.wantedCount, 'interest')
  for (const subject of ['out.a', 'out.b', 'never.c']) spoke.client.publish(subject, Buffer.from('1'))
  await visit.hearing(/LMSG out\.a 1\r\n1\r\nLMSG out\.b 1\r\n1\r\n/)

  visit.answer({ import: { allow: ['in.a'] }, export: { allow: ['out.>', 'never.>'], deny: ['out.b'] } })
  await visit.hearing(/LS- in\.b\r\n/)
  for (const subject of ['out.b', 'never.c', 'other', 'out.a']) spoke.client.publish(subject, Buffer.from('2'))
  await visit.hearing(/LMSG out\.a 1\r\n2\r\n/)
  assert.doesNotMatch(visit.heard, /never|other|out\.b 1\r\n2/)
})

test('permissions that change again and again hold at once, and what is wanted is told once a second', async () => {
  await using hub = await playHub()
  await using spoke = solicitInNoTime(hub.url)
  const visit = await (await hub.visit(1)).welcome()
  await spoke.linked()
  spoke.account.subscribe(new Subscription({ send() {} }, 'in.a', '1', ''))
  await visit.hearing(/LS\+ in\.a/)
  visit.say('LS+ out\r\n')
  const told = () => visit.heard.match(/LS\+ \$LDS/g)?.length
  for (let i = 0; i < 500; i++) visit.answer({ import: { deny: [`${i}`] } })
  visit.answer({ import: { deny: ['in.a'] }, export: { deny: ['out'] } }).say('PING\r\n')
  await visit.hearing(/PONG\r\n$/)
  assert.equal(told(), 2)
  spoke.client.publish('out', Buffer.from('1'))
  spoke.clock.advance(1_000)
  await visit.hearing(/LS- in\.a\r\n/)
  assert.equal(told(), 3)
  spoke.clock.advance(10_000)
  visit.say('PING\r\n')
  await visit.hearing(/PONG\r\n[\s\S]*PONG\r\n/)
  assert.equal(told(), 3)
  assert.doesNotMatch(visit.heard, /LMSG/)
})

test('what JetStream says to itself stays on its side', async () => {
  await using hub = await playHub()
  await using spoke = solicit({ urls: hub.url })
  const visit = await (await hub.visit(1)).welcome()
  const heard: string[] = []
  spoke.client.subscribe('>', ({ subject }) => heard.push(subject))
  await spoke.linked()
  visit.say('LS+ >\r\n')
  await until(() => spoke.remote.link?.wantedCount, 'interest')
  for (const subject of ['$JS.API.INFO', '$KV.b.k', '$OBJ.b.k', '$JS.hub.API.INFO'])
    spoke.client.publish(subject, Buffer.from('1'))
  await visit.hearing(/LMSG \$JS\.hub\.API\.INFO 1/)
  assert.doesNotMatch(visit.heard, /LMSG \$(?:JS\.API|KV|OBJ)/)
  heard.length = 0
  visit.say('LMSG $KV.b.k 1\r\n1\r\nLMSG plain 1\r\n1\r\n')
  await until(() => heard.includes('plain'), 'the message')
  assert.deepEqual(heard, ['plain'])
})

test('the hub of the two may be who connects: a server that does what it may not is left for half a minute', async () => {
  await using hub = await playHub()
  await using spoke = solicitInNoTime(hub.url, { remote: { isHub: true, denyImports: ['quiet.>'] } })
  const visit = await (await hub.visit(1)).welcome()
  const connect = await visit.connect()
  assert.equal(connect.is_hub, true)
  await spoke.linked()
  visit.say('LMSG quiet.x 1\r\n1\r\n')
  await visit.hearing(/-ERR 'Permissions Violation for Publish to "quiet\.x"'/)
  assert.equal((await spoke.logged('leaf node not connected')).retryMs, 30_000)
})

test('an account that is full here has no link, and the hub is told', async () => {
  await using hub = await playHub()
  await using spoke = solicitInNoTime(hub.url, { isStarted: false })
  spoke.broker.define([{ name: '$G', imports: [], exports: [], mappings: [], limits: { maxLeafNodes: 0 } } as never])
  spoke.remote.start()
  const visit = await (await hub.visit(1)).welcome()
  await visit.hearing(/-ERR 'maximum account active connections exceeded'/)
  assert.match(String((await spoke.logged('leaf node not connected')).hint), /max_leafnodes/)
  assert.equal(spoke.account.leafNodeCount, 0)
})

test('an account that is not there is asked for again', async () => {
  await using hub = await playHub()
  let account = (): undefined | ReturnType<typeof spoke.broker.account> => undefined
  await using spoke = solicitInNoTime(hub.url, {
    tools: { account: async () => account() },
    remote: { account: 'LATE' },
  })
  const fields = await spoke.logged('leaf node not connected')
  assert.match(String(fields.reason), /Unable to lookup account LATE/)
  account = () => spoke.broker.account('LATE')
  spoke.clock.advance(5_000)
  await (await hub.visit(1)).welcome()
  await spoke.linked()
})

test('a link that ends is made anew, and the account has its place back', async () => {
  await using hub = await playHub()
  await using spoke = solicitInNoTime(hub.url)
  const first = await (await hub.visit(1)).welcome()
  const link = await spoke.linked()
  assert.equal(spoke.account.leafNodeCount, 1)
  first.socket.destroy()
  await spoke.logged('leaf node closed')
  assert.equal(spoke.account.leafNodeCount, 0)
  spoke.clock.advance(2_000)
  await (await hub.visit(2)).welcome()
  await until(() => spoke.remote.link && spoke.remote.link !== link, 'another link')
  assert.equal(spoke.account.leafNodeCount, 1)
  assert.equal(hub.visits.length, 2)
})

test('an account that is another by now gets another link', async () => {
  await using hub = await playHub()
  await using spoke = solicitInNoTime(hub.url)
  await (await hub.visit(1)).welcome()
  const { account } = await spoke.linked()
  const remotes = new LeafRemotes({
    door: spoke.door,
    broker: spoke.broker,
    authority: { operator: undefined },
    compression,
  })
  const step = await remotes.prepare({ remotes: [{ ...spoke.remote.options, tls: undefined }], reconnectMs: 1_000 })
  spoke.remote.close()
  step.install()
  await (await hub.visit(2)).welcome()
  remotes.recheck()
  await until(() => [...spoke.door.connections()].some(({ link }) => link?.account === account), 'the link')
  remotes.recheck()
  assert.equal(hub.visits[1]!.hasEnded, false)

  spoke.broker.forget('$G')
  const next = spoke.broker.account('$G')
  remotes.recheck()
  await hub.visits[1]!.ended()
  spoke.clock.advance(5_000)
  await (await hub.visit(3)).welcome()
  await until(() => [...spoke.door.connections()].some(({ link }) => link?.account === next), 'another link')
  remotes.close()
})

test('closing ends whatever is going on at once, and nothing comes after', async () => {
  await using hub = await playHub()
  for (const stage of ['before INFO', 'after CONNECT', 'linked', 'pausing'] as const) {
    await using spoke = solicitInNoTime(hub.url)
    const visit = await hub.visit(hub.visits.length === 0 ? 1 : hub.visits.length + 1)
    if (stage === 'pausing') visit.socket.destroy()
    if (stage === 'pausing') await spoke.logged('leaf node not connected')
    if (stage === 'after CONNECT' || stage === 'linked') visit.info()
    if (stage === 'after CONNECT' || stage === 'linked') await visit.connect()
    if (stage === 'linked') visit.answer()
    if (stage === 'linked') await spoke.linked()
    if (stage === 'before INFO') await until(() => spoke.clock.pending === 1, 'the wait for INFO')
    spoke.remote.close()
    await visit.ended()
    await spoke.door.close()
    const before = hub.visits.length
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(spoke.clock.pending, 0, `a timer is left: ${stage}`)
    spoke.clock.advance(LATER_MS)
    await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(hub.visits.length, before, stage)
  }
})
