/** Whoever has connected and is no client yet takes a place like a client: in `max_connections`, and for its address. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { statusOf, WireClient } from '../doors/nats/websocket-table/wire-client.ts'
import { TestAuthority, type TestCertificate } from '../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { until } from '../helpers/wait.ts'
import { type Address, RawSocket } from '../net/raw-socket.ts'
import { upgradeRequest } from '../net/raw-websocket.ts'
import { ConfiguredServer, websocket } from './configured-server.ts'
import { proxyHeaderV1 } from './proxies.ts'

let folder: TemporaryFolder
let authority: TestAuthority
let certificate: TestCertificate
before(async () => {
  folder = await temporaryFolder()
  authority = await TestAuthority.create(folder)
  certificate = await authority.issue()
})
after(() => folder[Symbol.asyncDispose]())

/** How many may wait beyond `max_connections`, so that clients can be told that there is no place. */
const SPARE = 16

/** The first bytes of a hello that never goes on. */
const HALF_A_HELLO = Buffer.from('1603010200010001fc0303', 'hex')

const CARRIERS = ['ws', 'wss'] as const
type Carrier = (typeof CARRIERS)[number]

function block(carrier: Carrier, settings = ''): string {
  if (carrier === 'ws') return websocket(settings)
  const tls = `tls { cert_file: "${certificate.certFile}", key_file: "${certificate.keyFile}" }`
  return `websocket {\nlisten: "127.0.0.1:-1"\n${tls}\n${settings}\n}\n`
}

function upgradeBy(carrier: Carrier) {
  return carrier === 'ws' ? {} : { tls: { ca: authority.ca } }
}

/** Connections that begin, and go no further. */
class Crowd implements Disposable {
  readonly members: RawSocket[] = []
  readonly #address: Address
  readonly #beginning: Buffer

  constructor(address: Address, beginning: Buffer | string) {
    this.#address = address
    this.#beginning = Buffer.from(beginning)
  }

  async join(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const member = await RawSocket.connect(this.#address)
      member.write(this.#beginning)
      this.members.push(member)
    }
  }

  get waiting(): RawSocket[] {
    return this.members.filter(({ hasEnded }) => !hasEnded)
  }

  async untilWaiting(count: number): Promise<void> {
    await until(() => this.waiting.length === count, `${count} who wait; there are ${this.waiting.length}`)
  }

  leave(count = this.waiting.length): void {
    for (const member of this.waiting.slice(0, count)) member.socket.resetAndDestroy()
  }

  [Symbol.dispose](): void {
    this.leave()
  }
}

const beginningOf = (carrier: Carrier) => (carrier === 'ws' ? 'GET / HTTP/1.1\r\n' : HALF_A_HELLO)

for (const carrier of CARRIERS) {
  describe(`who has not upgraded yet: ${carrier}`, () => {
    test('counts in max_connections, of which the log is told once in a while', async () => {
      await using server = await ConfiguredServer.start(`max_connections: 3\n${block(carrier)}`)
      using client = await WireClient.ready(server.webSocket(), upgradeBy(carrier))
      using crowd = new Crowd(server.webSocket(), beginningOf(carrier))
      await crowd.join(60)
      await crowd.untilWaiting(2 + SPARE)
      const isRefusal = ({ event }: { event: string }) => event === 'connection refused'
      assert.equal(server.log.find(isRefusal)?.fields.reason, 'Maximum Connections Exceeded')
      assert.equal(server.log.filter(isRefusal).length, 10)
      assert.equal(await client.untilPong(), 'PONG\r\n')

      // Those who wait keep others out, over TCP as well.
      const tcp = await RawSocket.connect(server.tcp)
      assert.match(await tcp.readToEnd(), /-ERR 'maximum connections exceeded'\r\n$/)
      crowd.leave()
      const connect = () => WireClient.ready(server.webSocket(), upgradeBy(carrier))
      const clients = [await until(connect, 'a place'), await until(connect, 'another')]
      await assert.rejects(connect(), /maximum connections exceeded/)
      for (const one of clients) one[Symbol.dispose]()
    })

    test('as soon as it upgrades, its place is the client’s, and comes back with the end of that', async () => {
      await using server = await ConfiguredServer.start(
        `max_connections: 1\n${block(carrier, 'max_connections_per_address: 1')}`,
      )
      for (let i = 0; i < 3; i++) {
        using client = await until(
          () => WireClient.ready(server.webSocket(), upgradeBy(carrier)),
          'the place of the one before',
        )
        assert.equal(await client.untilPong(), 'PONG\r\n')
      }
    })

    test('counts for its address where nobody is trusted, and comes back however it ends', async () => {
      const settings = 'max_connections_per_address: 2, handshake_timeout: "300ms", path: "/nats"'
      await using server = await ConfiguredServer.start(block(carrier, settings))
      const address = server.webSocket()
      using crowd = new Crowd(address, beginningOf(carrier))
      await crowd.join(3)
      await crowd.untilWaiting(2)
      await server.logged(/too many connections from this address/)
      // By the timeout, by a reset, and by an answer.
      await crowd.untilWaiting(0)
      await crowd.join(2)
      crowd.leave()
      await until(async () => (await statusOf(address, { ...upgradeBy(carrier), path: '/other' })) === 404, 'an answer')
      const connect = () => WireClient.ready(address, { ...upgradeBy(carrier), path: '/nats' })
      const clients = [await until(connect, 'a first'), await until(connect, 'a second')]
      await assert.rejects(connect())
      for (const client of clients) client[Symbol.dispose]()
      const again = await until(connect, 'a place')
      again[Symbol.dispose]()
    })

    test('behind a proxy that is trusted, it is the client’s address that counts', async () => {
      const settings = 'max_connections_per_address: 1, trusted_proxies: ["127.0.0.1"]'
      await using server = await ConfiguredServer.start(block(carrier, settings))
      using crowd = new Crowd(server.webSocket(), beginningOf(carrier))
      await crowd.join(3)
      const from = (address: string) => ({ ...upgradeBy(carrier), headers: { 'X-Forwarded-For': address } })
      using one = await WireClient.ready(server.webSocket(), from('8.8.4.4'))
      using other = await WireClient.ready(server.webSocket(), from('8.8.4.5'))
      assert.equal(await statusOf(server.webSocket(), from('8.8.4.4')), 429)
      assert.equal(crowd.waiting.length, 3)
      for (const client of [one, other]) assert.equal(await client.untilPong(), 'PONG\r\n')
    })
  })
}

test('whom a PROXY header names takes a place when the header is there', async () => {
  const settings = 'proxy_protocol: true, trusted_proxies: ["127.0.0.1"], max_connections_per_address: 1'
  await using server = await ConfiguredServer.start(block('wss', settings))
  const from = (address: string) =>
    new Crowd(server.webSocket(), Buffer.concat([Buffer.from(proxyHeaderV1(address, 1)), HALF_A_HELLO]))
  using one = from('192.0.2.7')
  using other = from('192.0.2.8')
  await one.join(3)
  await other.join(1)
  await one.untilWaiting(1)
  assert.equal(other.waiting.length, 1)
})

test('a reload changes how many may wait, and whom a place belongs to', async () => {
  const settings = 'max_connections_per_address: 1'
  await using server = await ConfiguredServer.start(`max_connections: 1\n${block('ws', settings)}`)
  using crowd = new Crowd(server.webSocket(), upgradeRequest().slice(0, -2))
  await crowd.join(1)
  await server.reload(`max_connections: 2\n${block('ws', `${settings}, trusted_proxies: ["127.0.0.1"]`)}`)
  await crowd.join(1 + SPARE)
  await crowd.join(3)
  await crowd.untilWaiting(2 + SPARE)
  // The first came as somebody at 127.0.0.1, and is a proxy's client when it asks.
  const [first] = crowd.members
  first!.write('X-Forwarded-For: 8.8.4.4\r\n\r\n')
  assert.match(await first!.readThrough('\r\n'), / 101 /)
  crowd.leave(crowd.waiting.length)
})

for (const [name, config, header] of [
  ['TCP', 'proxy_protocol: true\ntrusted_proxies: ["127.0.0.1"]\n', 'PROXY TCP4 '],
  ['ws', websocket('proxy_protocol: true, trusted_proxies: ["127.0.0.1"]'), 'PROXY TCP4 '],
] as const) {
  test(`who waits for its PROXY header counts in max_connections: ${name}`, async () => {
    await using server = await ConfiguredServer.start(`max_connections: 2\n${config}`)
    const address = name === 'TCP' ? server.tcp : server.webSocket()
    using crowd = new Crowd(address, header)
    await crowd.join(30)
    await crowd.untilWaiting(2 + SPARE)
    const { fields } = await server.logged(/connection refused/)
    assert.deepEqual([fields.address, fields.reason], ['127.0.0.1', 'Maximum Connections Exceeded'])
    crowd.leave()
    await until(async () => {
      const client = await RawSocket.connect(address)
      client.write(proxyHeaderV1('192.0.2.7', 1) + (name === 'TCP' ? 'CONNECT {}\r\nPING\r\n' : upgradeRequest()))
      const answer = await client.readThrough(name === 'TCP' ? '\r\nPONG\r\n' : ' 101 ').finally(() => client.destroy())
      return answer !== ''
    }, 'room for a client')
  })
}
