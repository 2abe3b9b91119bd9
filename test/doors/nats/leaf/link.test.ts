/** What goes over a link, whichever side made it: interest, messages and their limits, word by word. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfiguredServer } from '../../../services/configured-server.ts'
import { PlayedSpoke, playedClient } from './accepted/played-spoke.ts'
import { playHub } from './solicited/played-hub.ts'
import { solicit } from './solicited/solicitor.ts'

const LOGIN = { user: 'a', pass: 'p' }
const USER = '{ user: a, password: p }'

/** A server with one account, to which every spoke and client logs in. */
async function hubWith({ account = '', server = '', user = USER } = {}) {
  const hub = await ConfiguredServer.start(
    `${server}\naccounts { A { users: [ ${user} ], ${account} } }\nleafnodes { listen: "127.0.0.1:-1" }`,
  )
  const address = hub.server.addresses.leafnodes!
  return {
    spoke: async (fields: object = {}) => (await PlayedSpoke.enter(address, { ...LOGIN, ...fields })).spoke,
    client: (fields: object = {}) => playedClient(hub.tcp, { ...LOGIN, ...fields }),
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  }
}

/** But for the loop subject, and what every account imports of the system account. */
const interestIn = (text: string) => text.split('\r\n').filter((line) => line !== '' && !line.includes('$'))

test('others hear how many members a queue group has behind a link, as they become more or fewer', async () => {
  await using hub = await hubWith()
  using spoke = await hub.spoke({ name: 'one' })
  using other = await hub.spoke({ name: 'two' })
  await other.settled()
  for (const line of ['LS+ work crew 2', 'LS+ work crew 5', 'LS+ work crew 5', 'LS+ work crew 1', 'LS- work crew']) {
    spoke.say(`${line}\r\n`)
    await spoke.settled()
  }
  const heard = interestIn(await other.settled())
  assert.deepEqual(heard, ['LS+ work crew 2', 'LS+ work crew 5', 'LS+ work crew 1', 'LS- work crew'])
})

test('servers of one cluster tell each other what they want themselves; others hear it from us', async () => {
  await using hub = await hubWith()
  using first = await hub.spoke({ name: 'one', cluster: 'C' })
  using sister = await hub.spoke({ name: 'two', cluster: 'C' })
  using stranger = await hub.spoke({ name: 'three', cluster: 'D' })
  first.say('LS+ wanted\r\n')
  await first.settled()
  assert.deepEqual(interestIn(await sister.settled()), [])
  assert.deepEqual(interestIn(await stranger.settled()), ['LS+ wanted'])
})

test('loop subjects of others reach also those who hear nothing else of them', async () => {
  await using hub = await hubWith()
  using isolated = await hub.spoke({ name: 'one', isolate: true })
  await isolated.settled()
  using other = await hub.spoke({ name: 'two' })
  other.say('LS+ $LDS.others\r\nLS+ wanted\r\n')
  await other.settled()
  assert.equal(await isolated.settled(), 'LS+ $LDS.others\r\n')
})

test('a server that wants more than it may have is closed', async () => {
  await using hub = await hubWith({ server: 'max_subscriptions: 2' })
  using spoke = await hub.spoke()
  spoke.say('LS+ a\r\nLS+ b\r\nLS+ b\r\nLS- a\r\nLS+ c\r\n')
  await spoke.settled()
  spoke.say('LS+ d\r\n')
  assert.equal(await spoke.farewell(), "-ERR 'maximum subscriptions exceeded'\r\n")
})

test('a subject that is none costs only itself', async () => {
  await using hub = await hubWith()
  using spoke = await hub.spoke()
  await spoke.settled()
  spoke.say('LS+ a..b\r\nLS+ a crew..x 1\r\nLS+ fine\r\n')
  assert.equal(await spoke.settled(), "-ERR 'Invalid Subscription'\r\n-ERR 'Invalid Subscription'\r\n")
  using client = await hub.client()
  client.say('PUB fine 1\r\nx\r\n')
  await client.settled()
  assert.equal(await spoke.settled(), 'LMSG fine 1\r\nx\r\n')
})

test('what comes goes where the account maps it, to whoever wants it there', async () => {
  await using hub = await hubWith({ account: 'mappings: { "old": "new" }' })
  using spoke = await hub.spoke()
  // Who publishes to it there is heard here.
  assert.deepEqual(interestIn(await spoke.settled()), ['LS+ old'])
  using client = await hub.client()
  client.say('SUB new 1\r\nSUB new crew 2\r\nSUB old 3\r\n')
  await client.settled()
  spoke.say('LMSG old 1\r\nx\r\n')
  await spoke.settled()
  assert.equal(await client.settled(), 'MSG new 1 1\r\nx\r\nMSG new 2 1\r\nx\r\n')
})

test('what JetStream delivers comes to receivers under its own subject, and to other servers as it came', async () => {
  await using hub = await hubWith()
  using spoke = await hub.spoke({ name: 'one' })
  using other = await hub.spoke({ name: 'two' })
  using client = await hub.client()
  client.say('SUB in.* 1\r\nSUB in.* crew 2\r\n')
  await client.settled()
  other.say('LS+ in.a\r\n')
  await other.settled()
  await spoke.settled()
  const ack = '$JS.ACK.S@1.C@2.1.7.3.1700000000000000000.0'
  const delivery = `LMSG in.a + ${ack}@orders.one crew 1\r\nx\r\n`
  spoke.say(`${delivery}LMSG in.a ${ack} 1\r\ny\r\nLMSG in.a $JS.ACK.S@1.C 1\r\nz\r\n`)
  await spoke.settled()
  assert.equal(
    await client.settled(),
    [`MSG orders.one 1 ${ack} 1`, 'x', `MSG orders.one 2 ${ack} 1`, 'x'].join('\r\n') +
      `\r\nMSG in.a 1 ${ack} 1\r\ny\r\nMSG in.a 1 $JS.ACK.S@1.C 1\r\nz\r\n`,
  )
  assert.ok((await other.settled()).includes(`LMSG in.a ${ack}@orders.one 1\r\nx\r\n`))
})

test('what JetStream delivers keeps its subject in an account that imports the stream', async () => {
  await using server = await ConfiguredServer.start(`accounts {
    A { users: [ ${USER} ], exports: [ { stream: "in.>" } ] }
    B { users: [ { user: b, password: p } ], imports: [ { stream: { account: A, subject: "in.>" }, to: "from.a.>" } ] }
  }
  leafnodes { listen: "127.0.0.1:-1" }`)
  const { spoke: entered } = await PlayedSpoke.enter(server.server.addresses.leafnodes!, LOGIN)
  using spoke = entered
  using client = await playedClient(server.tcp, { user: 'b', pass: 'p' })
  client.say('SUB from.a.> 1\r\n')
  await client.settled()
  const ack = '$JS.ACK.S.C.1.7.3.1700000000000000000.0'
  spoke.say(`LMSG in.a ${ack}@orders.one 1\r\nx\r\n`)
  await spoke.settled()
  assert.equal(await client.settled(), `MSG orders.one 1 ${ack} 1\r\nx\r\n`)
})

test('who takes no headers gets messages without them', async () => {
  await using hub = await hubWith()
  using spoke = await hub.spoke({ headers: false })
  spoke.say('LS+ a\r\n')
  await spoke.settled()
  using client = await hub.client({ headers: true })
  client.say('HPUB a reply 18 20\r\nNATS/1.0\r\nX: 1\r\n\r\nhh\r\n')
  await client.settled()
  assert.equal(await spoke.settled(), 'LMSG a reply 2\r\nhh\r\n')
})

test('a server that may answer may bring that answer, and no other', async () => {
  const permissions = 'publish: ["up.>"], subscribe: [">"], allow_responses: { max: 1, expires: "1m" }'
  const user = `${USER}, { user: scoped, password: p, permissions: { ${permissions} } }`
  await using hub = await hubWith({ user })
  using spoke = await hub.spoke({ user: 'scoped' })
  spoke.say('LS+ service\r\n')
  await spoke.settled()
  using client = await hub.client()
  client.say('SUB answers.> 1\r\nPUB service answers.1 1\r\n?\r\n')
  await client.settled()
  assert.equal(await spoke.settled(), 'LMSG service answers.1 1\r\n?\r\n')
  spoke.say('LMSG answers.1 1\r\n!\r\n')
  await spoke.settled()
  assert.equal(await client.settled(), 'MSG answers.1 1 1\r\n!\r\n')
  spoke.say('LMSG answers.1 1\r\n!\r\n')
  assert.equal(await spoke.farewell(), `-ERR 'Permissions Violation for Publish to "answers.1"'\r\n`)
  assert.equal(await client.settled(), '')
})

test('servers bring larger messages than clients may', async () => {
  await using hub = await hubWith({ server: 'max_payload: 64' })
  using spoke = await hub.spoke()
  using client = await hub.client()
  client.say('SUB a 1\r\n')
  await client.settled()
  spoke.say(`LMSG a 1000\r\n${'x'.repeat(1000)}\r\n`)
  await spoke.settled()
  assert.equal(await client.settled(), `MSG a 1 1000\r\n${'x'.repeat(1000)}\r\n`)
})

test('a server that answers no ping is taken for gone', async () => {
  await using hub = await hubWith({ server: 'ping_interval: "40ms"\nping_max: 1' })
  using spoke = await hub.spoke()
  assert.match(await spoke.farewell(), /PING\r\n-ERR 'Stale Connection'\r\n$/)
})

test('what is announced once and for all is not announced by parts', async () => {
  await using hub = await playHub((visit) => void visit.welcome())
  await using spoke = solicit({ urls: hub.url, tools: { covers: ['vault.>'] } })
  await spoke.linked()
  spoke.client.subscribe('vault.user.1.>', () => {})
  spoke.client.subscribe('other', () => {})
  const visit = await hub.visit(1)
  await visit.hearing(/LS\+ other\r\n/)
  const told = visit.heard.slice(visit.heard.indexOf('\r\n') + 2)
  assert.deepEqual(interestIn(told), ['LS+ vault.>', 'LS+ other'])
})
