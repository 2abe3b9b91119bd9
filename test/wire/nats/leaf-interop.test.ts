/** The codec of leaf nodes against a real nats-server. */
import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { infoLine, interestLine, leafHmsgHead, lmsgHead, noInterestLine } from '#wire/nats'
import { type NatsServer, startNatsServer } from '../../helpers/nats-server.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { once, until } from '../../helpers/wait.ts'
import { type Address, RawSocket } from '../../net/raw-socket.ts'
import { REFUSED, UNDERSTOOD } from './leaf-lines.ts'
import { LeafPeer } from './leaf-peer.ts'

const { skip } = requireProgram('nats-server')
const HEADERS = 'NATS/1.0\r\nX: 1\r\n\r\n'

interface Hub extends AsyncDisposable {
  readonly server: NatsServer
  readonly leafAddress: Address
}

async function startHub(): Promise<Hub> {
  const server = await startNatsServer('leafnodes { listen: "127.0.0.1:-1" }')
  const [, port] = await server.program.saying(/Listening for leafnode connections on 127\.0\.0\.1:(\d+)/)
  const leafAddress = { host: '127.0.0.1', port: Number(port) }
  return { server, leafAddress, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** A client of the nats-server that says exactly what it is told. */
class Client implements Disposable {
  readonly #raw: RawSocket

  private constructor(raw: RawSocket) {
    this.#raw = raw
  }

  static async connect({ url }: NatsServer): Promise<Client> {
    const { hostname, port } = new URL(url)
    const client = new Client(await RawSocket.connect({ host: hostname, port: Number(port) }))
    await client.saying('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
    return client
  }

  /** What the server says until it has seen all of `text`. */
  async saying(text: string): Promise<string> {
    this.#raw.write(`${text}PING\r\n`)
    const heard = await this.#raw.readThrough('PONG\r\n')
    return heard.replace(/PING\r\n|PONG\r\n/g, '')
  }

  /** What has come and comes, up to this text; the server's own PINGs are left out. */
  async hears(text: string): Promise<string> {
    return (await this.#raw.readThrough(text)).replaceAll('PING\r\n', '')
  }

  [Symbol.dispose](): void {
    this.#raw.destroy()
  }
}

test('a hub tells a spoke of its interest, and of groups as they grow and shrink', { skip }, async () => {
  await using hub = await startHub()
  using client = await Client.connect(hub.server)
  await client.saying('SUB wild.> 1\r\nSUB hub.q grp 2\r\nSUB hub.q grp 3\r\n')
  using spoke = await LeafPeer.solicit(hub.leafAddress)
  await spoke.event('interest', 'wild.>', '', 1)
  await spoke.event('interest', 'hub.q', 'grp', 2)
  await client.saying('SUB hub.q grp 4\r\nSUB \xff\x01 5\r\nUNSUB 1\r\n')
  await spoke.event('interest', '\xff\x01', '', 1)
  await spoke.event('interest', 'hub.q', 'grp', 3)
  await spoke.event('no interest', 'wild.>', '')
  await client.saying('UNSUB 2\r\nUNSUB 3\r\nUNSUB 4\r\n')
  await spoke.event('interest', 'hub.q', 'grp', 1)
  await spoke.event('no interest', 'hub.q', 'grp')
})

test('messages from a hub come as a spoke asked for them, with replies, headers and groups', { skip }, async () => {
  await using hub = await startHub()
  using client = await Client.connect(hub.server)
  using spoke = await LeafPeer.solicit(hub.leafAddress)
  spoke.say(interestLine('leaf.sub', '', 1) + interestLine('leaf.q', 'p', 2) + interestLine('leaf.q', 'q', 1))
  await spoke.untilPong()
  await client.saying('PUB leaf.sub 2\r\n\x80\xff\r\nPUB leaf.sub r 2\r\nhi\r\n')
  await client.saying(`HPUB leaf.sub 18 20\r\n${HEADERS}hh\r\nHPUB leaf.sub r 18 20\r\n${HEADERS}hr\r\n`)
  await client.saying('PUB leaf.q 2\r\nqq\r\nPUB leaf.q r 2\r\nqr\r\n')
  await client.saying(`HPUB leaf.q 18 20\r\n${HEADERS}qh\r\nHPUB leaf.q r 18 18\r\n${HEADERS}\r\n`)
  await until(() => spoke.all('message').length === 8, 'eight messages')
  // The groups of one message come in any order.
  const messages = spoke
    .all('message')
    .map((event) => event.map((field) => (Array.isArray(field) ? field.sort() : field)))
  assert.deepEqual(messages, [
    ['message', 'leaf.sub', '', [], '\x80\xff', 0],
    ['message', 'leaf.sub', 'r', [], 'hi', 0],
    ['message', 'leaf.sub', '', [], `${HEADERS}hh`, 18],
    ['message', 'leaf.sub', 'r', [], `${HEADERS}hr`, 18],
    ['message', 'leaf.q', '', ['p', 'q'], 'qq', 0],
    ['message', 'leaf.q', 'r', ['p', 'q'], 'qr', 0],
    ['message', 'leaf.q', '', ['p', 'q'], `${HEADERS}qh`, 18],
    ['message', 'leaf.q', 'r', ['p', 'q'], HEADERS, 18],
  ])
})

test('once a spoke has lost its interest, nobody responds any more', { skip }, async () => {
  await using hub = await startHub()
  using client = await Client.connect(hub.server)
  using spoke = await LeafPeer.solicit(hub.leafAddress)
  spoke.say(interestLine('a', '', 1) + interestLine('a', 'q', 3))
  await spoke.untilPong()
  assert.equal(await client.saying('SUB r 1\r\nPUB a r 0\r\n\r\n'), '')
  spoke.say(noInterestLine('a', ''))
  await spoke.untilPong()
  assert.equal(await client.saying('PUB a r 0\r\n\r\n'), '')
  spoke.say(noInterestLine('a', 'q'))
  await spoke.untilPong()
  assert.match(await client.saying('PUB a r 0\r\n\r\n'), /^HMSG r 1 \d+ \d+\r\nNATS\/1\.0 503\r\n/)
  assert.deepEqual(spoke.all('message'), [
    ['message', 'a', 'r', ['q'], '', 0],
    ['message', 'a', 'r', ['q'], '', 0],
  ])
})

test('a hub hands on what a spoke says, to groups only when they are named', { skip }, async () => {
  await using hub = await startHub()
  using client = await Client.connect(hub.server)
  await client.saying('SUB a 1\r\nSUB a p 2\r\nSUB a q 3\r\nSUB end 4\r\n')
  using spoke = await LeafPeer.solicit(hub.leafAddress)
  const body = `${HEADERS}\x80\xff`
  spoke.say(`${lmsgHead('a', '', [], 2)}\x80\xff\r\n${lmsgHead('a', 'r', ['p'], 2)}hi\r\n`)
  spoke.say(
    `${leafHmsgHead('a', '', ['q'], 18, 20)}${body}\r\n${leafHmsgHead('a', 'r', ['q', 'p'], 18, 20)}${body}\r\n`,
  )
  spoke.say(`${leafHmsgHead('a', 'r', [], 18, 20)}${body}\r\n${lmsgHead('end', '', [], 0)}\r\n`)
  const heard = await client.hears('MSG end 4 0\r\n\r\n')
  // The subscriptions of one message are served in any order.
  const heads = [...heard.matchAll(/^H?MSG .*$/gm)].map(([head]) => head)
  assert.deepEqual(heads.sort(), [
    'HMSG a 1 18 20',
    'HMSG a 1 r 18 20',
    'HMSG a 1 r 18 20',
    'HMSG a 2 r 18 20',
    'HMSG a 3 18 20',
    'HMSG a 3 r 18 20',
    'MSG a 1 2',
    'MSG a 1 r 2',
    'MSG a 2 r 2',
    'MSG end 4 0',
  ])
  assert.equal(heard.split(`${body}\r\n`).length - 1, 6)
})

test('a spoke that announces what its hub finds loops with hears why it has to go', { skip }, async () => {
  await using hub = await startHub()
  using spoke = await LeafPeer.solicit(hub.leafAddress)
  const own = await until(() => spoke.all('interest').find(([, subject]) => /^\$LDS\./.test(`${subject}`)), '$LDS')
  spoke.say(interestLine(`${own[1]}`, '', 1))
  const [, text] = await spoke.event('error')
  assert.match(`${text}`, /^Loop detected for leafnode account="\$G"\. Delaying attempt to reconnect for .*s$/)
  assert.equal(await spoke.isStillThere(), false)
})

test('a nats-server that solicits says CONNECT first, and is understood from then on', { skip }, async () => {
  await using listener = await listening()
  const accepted = once(listener.server, 'connection')
  await using server = await startNatsServer(
    `leafnodes { remotes: [{ url: "nats://u:p@127.0.0.1:${listener.port}" }] }`,
  )
  const [socket] = (await accepted) as [Socket]
  using hub = LeafPeer.accept(socket)
  const info = {
    server_id: 'NHUB',
    version: '2.9.10',
    headers: true,
    max_payload: 1024,
    client_id: 7,
    nonce: 'abcdefghijk',
  }
  const leafnode = { leafnode_urls: [`127.0.0.1:${listener.port}`], auth_required: true }
  hub.say(infoLine({ ...info, ...leafnode }))
  const [, json] = await hub.event('connect')
  const { user, pass, headers } = JSON.parse(`${json}`)
  assert.deepEqual({ user, pass, headers }, { user: 'u', pass: 'p', headers: true })
  hub.letIn()
  hub.say(infoLine({ ...info, ...leafnode, connect_info: true }))
  hub.say(interestLine('up.a', '', 1) + interestLine('up.a', 'q', 1))
  await hub.untilPong()

  using client = await Client.connect(server)
  await client.saying(`SUB down.q q 1\r\nPUB up.a r 3\r\nabc\r\nHPUB up.a 18 18\r\n${HEADERS}\r\n`)
  await until(() => hub.all('message').length === 2, 'two messages')
  assert.deepEqual(hub.all('message'), [
    ['message', 'up.a', 'r', ['q'], 'abc', 0],
    ['message', 'up.a', '', ['q'], HEADERS, 18],
  ])
  await hub.event('interest', 'down.q', 'q', 1)
  hub.say(`${leafHmsgHead('down.q', 'r', ['q'], 18, 20)}${HEADERS}yo\r\n`)
  assert.equal(await client.hears('yo\r\n'), `HMSG down.q 1 r 18 20\r\n${HEADERS}yo\r\n`)
  assert.deepEqual(hub.all('uninvited'), [])
})

test('what nats-server takes from a leaf node we take, and it refuses what we refuse, as we do', {
  skip,
}, async (t) => {
  await using hub = await startHub()
  for (const [text] of UNDERSTOOD) {
    await t.test(`${JSON.stringify(text)} is understood`, async () => {
      using spoke = await LeafPeer.solicit(hub.leafAddress)
      spoke.say(text)
      assert.equal(await spoke.isStillThere(), true)
      assert.deepEqual(spoke.all('error'), [])
    })
  }
  for (const [text, code] of REFUSED) {
    await t.test(`${JSON.stringify(text)} is refused`, async () => {
      using spoke = await LeafPeer.solicit(hub.leafAddress)
      spoke.say(text)
      assert.equal(await spoke.isStillThere(), false)
      assert.deepEqual(spoke.all('error'), code === 'PARSE' ? [['error', 'Unknown Protocol Operation']] : [])
    })
  }
})

async function listening(): Promise<{ server: Server; port: number } & AsyncDisposable> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const close = async () => void server.close()
  return { server, port: address.port, [Symbol.asyncDispose]: close }
}
